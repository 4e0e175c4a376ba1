import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { RedisError } from "./counters/redis.ts";
import type { Deps } from "./deps.ts";
import { setAnswerHeaders } from "./http/answer-headers.ts";
import { noRoute } from "./http/method-not-allowed.ts";
import { ApiProblem, problemResponse } from "./http/problem.ts";
import { adjustmentRoutes } from "./http/routes/adjustments.ts";
import { alertRoutes } from "./http/routes/alerts.ts";
import { apiKeyRoutes } from "./http/routes/api-keys.ts";
import { catalogSimulationRoutes } from "./http/routes/catalog-simulation.ts";
import { catalogRoutes } from "./http/routes/catalog.ts";
import { catalogVersionRoutes } from "./http/routes/catalog-versions.ts";
import { customerTokenRoutes } from "./http/routes/customer-tokens.ts";
import { customerRoutes } from "./http/routes/customers.ts";
import { eventRoutes } from "./http/routes/events.ts";
import { healthRoutes } from "./http/routes/health.ts";
import { integrityRoutes } from "./http/routes/integrity.ts";
import { invoiceLineRoutes } from "./http/routes/invoice-lines.ts";
import { invoiceVoidRoutes } from "./http/routes/invoice-voids.ts";
import { invoiceRoutes } from "./http/routes/invoices.ts";
import { jobRunRoutes } from "./http/routes/job-runs.ts";
import { notificationRoutes } from "./http/routes/notifications.ts";
import { problemPageRoutes } from "./http/routes/problem-pages.ts";
import { stripeWebhookRoutes } from "./http/routes/stripe-webhooks.ts";
import { usageSeriesRoutes } from "./http/routes/usage-series.ts";
import { usageRoutes } from "./http/routes/usage.ts";
import { webhookEndpointRoutes } from "./http/routes/webhook-endpoints.ts";
import { NoStore } from "./ingest/apply-or-spool.ts";
import { NoCatalog } from "./ingest/record-usage.ts";
import { LedgerUnreachable } from "./ledger/database.ts";
import { logUnder } from "./log.ts";

/** Longest id that is taken over from whoever asks; letters, digits, `_`, `-` and `=` alone. */
const MAX_REQUEST_ID_LENGTH = 128;

/** Mounts the routes and turns every failure into a problem document. */
export function createApp(deps: Deps): Hono {
  const app = new Hono();
  app.use(
    requestId({ limitLength: MAX_REQUEST_ID_LENGTH, generator: deps.randomId }),
    async function inRequest(context, next) {
      await logUnder(context.get("requestId"), next);
    },
  );
  setAnswerHeaders(app, deps.corsOrigins);
  for (const routes of [
    eventRoutes,
    usageRoutes,
    usageSeriesRoutes,
    customerRoutes,
    customerTokenRoutes,
    apiKeyRoutes,
    adjustmentRoutes,
    alertRoutes,
    catalogRoutes,
    catalogSimulationRoutes,
    catalogVersionRoutes,
    invoiceRoutes,
    invoiceLineRoutes,
    invoiceVoidRoutes,
    integrityRoutes,
    jobRunRoutes,
    webhookEndpointRoutes,
    notificationRoutes,
    healthRoutes,
    stripeWebhookRoutes,
  ]) {
    app.route("/", routes(deps));
  }
  app.route("/", problemPageRoutes());
  app.get("/", (context) => context.json({ name: "edgemeter", health: "/healthz", readiness: "/readyz" }));
  mountDocument(app);
  app.notFound((context) => problemResponse(context, noRoute(app, context)));
  app.onError((error, context) => {
    const problem = problemOf(error);
    if (problem.code === "internal_error" || problem.code === "store_unavailable") {
      deps.log({ level: "error", event: problem.code, error });
    }
    return problemResponse(context, problem);
  });
  return app;
}

/** The document of the API and its page, loaded when first asked for: counting starts without them. */
function mountDocument(app: Hono): void {
  app.get("/openapi.json", async (context) => {
    const { openApiDocument } = await import("./openapi/document.ts");
    return context.json(openApiDocument());
  });
  app.get("/docs", async (context) => {
    const { docsPage } = await import("./openapi/docs-page.ts");
    context.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
    return context.html(docsPage());
  });
}

/** What we did not expect is shown bare: the log has the rest. */
function problemOf(error: Error): ApiProblem {
  if (error instanceof ApiProblem) {
    return error;
  }
  if (error instanceof RedisError || error instanceof LedgerUnreachable || error instanceof NoStore) {
    return new ApiProblem("store_unavailable", "send the same request again, under the same ids");
  }
  if (error instanceof NoCatalog) {
    return new ApiProblem("no_catalog", "publish one with PUT /v1/catalog, then send again");
  }
  return new ApiProblem("internal_error", "tell us the requestId");
}
