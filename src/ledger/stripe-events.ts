import type { Database, Statement } from "./database.ts";
import { readInvoice, SELECT_INVOICE } from "./invoice-row.ts";
import type { InvoiceStatus } from "./invoice-status.ts";
import { noteVoidInStripe } from "./invoice-voids.ts";
import type { Invoice } from "./invoices.ts";

/** What of an event of Stripe's is kept. */
export interface HeededEvent {
  eventId: string;
  type: string;
  stripeInvoiceId: string;
  createdMs: number;
}

/**
 * Whether an event was heeded before, and the invoice it is of: by Stripe's id, or else by ours, which the event carries
 * when it overtakes our record of the invoice's creation.
 */
export async function readForEvent(
  database: Database,
  eventId: string,
  stripeInvoiceId: string,
  invoiceId: string | null,
): Promise<{ isKnown: boolean; invoice: Invoice | undefined }> {
  const [known, byStripe, byOurs] = await database.transaction([
    { text: "select 1 from stripe_events where event_id = $1", params: [eventId] },
    { text: `${SELECT_INVOICE} where stripe_invoice_id = $1`, params: [stripeInvoiceId] },
    { text: `${SELECT_INVOICE} where invoice_id = $1`, params: [invoiceId] },
  ]);
  const row = byStripe?.[0] ?? byOurs?.[0];
  return { isKnown: (known?.length ?? 0) > 0, invoice: row && readInvoice(row) };
}

/** An invoice that changes its status by an event. */
export interface InvoiceMove {
  invoiceId: string;
  from: InvoiceStatus;
  to: InvoiceStatus;
  /** Why it is void now, for one that is. */
  voidReason: string;
  /** What the event says of a step `finalize` that is under way; null when it says nothing. */
  finalized: { stripeStatus: string; subtotalMinor: string } | null;
  told: readonly Statement[];
}

/**
 * Keeps an event, moves its invoice and has that told, in one transaction.
 *
 * `stale`: nothing is changed, for the invoice has another status by now, or another Stripe invoice; it is to be read anew.
 * `known`: the same event was kept just before.
 */
export async function moveByEvent(
  database: Database,
  { eventId, type, stripeInvoiceId, createdMs }: HeededEvent,
  { invoiceId, from, to, voidReason, finalized, told }: InvoiceMove,
  nowMs: number,
): Promise<"done" | "known" | "stale"> {
  const [rows] = await database.transaction([
    {
      text: `
with moved as (
  update invoices set status = $3, stripe_invoice_id = $4,
    updated_at = case when status = $3 then updated_at else to_timestamp($7::bigint / 1000.0) end
  where invoice_id = $1 and status = $2 and coalesce(stripe_invoice_id, $4) = $4
  returning 1
), noted as (
  insert into stripe_events (event_id, type, invoice_id, stripe_invoice_id, created_at, received_at)
  select $5, $6, $1, $4, to_timestamp($8::bigint / 1000.0), to_timestamp($7::bigint / 1000.0) from moved
  on conflict do nothing
  returning 1
)
select (select count(*) from noted)::text as noted from moved`,
      params: [invoiceId, from, to, stripeInvoiceId, eventId, type, nowMs, createdMs],
    },
    ...(to === "void" ? [noteVoidInStripe(invoiceId, voidReason, nowMs)] : []),
    ...(finalized === null ? [] : [finishFinalize(invoiceId, to, finalized, nowMs)]),
    ...told,
  ]);
  const [row] = rows ?? [];
  return row === undefined ? "stale" : row["noted"] === "1" ? "done" : "known";
}

function finishFinalize(
  invoiceId: string,
  status: InvoiceStatus,
  outcome: NonNullable<InvoiceMove["finalized"]>,
  nowMs: number,
): Statement {
  return {
    text: `
update invoice_steps set finished_at = to_timestamp($3::bigint / 1000.0), outcome = $4::jsonb
where invoice_id = $1 and step = 'finalize' and finished_at is null
  and exists (select 1 from invoices where invoice_id = $1 and status = $2)`,
    params: [invoiceId, status, nowMs, JSON.stringify(outcome)],
  };
}

/** Forgets events that came before a moment, the oldest first; at most `limit`. */
export async function pruneStripeEvents(
  database: Database,
  beforeMs: number,
  limit: number,
): Promise<number> {
  const rows = await database.query(
    `
delete from stripe_events where ctid = any (array(
  select ctid from stripe_events where received_at < to_timestamp($1::bigint / 1000.0) order by received_at limit $2))
returning 1`,
    [beforeMs, limit],
  );
  return rows.length;
}
