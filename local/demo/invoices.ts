import type { Stripe } from "stripe";
import type { Api } from "./api.ts";
import { addTo, METRIC, parseAmount, parseUnits } from "./figures.ts";

/** An invoice of ours, as the API shows it. */
export interface Invoice {
  id: string;
  customerId: string;
  status: string;
  total: string;
  stripeInvoiceId: string | null;
  lines: { metric: string | null; quantity: string }[];
}

/** The period's end as it was played: our invoices, and Stripe's by their id. */
export interface Billing {
  invoices: Invoice[];
  stripeInvoices: Map<string, Stripe.Invoice>;
}

const PAGE = 1000;
const STRIPE_PAGE = 100;
/** Runs of the hourly cron after which every period must be closed. */
const MAX_RUNS = 200;
/** Runs without any change after which the rest is taken as stuck. */
const MAX_IDLE_RUNS = 2;
/** An invoice in one of these is on its way. */
const UNDER_WAY = new Set(["draft", "in_review"]);

/** Fires the hourly cron until every customer has an invoice that is done, or nothing moves any more. */
export async function playPeriodEnd(
  customers: number,
  { api, fireHourly }: { api: Api; fireHourly: () => Promise<void> },
  show: (done: number) => void,
): Promise<Invoice[]> {
  let invoices: Invoice[] = [];
  let done = -1;
  for (let run = 0, idle = 0; run < MAX_RUNS && done < customers && idle < MAX_IDLE_RUNS; run += 1) {
    // oxlint-disable-next-line no-await-in-loop -- a run goes on where the one before stopped
    await fireHourly();
    // oxlint-disable-next-line no-await-in-loop -- and is judged by what it left
    invoices = await listInvoices(api);
    const doneNow = invoices.filter(({ status }) => !UNDER_WAY.has(status)).length;
    idle = doneNow === done ? idle + 1 : 0;
    done = doneNow;
    show(done);
  }
  return invoices;
}

async function listInvoices(api: Api): Promise<Invoice[]> {
  const invoices: Invoice[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE), ...(cursor !== null && { cursor }) });
    // oxlint-disable-next-line no-await-in-loop -- a page names the next
    const page = (await api.get(`/v1/invoices?${query.toString()}`)) as {
      data: Invoice[];
      nextCursor: string | null;
    };
    invoices.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return invoices;
}

/** Every invoice that Stripe has and that is to be paid, drafts included: one left behind must show. */
export async function listStripeInvoices(stripe: Stripe): Promise<Map<string, Stripe.Invoice>> {
  const invoices = new Map<string, Stripe.Invoice>();
  for await (const invoice of stripe.invoices.list({ limit: STRIPE_PAGE })) {
    if (invoice.status !== "void") {
      invoices.set(invoice.id, invoice);
    }
  }
  return invoices;
}

/** Invoiced API calls and totals per customer. */
export function sumInvoices(invoices: Invoice[]): {
  quantities: Map<string, bigint>;
  totalsMinor: Map<string, bigint>;
} {
  const quantities = new Map<string, bigint>();
  const totalsMinor = new Map<string, bigint>();
  for (const invoice of invoices.filter(({ status }) => status !== "void")) {
    addTo(totalsMinor, invoice.customerId, parseAmount(invoice.total));
    addTo(quantities, invoice.customerId, quantityOf(invoice));
  }
  return { quantities, totalsMinor };
}

/** API calls on one invoice. */
export function quantityOf(invoice: Invoice): bigint {
  return invoice.lines
    .filter(({ metric }) => metric === METRIC)
    .reduce((sum, { quantity }) => sum + parseUnits(quantity), 0n);
}

/** Stripe's totals per customer of ours; an invoice that none of ours knows stands under its own id. */
export function sumStripeInvoices({ invoices, stripeInvoices }: Billing): Map<string, bigint> {
  const customerOf = new Map(invoices.map((invoice) => [invoice.stripeInvoiceId, invoice.customerId]));
  const totals = new Map<string, bigint>();
  for (const [id, { total }] of stripeInvoices) {
    addTo(totals, customerOf.get(id) ?? `stripe:${id}`, BigInt(total));
  }
  return totals;
}
