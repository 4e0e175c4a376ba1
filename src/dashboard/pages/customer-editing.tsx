import type { Hono } from "hono";
import { latestCatalog } from "../../ledger/catalog-versions.ts";
import { readCustomerId } from "../../http/customer-id.ts";
import { getCustomer } from "../../ledger/customers.ts";
import type { Plan } from "../../rating/catalog.ts";
import { Card } from "../card.tsx";
import { csvResponse, printed } from "../csv-download.ts";
import { readCustomerNow } from "../customer-reading.ts";
import { Form } from "../form.tsx";
import { Head, Page } from "../layout.tsx";
import { ProblemNotice } from "../notice.tsx";
import { apiProblem, type Problem } from "../api-calls.ts";
import { refusedStatus, respond } from "../respond.ts";
import { CustomerFields, settingsOf, valuesOf, type FormValues } from "../customer-fields.tsx";
import type { DashboardContext, DashboardEnv, View } from "../view.ts";

/** Making, editing and deleting a customer, adjusting its usage, and its usage as CSV. */
export function addCustomerEditing(app: Hono<DashboardEnv>): void {
  app.get("/customers/-/new", (context) => showForm(context, undefined, {}, undefined));
  app.post("/customers/-/new", async (context) => {
    const { id } = await context.req.parseBody();
    return save(context, typeof id === "string" ? id : "", true);
  });
  app.get("/customers/:id/edit", async (context) => {
    const id = readCustomerId(context);
    const customer = await getCustomer(context.get("view").deps.database, id);
    return showForm(context, id, valuesOf(customer?.settings ?? {}), undefined);
  });
  app.post("/customers/:id/edit", (context) => save(context, readCustomerId(context), false));
  app.post("/customers/:id/delete", async (context) => {
    const { api } = context.get("view");
    const { problem } = await api("DELETE", apiPath(readCustomerId(context)));
    if (problem !== undefined) {
      throw apiProblem(problem);
    }
    return context.redirect("/customers?done=deleted", 303);
  });
  app.post("/customers/:id/adjustments", (context) => adjust(context));
  app.get("/customers/:id/usage.csv", (context) => usageCsv(context));
}

function apiPath(id: string): string {
  return `/v1/customers/${encodeURIComponent(id)}`;
}

async function save(context: DashboardContext, id: string, isNew: boolean): Promise<Response> {
  const { api, deps } = context.get("view");
  const form = await context.req.parseBody();
  const values = Object.fromEntries(
    Object.entries(form).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );
  const settings = settingsOf(values);
  if ("problem" in settings) {
    return showForm(context, isNew ? undefined : id, values, settings.problem, 422);
  }
  if (isNew && id !== "" && (await getCustomer(deps.database, id)) !== undefined) {
    const problem = {
      title: "That id is taken",
      detail: "Edit the customer instead.",
      code: "conflict",
      errors: [],
    };
    return showForm(context, undefined, values, problem, 409);
  }
  const { problem, status } = await api("PUT", apiPath(id), settings.document);
  if (problem !== undefined) {
    return showForm(context, isNew ? undefined : id, values, problem, status);
  }
  return context.redirect(`/customers/${encodeURIComponent(id)}?done=${isNew ? "created" : "saved"}`, 303);
}

async function showForm(
  context: DashboardContext,
  id: string | undefined,
  values: FormValues,
  problem: Problem | undefined,
  status = 200,
): Promise<Response> {
  const view = context.get("view");
  const latest = await latestCatalog(view.deps.database);
  const page = (
    <EditPage view={view} id={id} values={values} problem={problem} plans={latest?.catalog.plans ?? []} />
  );
  return respond(context, page, status === 200 ? 200 : refusedStatus(status));
}

interface EditProps {
  view: View;
  id: string | undefined;
  values: FormValues;
  problem: Problem | undefined;
  plans: readonly Plan[];
}

function EditPage({ view, id, values, problem, plans }: EditProps) {
  const title = id === undefined ? "New customer" : `Edit ${values["name"] || id}`;
  const address = id === undefined ? "/customers/-/new" : `/customers/${encodeURIComponent(id)}`;
  const above: [string, string][] = [["/customers", "Customers"]];
  return (
    <Page view={view} title={title} room="/customers">
      <Head title={title} above={id === undefined ? above : [...above, [address, id]]} />
      <ProblemNotice problem={problem} />
      <Card title="Settings">
        <Form view={view} action={id === undefined ? address : `${address}/edit`}>
          <CustomerFields isNew={id === undefined} values={values} plans={plans} />
        </Form>
      </Card>
      {id !== undefined && (
        <Card title="Delete">
          <p class="minor">The ledger stays: usage and invoices are kept, and what runs is still billed.</p>
          <Form view={view} action={`${address}/delete`} confirm={`Delete ${id}?`} yes="Delete the customer">
            <button class="danger" type="submit">
              Delete this customer
            </button>
          </Form>
        </Card>
      )}
    </Page>
  );
}

/** A field of a form as text. */
function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

async function adjust(context: DashboardContext): Promise<Response> {
  const { api } = context.get("view");
  const customerId = readCustomerId(context);
  const { id, metricName, quantity, at, reason } = await context.req.parseBody();
  const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text(at)) ? `${text(at)}:00Z` : text(at);
  const document = {
    id: text(id),
    metricName: text(metricName),
    quantity: text(quantity),
    at: moment,
    reason: text(reason),
  };
  const { problem } = await api("POST", `${apiPath(customerId)}/adjustments`, document);
  if (problem !== undefined) {
    throw apiProblem(problem);
  }
  return context.redirect(`/customers/${encodeURIComponent(customerId)}?done=adjusted`, 303);
}

async function usageCsv(context: DashboardContext): Promise<Response> {
  const { deps, nowMs } = context.get("view");
  const { chart, choice } = await readCustomerNow(deps, readCustomerId(context), context.req.query(), nowMs);
  const rows = (chart?.series ?? []).flatMap(({ name, points }) =>
    points.map(({ start, value }) => [name, printed(start), printed(value)]),
  );
  return csvResponse(
    `usage-${choice?.meter.name ?? "none"}`,
    [choice?.by ?? "metric", "start", "value"],
    rows,
  );
}
