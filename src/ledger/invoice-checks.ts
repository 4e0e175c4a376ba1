import type { Database } from "./database.ts";
import { readInvoice, SELECT_INVOICE } from "./invoice-row.ts";
import type { InvoiceStatus } from "./invoice-status.ts";
import type { Invoice } from "./invoices.ts";
import { column, timeColumn } from "./row.ts";

/**
 * Invoices to compare with Stripe's: those named, and those that were not compared since a moment, if one is given, the one not compared for
 * longest first, at most `limit`.
 *
 * Not those that are being sent, nor blocked ones, whose difference was told.
 */
export async function invoicesToCheck(
  database: Database,
  invoiceIds: readonly string[],
  sinceMs: number | null,
  limit: number,
): Promise<Invoice[]> {
  const [named, oldest] = await database.transaction([
    {
      text: `${SELECT_INVOICE}
where invoice_id = any (array(select jsonb_array_elements_text($1::jsonb)))`,
      params: [JSON.stringify(invoiceIds)],
    },
    {
      text: `${SELECT_INVOICE}
where stripe_invoice_id is not null and status not in ('draft', 'blocked')
  and ($1::bigint is null or checked_at is null or checked_at <= to_timestamp($1::bigint / 1000.0))
order by checked_at nulls first, invoice_id limit $2`,
      params: [sinceMs, limit],
    },
  ]);
  const rows = [...(named ?? []), ...(oldest ?? [])].map(readInvoice);
  return [...new Map(rows.map((invoice) => [invoice.invoiceId, invoice])).values()];
}

/** Keeps when invoices were compared with Stripe's. */
export async function markChecked(
  database: Database,
  invoiceIds: readonly string[],
  nowMs: number,
): Promise<void> {
  await database.query(
    `
update invoices set checked_at = to_timestamp($2::bigint / 1000.0)
where invoice_id = any (array(select jsonb_array_elements_text($1::jsonb)))`,
    [JSON.stringify(invoiceIds), nowMs],
  );
}

/** What tells whether a Stripe invoice is the one of an invoice. */
export interface StripeLink {
  stripeInvoiceId: string | null;
  status: InvoiceStatus;
  /** Somebody wants it to be void, and that is not done. */
  isBeingVoided: boolean;
}

/** Of invoices named, by id: how they are tied to Stripe. Those that the ledger does not know are left out. */
export async function stripeLinks(
  database: Database,
  invoiceIds: readonly string[],
): Promise<Map<string, StripeLink>> {
  const rows = await database.query(
    `
select invoice_id, stripe_invoice_id, status,
  coalesce((select settled_at is null from invoice_voids where invoice_voids.invoice_id = invoices.invoice_id), false)::text
    as is_being_voided
from invoices where invoice_id = any (array(select jsonb_array_elements_text($1::jsonb)))`,
    [JSON.stringify(invoiceIds)],
  );
  return new Map(
    rows.map((row) => [
      column(row, "invoice_id"),
      {
        stripeInvoiceId: row["stripe_invoice_id"] ?? null,
        status: column(row, "status") as InvoiceStatus,
        isBeingVoided: column(row, "is_being_voided") === "true",
      },
    ]),
  );
}

const SWEEP = "invoices";

/** Down to which time of creation Stripe's invoices were looked through, epoch ms; undefined at the beginning. */
export async function readSweep(database: Database): Promise<number | undefined> {
  const [row] = await database.query(
    `
select (extract(epoch from created_before) * 1000)::bigint::text as before_ms from stripe_sweeps where name = $1`,
    [SWEEP],
  );
  return row && timeColumn(row, "before_ms");
}

/** Keeps how far back Stripe's invoices were looked through; undefined to begin anew. */
export async function keepSweep(database: Database, beforeMs: number | undefined): Promise<void> {
  if (beforeMs === undefined) {
    await database.query("delete from stripe_sweeps where name = $1", [SWEEP]);
    return;
  }
  await database.query(
    `
insert into stripe_sweeps (name, created_before) values ($1, to_timestamp($2::bigint / 1000.0))
on conflict (name) do update set created_before = excluded.created_before`,
    [SWEEP, beforeMs],
  );
}
