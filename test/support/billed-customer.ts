import type { RunningMeter } from "./running-meter.ts";

export const MINUTE_CRON = "* * * * *";
export const HOURLY_CRON = "17 * * * *";

/** When every period that runs now is due; the next ones are not for weeks. */
export function dueMs(nowMs = Date.now()): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 2, 5);
}

/** A customer of ours and of Stripe's. */
export interface BilledCustomer {
  id: string;
  stripeId: string;
}

/** What {@link putWithUsage} counts comes to, line by line, in cents. */
export const LINE_AMOUNTS = [781, 10_173, 60_000];
export const TOTAL_MINOR = 70_954;

/** Puts a customer who has used 123,460 calls in two regions, 36.25 GB and 43 seats. */
export async function putWithUsage(meter: RunningMeter, id: string): Promise<BilledCustomer> {
  const stripeId = String((await meter.stripe("POST", "/v1/customers", `name=${id}`))["id"]);
  await meter.send("PUT", `/v1/customers/${id}`, { stripeCustomerId: stripeId });
  const answer = await meter.send("POST", "/v1/events", [
    { id: "1", customerId: id, metricName: "api_calls", value: 123_456 },
    { id: "2", customerId: id, metricName: "api_calls", value: 4, metadata: { region: "eu" } },
    { id: "3", customerId: id, metricName: "seats", value: 43 },
    { id: "4", customerId: id, metricName: "storage_gb", value: "36.25" },
  ]);
  if ((answer?.body as { recorded?: number } | undefined)?.recorded !== 4) {
    throw new Error(`the events of ${id} were not recorded`);
  }
  return { id, stripeId };
}

/** An invoice as Stripe has it, as far as a test compares it. */
export interface StripeSide {
  id: string;
  status: string;
  subtotal: number;
  total: number;
  /** Ours that it is of. */
  invoiceId: string | undefined;
  amounts: number[];
}

interface StripeInvoice extends StripeSide {
  metadata: Record<string, string>;
  lines: { data: { amount: number }[] };
}

/** Everything Stripe has for a customer, drafts too. */
export async function inStripe(meter: RunningMeter, { stripeId }: BilledCustomer): Promise<StripeSide[]> {
  const list = await meter.stripe("GET", `/v1/invoices?customer=${stripeId}&limit=100`);
  return (list["data"] as StripeInvoice[]).map(({ id, status, subtotal, total, metadata, lines }) => ({
    id,
    status,
    subtotal,
    total,
    invoiceId: metadata["edgemeter_invoice_id"],
    amounts: lines.data.map(({ amount }) => amount).toSorted((left, right) => left - right),
  }));
}

/** A customer's invoice as the ledger has it, as far as a test compares it. */
export interface LedgerSide {
  invoiceId: string;
  status: string;
  totalMinor: number;
  stripeInvoiceId: string | null;
  steps: string[];
}

/** Everything the ledger has for a customer, with the steps that have ended. */
export async function inLedger(meter: RunningMeter, { id }: BilledCustomer): Promise<LedgerSide[]> {
  const { rows } = await meter.database.query<LedgerSide>(
    `select invoice_id as "invoiceId", status, total_minor::int as "totalMinor",
       stripe_invoice_id as "stripeInvoiceId",
       array(select step from invoice_steps where invoice_steps.invoice_id = invoices.invoice_id
         and finished_at is not null order by started_at, array_position(array['create', 'add_lines', 'finalize'], step)
       ) as steps
     from invoices where customer_id = $1 order by period_start`,
    [id],
  );
  return rows;
}
