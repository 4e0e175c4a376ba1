import { DEFAULT_DAYS_UNTIL_DUE } from "../domain/customer.ts";
import type { Database, Parameter, Statement } from "./database.ts";
import { LedgerError } from "./database.ts";
import { tellOfStatus, type ToldInvoice } from "./invoice-notifications.ts";
import { readInvoice, SELECT_INVOICE } from "./invoice-row.ts";
import { INTERNAL_STATUSES, type InvoiceStatus, type InvoiceStep } from "./invoice-status.ts";
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
  /** Why it is void, or about to be; null otherwise. */
  voiding: InvoiceVoid | null;
  /** The void invoice of the same period in whose place this one was made. */
  replaces: string | null;
}

/** That an invoice is to be void, and what of it is done. */
export interface InvoiceVoid {
  reason: string;
  /** Who asked for it; `stripe` when it was voided or deleted there. */
  requestedBy: string;
  requestedMs: number;
  /** Whether the period is to be invoiced again, and the invoice by which it was. */
  isReissue: boolean;
  replacedBy: string | null;
  /** When all that was asked for was done. */
  settledMs: number | null;
}

/** What a close writes; the number is given by the ledger. */
export type NewInvoice = Omit<
  Invoice,
  "number" | "createdAtMs" | "stripeInvoiceId" | "steps" | "voiding" | "replaces"
>;

/** Broken by a second invoice of a period, or by the same one written again. */
const ALREADY_THERE = new Set(["invoices_one_per_period", "invoices_pkey"]);

/**
 * Closes a period: the invoice, its lines and the end of the period in one transaction.
 *
 * `basis` is what it rests on beside usage, as {@link readClosing} gave it before the usage was read. Answers false, and
 * changes nothing, when that is another by now (more adjustments, another invoice of a period that is trued up), or when
 * the period has an invoice already: what was billed is compared where it is added to, all under the periods' rows.
 * `replaces` is a void invoice in whose place this one is made, unless another was.
 */
export async function closeWithInvoice(
  database: Database,
  invoice: NewInvoice,
  nowMs: number,
  basis: string,
  replaces: string | null = null,
): Promise<boolean> {
  const { status, snapshot } = invoice;
  // Whatever is still to be sent is told of when it goes out.
  const isToldNow = status === "blocked" || (status === "draft" && snapshot.stripeCustomerId === null);
  try {
    const [, , inserted] = await database.transaction([
      // A Stripe customer that is put meanwhile is either seen here, or finds the invoice.
      {
        text: "select 1 from customers where customer_id = $1 for share",
        params: [invoice.customerId],
      },
      lockReach(invoice.customerId, invoice.period.startMs),
      insertInvoice(invoice, nowMs, basis, replaces),
      insertLines(invoice),
      closePeriod(invoice, nowMs),
      ...(replaces === null ? [] : [noteReplacement(replaces, invoice.invoiceId)]),
      fillStripeCustomer(invoice.customerId, nowMs),
      ...(isToldNow ? tellOfStatus(invoice, status, nowMs) : []),
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
  const [row] = await database.query(`${SELECT_INVOICE} where invoice_id = $1`, [invoiceId]);
  return row && readInvoice(row);
}

export interface InvoiceFilter {
  customerId?: string | undefined;
  status?: InvoiceStatus | undefined;
  /** Start of the period lies in `[fromMs, toMs)`. */
  periodStart?: { fromMs: number; toMs: number } | undefined;
  /** Only what its customer may see. */
  isForCustomer?: boolean;
}

/** Invoices from newest to oldest, after the one that `after` names. */
export async function listInvoices(
  database: Database,
  filter: InvoiceFilter,
  limit: number,
  after: { timeMs: number; id: string } | undefined,
): Promise<Invoice[]> {
  const rows = await database.query(
    `${SELECT_INVOICE}
where (created_at, invoice_id) < (coalesce(to_timestamp($1::bigint / 1000.0), 'infinity'), $2)
  and ($3::text is null or customer_id = $3) and ($4::text is null or status = $4)
  and ($5::bigint is null or (period_start >= to_timestamp($5::bigint / 1000.0)
    and period_start < to_timestamp($6::bigint / 1000.0)))
  and ($8::text is null or not status = any (string_to_array($8, ',')))
order by created_at desc, invoice_id desc limit $7`,
    [
      after?.timeMs ?? null,
      after?.id ?? "",
      filter.customerId ?? null,
      filter.status ?? null,
      filter.periodStart?.fromMs ?? null,
      filter.periodStart?.toMs ?? null,
      limit,
      filter.isForCustomer === true ? INTERNAL_STATUSES.join(",") : null,
    ],
  );
  return rows.map(readInvoice);
}

/** True of invoices that are to be sent; a draft of a customer without Stripe waits until the customer has it. */
export const UNSENT = "status = 'draft' and snapshot ->> 'stripeCustomerId' is not null";
/** One that is about to be void is not sent any more. */
const WANTED =
  "not exists (select 1 from invoice_voids where invoice_voids.invoice_id = invoices.invoice_id)";

/** Invoices that Stripe has not wholly been given, oldest first; those that failed come after the others. */
export async function unsentInvoices(database: Database, limit: number): Promise<Invoice[]> {
  const rows = await database.query(
    `${SELECT_INVOICE} where ${UNSENT} and ${WANTED} order by failed_at nulls first, created_at, invoice_id limit $1`,
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

/** Lets a draft whose total was found equal wait for review, and has that told. */
export async function setInReview(database: Database, invoice: ToldInvoice, nowMs: number): Promise<void> {
  await database.transaction([
    {
      text: `
update invoices set status = 'in_review', updated_at = to_timestamp($2::bigint / 1000.0)
where invoice_id = $1 and status = 'draft' and ${WANTED}`,
      params: [invoice.invoiceId, nowMs],
    },
    ...tellOfStatus(invoice, "in_review", nowMs),
  ]);
}

function insertInvoice(
  invoice: NewInvoice,
  nowMs: number,
  basis: string,
  replaces: string | null,
): Statement {
  return {
    text: `
insert into invoices (invoice_id, number, customer_id, period_start, period_end, status, currency, catalog_version,
  snapshot, subtotal_minor, total_minor, created_at, updated_at)
select $1, 'EM-' || lpad(n, greatest(7, length(n)), '0'), $2, to_timestamp($3::bigint / 1000.0),
  to_timestamp($4::bigint / 1000.0), $5, $6, $7, $8::jsonb, $9, $10, to_timestamp($11::bigint / 1000.0),
  to_timestamp($11::bigint / 1000.0)
from (select nextval('invoice_numbers')::text as n) as next
where $12 = ${basisOf("$2", "to_timestamp($3::bigint / 1000.0)")}
  and ($13::text is null or exists (
    select 1 from invoice_voids where invoice_voids.invoice_id = $13 and reissue and replacement_id is null))
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
      replaces,
    ],
  };
}

function noteReplacement(voidedId: string, replacementId: string): Statement {
  return {
    text: `
update invoice_voids set replacement_id = $2
where invoice_id = $1 and replacement_id is null and exists (select 1 from invoices where invoice_id = $2)`,
    params: [voidedId, replacementId],
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
