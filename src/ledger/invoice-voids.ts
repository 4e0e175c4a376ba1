import type { Database, Statement } from "./database.ts";
import type { InvoiceStatus } from "./invoice-status.ts";
import { column } from "./row.ts";

/** That somebody wants an invoice to be void, and why. */
export interface VoidRequest {
  invoiceId: string;
  reason: string;
  requestedBy: string;
  isReissue: boolean;
}

/**
 * Writes down that an invoice is to be void: from here no step but `void` begins on it.
 *
 * The same request again changes nothing. One under the same reason may add that the period is to be invoiced again; of
 * what was voided in Stripe the first request tells reason and name. What is kept then is on the invoice.
 */
export async function requestVoid(
  database: Database,
  { invoiceId, reason, requestedBy, isReissue }: VoidRequest,
  nowMs: number,
): Promise<void> {
  await database.transaction([
    { text: "select 1 from invoices where invoice_id = $1 for no key update", params: [invoiceId] },
    {
      text: `
insert into invoice_voids as held (invoice_id, reason, requested_by, requested_at, reissue)
select invoice_id, $2, $3, to_timestamp($4::bigint / 1000.0), $5::boolean from invoices
where invoice_id = $1 and status <> 'paid'
on conflict (invoice_id) do update set reason = excluded.reason, requested_by = excluded.requested_by,
  requested_at = case when held.requested_by = 'stripe' then excluded.requested_at else held.requested_at end,
  reissue = held.reissue or excluded.reissue,
  settled_at = case when excluded.reissue and not held.reissue then null else held.settled_at end
where held.requested_by = 'stripe' or held.reason = excluded.reason`,
      params: [invoiceId, reason, requestedBy, nowMs, String(isReissue)],
    },
  ]);
}

/** Keeps that an invoice is void because Stripe's is; belongs into the transaction that sets its status. */
export function noteVoidInStripe(invoiceId: string, reason: string, nowMs: number): Statement {
  return {
    text: `
insert into invoice_voids (invoice_id, reason, requested_by, requested_at, reissue, settled_at)
select invoice_id, $2, 'stripe', to_timestamp($3::bigint / 1000.0), false, to_timestamp($3::bigint / 1000.0)
from invoices where invoice_id = $1 and status = 'void'
on conflict do nothing`,
    params: [invoiceId, reason, nowMs],
  };
}

/** Takes back the request to void an invoice that was found paid, and keeps its status. */
export async function withdrawVoid(
  database: Database,
  invoiceId: string,
  status: InvoiceStatus,
  told: readonly Statement[],
  nowMs: number,
): Promise<void> {
  await database.transaction([
    {
      text: `
update invoices set status = $2, updated_at = to_timestamp($3::bigint / 1000.0)
where invoice_id = $1 and status not in ('void', $2)`,
      params: [invoiceId, status, nowMs],
    },
    {
      text: `
delete from invoice_steps where invoice_id = $1 and step = 'void' and finished_at is null`,
      params: [invoiceId],
    },
    {
      text: `
delete from invoice_voids where invoice_id = $1 and exists (
  select 1 from invoices where invoice_id = $1 and status <> 'void')`,
      params: [invoiceId],
    },
    ...told,
  ]);
}

/** Ends a request once the invoice is void, and made anew if that was asked for. */
export async function settleVoid(database: Database, invoiceId: string, nowMs: number): Promise<void> {
  await database.query(
    `
update invoice_voids set settled_at = to_timestamp($2::bigint / 1000.0)
where invoice_id = $1 and settled_at is null and (not reissue or replacement_id is not null)
  and exists (select 1 from invoices where invoice_id = $1 and status = 'void')`,
    [invoiceId, nowMs],
  );
}

/** Invoices whose void is not done yet; those that failed come after the others. */
export async function pendingVoids(database: Database, limit: number): Promise<string[]> {
  const rows = await database.query(
    `
select invoice_id from invoice_voids where settled_at is null
order by failed_at nulls first, requested_at, invoice_id limit $1`,
    [limit],
  );
  return rows.map((row) => column(row, "invoice_id"));
}

/** Keeps that voiding an invoice has failed. */
export async function markVoidFailed(database: Database, invoiceId: string, nowMs: number): Promise<void> {
  await database.query(
    "update invoice_voids set failed_at = to_timestamp($2::bigint / 1000.0) where invoice_id = $1 and settled_at is null",
    [invoiceId, nowMs],
  );
}
