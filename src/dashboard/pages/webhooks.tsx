import type { Hono } from "hono";
import { DELIVERY_STATES, listNotifications, type NotificationRow } from "../../ledger/notification-list.ts";
import { listEndpoints, type WebhookEndpoint } from "../../ledger/webhook-endpoints.ts";
import { page, readPage } from "../../http/pagination.ts";
import { apiProblem, type Problem } from "../api-calls.ts";
import { Card } from "../card.tsx";
import { EndpointTable, NotificationTable } from "../webhook-tables.tsx";
import { Choice, Field, Form } from "../form.tsx";
import { Head, Page } from "../layout.tsx";
import { DoneNotice, ProblemNotice } from "../notice.tsx";
import { SecretNotice } from "../secret-notice.tsx";
import { worded } from "../printed.ts";
import { refusedStatus, respond } from "../respond.ts";
import { Pager } from "../table.tsx";
import type { DashboardContext, DashboardEnv, View } from "../view.ts";

const PAGE = 30;
const ENDPOINTS = 60;

/** `/webhooks`: where notifications go, and how far each has come. */
export function addWebhooks(app: Hono<DashboardEnv>): void {
  app.get("/webhooks", (context) => show(context, {}));
  app.post("/webhooks", async (context) => {
    const { url, types, customerId } = await context.req.parseBody();
    const named = text(types)
      .split(/[\s,]+/)
      .filter((type) => type !== "");
    const document = {
      url: text(url),
      ...(named.length > 0 && { types: named }),
      ...(text(customerId) !== "" && { customerId: text(customerId) }),
    };
    return told(context, await context.get("view").api("POST", "/v1/webhook-endpoints", document));
  });
  app.post("/webhook-endpoints/:id/:action", (context) => actOnEndpoint(context));
  app.post("/webhooks/notifications/:id/redeliver", async (context) => {
    const path = `/v1/notifications/${encodeURIComponent(context.req.param("id"))}/redeliver`;
    const { problem } = await context.get("view").api("POST", path);
    if (problem !== undefined) {
      throw apiProblem(problem);
    }
    return context.redirect("/webhooks?done=redelivered", 303);
  });
}

/** A field of a form. */
function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

async function actOnEndpoint(context: DashboardContext): Promise<Response> {
  const { api } = context.get("view");
  const path = `/v1/webhook-endpoints/${encodeURIComponent(context.req.param("id") ?? "")}`;
  const action = context.req.param("action");
  if (action === "rotate") {
    return told(context, await api("POST", `${path}/rotate-secret`));
  }
  const calls = {
    delete: () => api("DELETE", path),
    enable: () => api("POST", `${path}/enable`),
    test: () => api("POST", `${path}/test`),
  };
  if (action !== "delete" && action !== "enable" && action !== "test") {
    return context.notFound();
  }
  const { problem, body } = await calls[action]();
  if (problem !== undefined) {
    throw apiProblem(problem);
  }
  const tested = body["delivered"] === true ? "tested" : "not-tested";
  const done = { delete: "deleted", enable: "enabled", test: tested }[action];
  return context.redirect(`/webhooks?done=${done}`, 303);
}

/** Shows what came of it, with the secret where one was made: it is never shown again. */
function told(
  context: DashboardContext,
  { problem, status, body }: { problem: Problem | undefined; status: number; body: Record<string, unknown> },
): Promise<Response> {
  return problem === undefined
    ? show(context, { secret: String(body["secret"]) })
    : show(context, { problem }, status);
}

interface Told {
  secret?: string;
  problem?: Problem;
}

interface Listing {
  endpoints: WebhookEndpoint[];
  notifications: NotificationRow[];
  next: string | null;
  isFirst: boolean;
  state: string;
}

async function show(context: DashboardContext, outcome: Told, status = 200): Promise<Response> {
  const view = context.get("view");
  const { database } = view.deps;
  const query = context.req.query();
  const state = DELIVERY_STATES.find((known) => known === query["state"]);
  const { after } = readPage({ cursor: query["cursor"] });
  const [endpoints, found] = await Promise.all([
    listEndpoints(database, undefined, ENDPOINTS, undefined),
    listNotifications(database, { state }, PAGE + 1, after),
  ]);
  const { data, nextCursor } = page(
    found,
    PAGE,
    ({ createdMs, notificationId }) => ({ timeMs: createdMs, id: notificationId }),
    (row) => row,
  );
  const listing = {
    endpoints,
    notifications: data,
    next: nextCursor,
    isFirst: after === undefined,
    state: state ?? "",
  };
  const shown = <WebhooksPage view={view} listing={listing} outcome={outcome} done={query["done"]} />;
  return respond(context, shown, status === 200 ? 200 : refusedStatus(status));
}

interface WebhooksProps {
  view: View;
  listing: Listing;
  outcome: Told;
  done: string | undefined;
}

function WebhooksPage({ view, listing, outcome, done }: WebhooksProps) {
  const { endpoints, notifications, next, isFirst, state } = listing;
  const isAdmin = view.session.scope === "admin";
  return (
    <Page view={view} title="Webhooks" room="/webhooks">
      <Head title="Webhooks" sub="Signed as Standard Webhooks has it; tried for three days." />
      <DoneNotice done={done} />
      <ProblemNotice problem={outcome.problem} />
      <SecretNotice what="signing secret" secret={outcome.secret} />
      <div class="grid">
        <Card title="Endpoints">
          <EndpointTable view={view} endpoints={endpoints} />
          {isAdmin && <NewEndpoint view={view} />}
        </Card>
        <Card title="Notifications">
          <form class="filters" method="get" action="/webhooks" role="search">
            <Choice
              name="state"
              label="With a delivery that is"
              value={state}
              isAuto
              options={[["", "Any"], ...DELIVERY_STATES.map((known) => [known, worded(known)] as const)]}
            />
            <button class="quiet" type="submit">
              Show
            </button>
          </form>
          <NotificationTable view={view} notifications={notifications} />
          <Pager
            first={isFirst ? undefined : `/webhooks?state=${state}`}
            next={next === null ? undefined : `/webhooks?state=${state}&cursor=${next}`}
          />
        </Card>
      </div>
    </Page>
  );
}

function NewEndpoint({ view }: { view: View }) {
  return (
    <details>
      <summary>New endpoint</summary>
      <Form view={view} action="/webhooks">
        <div class="fields">
          <Field name="url" label="Address" hint="https://…" type="url" required />
          <Field name="types" label="Types" hint="Several with commas between; empty for all" />
          <Field name="customerId" label="Customer id" hint="Empty: of every customer" />
          <div>
            <button type="submit">Create endpoint</button>
          </div>
        </div>
      </Form>
    </details>
  );
}
