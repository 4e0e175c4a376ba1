import { DEFAULT_DAYS_UNTIL_DUE } from "../domain/customer.ts";
import type { Database, Parameter, Row, Statement } from "./database.ts";
import { LedgerError } from "./database.ts";
import { column, timeColumn } from "./row.ts";
import type { InvoiceStatus, InvoiceStep } from "./invoice-status.ts";
import type { PrintedLine } from "../rating/printed-line.ts";
import type { PeriodUsage } from "../rating/rate-period.ts";
import type { TrueUp } from "../rating/true-up.ts";
import { basisOf, lockReach } from "./true-up-reach.ts";

/** Settings of the customer at the close: what is sent to Stripe is computed from these. */
export interface InvoiceSnapshot {
  /** Null until the customer has one: only then is the invoice sent. */
  stripeCustomerId: string | null;
  collectionMethod: "charge_automatically" | "send_invoice";
  daysUntilDue: number | null;
  /** The plan at the period's end. */
  plan: string;
  /** What was priced; absent on invoices from before it was kept. */
  usage?: PeriodUsage;
  /** The earlier periods of which more, or less, was billed than before, and what that was computed from. */
  trueUps?: TrueUp[];
}

export interface Invoice {
  invoiceId: string;
  number: string;
  customerId: string;
  period: { startMs: number; endMs: number };
  status: InvoiceStatus;
  currency: string;
  catalogVersion: number;
  snapshot: InvoiceSnapshot;
  subtotalMinor: bigint;
  totalMinor: bigint;
  stripeInvoiceId: string | null;
  createdAtMs: number;
  lines: PrintedLine[];
  /** The requests to Stripe that were begun, in order. */
  steps: InvoiceStep[];
}

/** What a close writes; the number is given by the ledger. */
export type NewInvoice = Omit<Invoice, "number" | "createdAtMs" | "stripeInvoiceId" | "steps">;

/** Broken by a second invoice of a period, or by the same one written again. */
const ALREADY_THERE = new Set(["invoices_one_per_period", "invoices_pkey"]);

const SELECT = `
select invoice_id, number, customer_id, (extract(epoch from period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from period_end) * 1000)::bigint::text as end_ms, status, currency, catalog_version::text,
  snapshot::text, subtotal_minor::text, total_minor::text, stripe_invoice_id,
  (extract(epoch from created_at) * 1000)::bigint::text as created_ms,
  (select coalesce(jsonb_agg(jsonb_build_object('step', step, 'startedAtMs', (extract(epoch from started_at) * 1000)::bigint,
      'finishedAtMs', (extract(epoch from finished_at) * 1000)::bigint, 'outcome', outcome)
      order by array_position(array['create', 'add_lines', 'finalize'], step)), '[]')
    from invoice_steps where invoice_steps.invoice_id = invoices.invoice_id)::text as steps,
  (select coalesce(jsonb_agg(jsonb_build_object('ref', ref, 'metricName', metric_name, 'description', description,
      'quantity', quantity::text, 'amountMinor', amount_minor::text, 'tiers', tiers,
      'trueUpOfMs', (extract(epoch from true_up_of) * 1000)::bigint) order by position), '[]')
    from invoice_lines where invoice_lines.invoice_id = invoices.invoice_id)::text as lines
from invoices`;

/**
 * Closes a period: the invoice, its lines and the end of the period in one transaction.
 *
 * `basis` is what it rests on beside usage, as {@link readClosing} gave it before the usage was read. Answers false, and
 * changes nothing, when that is another by now (more adjustments, another invoice of a period that is trued up), or when
 * the period has an invoice already: what was billed is compared where it is added to, all under the periods' rows.
 */
export async function closeWithInvoice(
  database: Database,
  invoice: NewInvoice,
  nowMs: number,
  basis: string,
): Promise<boolean> {
  try {
    const [, , inserted] = await database.transaction([
      // A Stripe customer that is put meanwhile is either seen here, or finds the invoice.
      {
        text: "select 1 from customers where customer_id = $1 for share",
        params: [invoice.customerId],
      },
      lockReach(invoice.customerId, invoice.period.startMs),
      insertInvoice(invoice, nowMs, basis),
      insertLines(invoice),
      closePeriod(invoice, nowMs),
      fillStripeCustomer(invoice.customerId, nowMs),
    ]);
    return (inserted?.length ?? 0) > 0;
  } catch (error) {
    if (error instanceof LedgerError && ALREADY_THERE.has(error.constraint ?? "")) {
      return false;
    }
    throw error;
  }
}

