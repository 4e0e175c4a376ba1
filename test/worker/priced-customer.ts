import { askLedger } from "./played-time.ts";
import { ADMIN, call, INGEST, READ, stripeCall, stripeCustomer, type Answer } from "./worker-api.ts";

/** What the Worker answers. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests assert what is in it
type Document = any;

/** Puts a customer; answers its status. */
export async function putCustomer(customerId: string, settings: object): Promise<number> {
  return (await call("PUT", `/v1/customers/${customerId}`, ADMIN, settings)).status;
}

/** Puts a new customer that is billed in Stripe; answers its id there. */
export async function putInStripe(customerId: string, settings: object): Promise<string> {
  const stripeCustomerId = await stripeCustomer(customerId);
  if ((await putCustomer(customerId, { ...settings, stripeCustomerId })) !== 201) {
    throw new Error(`${customerId} was not put, or is not new`);
  }
  return stripeCustomerId;
}

/** Records one event of a moment; throws unless it is counted. */
export async function send(
  customerId: string,
  metricName: string,
  value: number | string,
  atMs = Date.now(),
): Promise<void> {
  const event = { customerId, metricName, value, timestamp: atMs };
  const { body } = await call("POST", "/v1/events", INGEST, event);
  if (body.recorded !== 1) {
    throw new Error(`the event of ${customerId} was not recorded: ${JSON.stringify(body)}`);
  }
}

/** Adds a correction; throws unless it is new. */
export async function adjust(
  customerId: string,
  metricName: string,
  quantity: number,
  at: number,
): Promise<void> {
  const adjustment = { id: `adj-${metricName}-${at}`, metricName, quantity, at, reason: "test" };
  const { status } = await call("POST", `/v1/customers/${customerId}/adjustments`, ADMIN, adjustment);
  if (status !== 201) {
    throw new Error(`the adjustment of ${customerId} answers ${status}`);
  }
}

/** A customer's usage document. */
export async function usageOf(customerId: string, period = "current"): Promise<Document> {
  return (await call("GET", `/v1/customers/${customerId}/usage?period=${period}`, READ)).body;
}

/** The answer to who asks for a customer's upcoming invoice. */
export function upcomingOf(customerId: string): Promise<Answer> {
  return call("GET", `/v1/customers/${customerId}/invoices/upcoming`, READ);
}

/** A customer's invoices, the newest first. */
export async function invoicesOf(customerId: string): Promise<Document[]> {
  return (await call("GET", `/v1/invoices?customerId=${customerId}`, READ)).body.data;
}

/** What Stripe has of a customer's only invoice: total and amounts of its lines, in minor units, the least first. */
export async function inStripe(stripeId: string): Promise<{ total: number; amounts: number[] }> {
  const { data } = await stripeCall("GET", `/v1/invoices?customer=${stripeId}`);
  if (data.length !== 1) {
    throw new Error(`${stripeId} has ${data.length} invoices`);
  }
  const { data: lines } = await stripeCall("GET", `/v1/invoices/${data[0].id}/lines?limit=100`);
  const amounts = lines.map(({ amount }: { amount: number }) => amount);
  return { total: data[0].total, amounts: sorted(amounts) };
}

/** Numbers, the least first. */
export function sorted(amounts: readonly number[]): number[] {
  return amounts.toSorted((left, right) => left - right);
}

/** How many rows the tables hold that anything about catalogs, customers and money is in. */
export async function rowCounts(): Promise<unknown> {
  const tables = [
    "catalog_versions",
    "customers",
    "customer_plans",
    "billing_periods",
    "invoices",
    "invoice_lines",
    "invoice_steps",
    "usage_records",
    "usage_daily",
    "adjustments",
    "notifications",
    "job_runs",
  ];
  const counts = tables.map((table) => `(select count(*) from ${table})::text as ${table}`);
  return askLedger(`select ${counts.join(", ")}`, []);
}
