import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { csrf } from "hono/csrf";
import { RedisError } from "../counters/redis.ts";
import type { Deps } from "../deps.ts";
import { PROBLEMS } from "../http/problem-catalogue.ts";
import { ApiProblem } from "../http/problem.ts";
import { LedgerUnreachable } from "../ledger/database.ts";
import { apiCalls, type InnerApp } from "./api-calls.ts";
import { assetResponse } from "./assets.ts";
import { ErrorPage } from "./pages/error.tsx";
import { addCustomerEditing } from "./pages/customer-editing.tsx";
import { addCustomer } from "./pages/customer.tsx";
import { addCustomers } from "./pages/customers.tsx";
import { addAlertRules } from "./pages/alert-rules.tsx";
import { addAlerts } from "./pages/alerts.tsx";
import { addCatalogEditor } from "./pages/catalog-editor.tsx";
import { addCatalog } from "./pages/catalog.tsx";
import { addInvoice } from "./pages/invoice.tsx";
import { addInvoices } from "./pages/invoices.tsx";
import { addLineExplanation } from "./pages/line-explanation.tsx";
import { addJobs } from "./pages/jobs.tsx";
import { addKeys } from "./pages/keys.tsx";
import { addOverview } from "./pages/overview.tsx";
import { addSignIn } from "./pages/sign-in.tsx";
import { addWebhooks } from "./pages/webhooks.tsx";
import { portalPages } from "./portal.tsx";
import { refusedStatus, respond } from "./respond.ts";
import { pageHeaders } from "./security-headers.ts";
import { csrfToken, isCsrfToken, readSession } from "./session.ts";
import type { DashboardEnv } from "./view.ts";

/** Those with fixed names before those with ids. */
const PAGES = [
  addOverview,
  addCustomers,
  addCustomerEditing,
  addAlertRules,
  addCustomer,
  addInvoices,
  addInvoice,
  addLineExplanation,
  addCatalogEditor,
  addCatalog,
  addAlerts,
  addWebhooks,
  addJobs,
  addKeys,
];
const MAX_FORM_BYTES = 1024 * 1024;

/** What forms may ask for with a read key: nothing of it changes anything. */
const READING_FORMS = new Set(["/catalog/validate", "/catalog/simulate"]);

/** The dashboard's pages; every failure becomes a page. */
export function createDashboard(deps: Deps, api: InnerApp): Hono<DashboardEnv> {
  const app = new Hono<DashboardEnv>();
  app.get("/assets/*", (context) => assetResponse(context.req.path) ?? context.notFound());
  app.route("/portal", portalPages(deps));
  app.use(pageHeaders("'none'"));
  app.use(bodyLimit({ maxSize: MAX_FORM_BYTES, onError: tooLarge }));
  app.use(csrf());
  app.use(formReadable);
  addSignIn(app, deps);
  app.use(signedIn(deps, api), formsAllowed(deps));
  for (const add of PAGES) {
    add(app);
  }
  app.notFound((context) =>
    respond(
      context,
      ErrorPage({ title: "There is no such page", detail: "Nothing stands at this address." }),
      404,
    ),
  );
  app.onError((error, context) => {
    const { status, title, detail, isOurs } = failureOf(error);
    const { requestId } = context.env;
    if (isOurs) {
      deps.log({ level: "error", event: "dashboard_failed", error });
    }
    return respond(context, ErrorPage({ title, detail, requestId }), refusedStatus(status));
  });
  return app;
}

/** A form that is none is the browser's fault; what is read here is kept for the page. */
const formReadable: MiddlewareHandler = async function formRead(context, next) {
  if (context.req.method === "POST") {
    await context.req.parseBody().catch(() => {
      throw new ApiProblem("invalid_request", "the form cannot be read: go back and send it again");
    });
  }
  await next();
};

function tooLarge(): never {
  throw new ApiProblem("body_too_large", "a form may have at most 1 MiB");
}

/** Lets through who is signed in, and has the others sign in first. */
function signedIn(deps: Deps, app: InnerApp): MiddlewareHandler<DashboardEnv> {
  return async function sessionRequired(context, next) {
    const nowMs = deps.now();
    const session = await readSession(context, deps, nowMs);
    const { pathname, search } = new URL(context.req.url);
    if (session === undefined) {
      const isPage = context.req.method === "GET";
      return context.redirect(
        isPage ? `/sign-in?next=${encodeURIComponent(pathname + search)}` : "/sign-in",
        303,
      );
    }
    const csrfText = csrfToken(deps, session);
    const api = apiCalls(app, session.key, context.executionCtx);
    context.set("view", { deps, api, session, nowMs, csrf: csrfText, address: pathname + search });
    await next();
    return undefined;
  };
}

/** A form changes something only with its token, and an admin's session. */
function formsAllowed(deps: Deps): MiddlewareHandler<DashboardEnv> {
  return async function formAllowed(context, next) {
    if (context.req.method !== "GET" && context.req.method !== "HEAD") {
      const { session } = context.get("view");
      const form = await context.req.parseBody();
      if (!isCsrfToken(deps, session, form["_csrf"])) {
        throw new ApiProblem(
          "forbidden",
          "the form is not of this session: go back, reload the page, send it again",
        );
      }
      if (session.scope !== "admin" && !READING_FORMS.has(context.req.path)) {
        throw new ApiProblem("forbidden", "a read key changes nothing: sign in with an admin key");
      }
    }
    await next();
  };
}

interface Failure {
  status: number;
  title: string;
  detail: string;
  isOurs: boolean;
}

function failureOf(error: Error): Failure {
  if (error instanceof ApiProblem) {
    const [status, title] = PROBLEMS[error.code];
    return { status, title, detail: error.message, isOurs: false };
  }
  if (error instanceof RedisError || error instanceof LedgerUnreachable) {
    const detail = "Recording goes on, and nothing is lost. Load the page again in a moment.";
    return { status: 503, title: "A store does not answer", detail, isOurs: true };
  }
  if ("getResponse" in error && typeof error.getResponse === "function") {
    // Hono's refusal of a form from another site.
    return { status: 403, title: "Not from here", detail: "The form came from another site.", isOurs: false };
  }
  return { status: 500, title: "Something failed on our side", detail: "It is in the log.", isOurs: true };
}