/** Reads one invoice with its lines; undefined when there is none of that id. */
export async function getInvoice(database: Database, invoiceId: string): Promise<Invoice | undefined> {
  const [row] = await database.query(`${SELECT} where invoice_id = $1`, [invoiceId]);
  return row && readInvoice(row);
}

export interface InvoiceFilter {
  customerId?: string | undefined;
  status?: InvoiceStatus | undefined;
  /** Start of the period lies in `[fromMs, toMs)`. */
  periodStart?: { fromMs: number; toMs: number } | undefined;
}

/** Invoices from newest to oldest, after the one that `after` names. */
export async function listInvoices(
  database: Database,
  filter: InvoiceFilter,
  limit: number,
  after: { timeMs: number; id: string } | undefined,
): Promise<Invoice[]> {
  const rows = await database.query(
    `${SELECT}
where (created_at, invoice_id) < (coalesce(to_timestamp($1::bigint / 1000.0), 'infinity'), $2)
  and ($3::text is null or customer_id = $3) and ($4::text is null or status = $4)
  and ($5::bigint is null or (period_start >= to_timestamp($5::bigint / 1000.0)
    and period_start < to_timestamp($6::bigint / 1000.0)))
order by created_at desc, invoice_id desc limit $7`,
    [
      after?.timeMs ?? null,
      after?.id ?? "",
      filter.customerId ?? null,
      filter.status ?? null,
      filter.periodStart?.fromMs ?? null,
      filter.periodStart?.toMs ?? null,
      limit,
    ],
  );
  return rows.map(readInvoice);
}

/** True of invoices that are to be sent; a draft of a customer without Stripe waits until the customer has it. */
export const UNSENT = "status = 'draft' and snapshot ->> 'stripeCustomerId' is not null";

/** Invoices that Stripe has not wholly been given, oldest first; those that failed come after the others. */
export async function unsentInvoices(database: Database, limit: number): Promise<Invoice[]> {
  const rows = await database.query(
    `${SELECT} where ${UNSENT} order by failed_at nulls first, created_at, invoice_id limit $1`,
    [limit],
  );
  return rows.map(readInvoice);
}

/**
 * Gives the drafts of a customer that had no Stripe customer at their close the one of its document by now, and how Stripe
 * collects from it, so that they are sent. To be run where the customer's row is held.
 *
 * Only what was never begun to be sent: everything that is sent is computed from one snapshot.
 */
export function fillStripeCustomer(customerId: string, nowMs: number): Statement {
  return {
    text: `
update invoices set updated_at = to_timestamp($2::bigint / 1000.0), snapshot = snapshot || jsonb_build_object(
  'stripeCustomerId', settings -> 'stripeCustomerId',
  'collectionMethod', coalesce(settings ->> 'collectionMethod', 'charge_automatically'),
  'daysUntilDue', case when settings ->> 'collectionMethod' = 'send_invoice'
    then coalesce((settings ->> 'daysUntilDue')::integer, $3::integer) end)
from customers
where customers.customer_id = $1 and settings ->> 'stripeCustomerId' is not null
  and invoices.customer_id = $1 and status = 'draft' and snapshot ->> 'stripeCustomerId' is null
  and stripe_invoice_id is null
  and not exists (select 1 from invoice_steps where invoice_steps.invoice_id = invoices.invoice_id)`,
    params: [customerId, nowMs, DEFAULT_DAYS_UNTIL_DUE],
  };
}

/** How many invoices Stripe has not wholly been given. */
export async function countUnsent(database: Database): Promise<number> {
  const [row] = await database.query(`select count(*)::text as unsent from invoices where ${UNSENT}`, []);
  return Number(row?.["unsent"] ?? 0);
}

/** Keeps that sending an invoice has failed. */
export async function markUnsent(database: Database, invoiceId: string, nowMs: number): Promise<void> {
  await database.query(
    "update invoices set failed_at = to_timestamp($2::bigint / 1000.0) where invoice_id = $1",
    [invoiceId, nowMs],
  );
}

/** Lets a draft whose total was found equal wait for review. */
export async function setInReview(database: Database, invoiceId: string, nowMs: number): Promise<void> {
  await database.query(
    `
update invoices set status = 'in_review', updated_at = to_timestamp($2::bigint / 1000.0)
where invoice_id = $1 and status = 'draft'`,
    [invoiceId, nowMs],
  );
}

function insertInvoice(invoice: NewInvoice, nowMs: number, basis: string): Statement {
  return {
    text: `
insert into invoices (invoice_id, number, customer_id, period_start, period_end, status, currency, catalog_version,
  snapshot, subtotal_minor, total_minor, created_at, updated_at)
select $1, 'EM-' || lpad(n, greatest(7, length(n)), '0'), $2, to_timestamp($3::bigint / 1000.0),
  to_timestamp($4::bigint / 1000.0), $5, $6, $7, $8::jsonb, $9, $10, to_timestamp($11::bigint / 1000.0),
  to_timestamp($11::bigint / 1000.0)
from (select nextval('invoice_numbers')::text as n) as next
where $12 = ${basisOf("$2", "to_timestamp($3::bigint / 1000.0)")}
returning 1`,
    params: [
      invoice.invoiceId,
      invoice.customerId,
      invoice.period.startMs,
      invoice.period.endMs,
      invoice.status,
      invoice.currency,
      invoice.catalogVersion,
      JSON.stringify(invoice.snapshot),
      invoice.subtotalMinor,
      invoice.totalMinor,
      nowMs,
      basis,
    ],
  };
}

function insertLines(invoice: NewInvoice): Statement {
  const rows = invoice.lines.map((line, position) => ({
    position,
    ref: line.ref,
    metric_name: line.metricName,
    description: line.description,
    quantity: line.quantity,
    amount_minor: line.amountMinor.toString(),
    tiers: line.tiers,
    true_up_of_ms: line.trueUpOfMs ?? null,
  }));
  return {
    text: `
insert into invoice_lines (invoice_id, position, ref, metric_name, description, quantity, amount_minor, tiers, true_up_of)
select $1, position, ref, metric_name, description, quantity, amount_minor, tiers, to_timestamp(true_up_of_ms / 1000.0)
from jsonb_to_recordset($2::jsonb) as page (position integer, ref text, metric_name text, description text,
  quantity numeric, amount_minor numeric, tiers jsonb, true_up_of_ms bigint)
where exists (select 1 from invoices where invoice_id = $1)`,
    params: [invoice.invoiceId, JSON.stringify(rows)],
  };
}

function closePeriod(invoice: NewInvoice, nowMs: number): Statement {
  const params: Parameter[] = [invoice.customerId, invoice.period.startMs, nowMs, invoice.invoiceId];
  return {
    text: `
update billing_periods set closed_at = to_timestamp($3::bigint / 1000.0)
where customer_id = $1 and period_start = to_timestamp($2::bigint / 1000.0) and closed_at is null
  and exists (select 1 from invoices where invoice_id = $4)`,
    params,
  };
}

function readInvoice(row: Row): Invoice {
  const lines = JSON.parse(column(row, "lines")) as (Omit<PrintedLine, "amountMinor" | "trueUpOfMs"> & {
    amountMinor: string;
    trueUpOfMs: number | null;
  })[];
  return {
    invoiceId: column(row, "invoice_id"),
    number: column(row, "number"),
    customerId: column(row, "customer_id"),
    period: { startMs: timeColumn(row, "start_ms"), endMs: timeColumn(row, "end_ms") },
    status: column(row, "status") as InvoiceStatus,
    currency: column(row, "currency"),
    catalogVersion: Number(column(row, "catalog_version")),
    snapshot: JSON.parse(column(row, "snapshot")) as InvoiceSnapshot,
    subtotalMinor: BigInt(column(row, "subtotal_minor")),
    totalMinor: BigInt(column(row, "total_minor")),
    stripeInvoiceId: row["stripe_invoice_id"] ?? null,
    createdAtMs: timeColumn(row, "created_ms"),
    steps: JSON.parse(column(row, "steps")) as InvoiceStep[],
    lines: lines.map(({ trueUpOfMs, ...line }) => ({
      ...line,
      amountMinor: BigInt(line.amountMinor),
      ...(trueUpOfMs === null ? {} : { trueUpOfMs }),
    })),
  };
}
