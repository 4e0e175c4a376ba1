import type { PrintedLine } from "../rating/printed-line.ts";
import type { Row } from "./database.ts";
import type { InvoiceStatus, InvoiceStep } from "./invoice-status.ts";
import type { Invoice, InvoiceSnapshot, InvoiceVoid } from "./invoices.ts";
import { column, timeColumn } from "./row.ts";

/** Reads invoices with their lines, steps and what became of them; a condition follows. */
export const SELECT_INVOICE = `
select invoice_id, number, customer_id, (extract(epoch from period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from period_end) * 1000)::bigint::text as end_ms, status, currency, catalog_version::text,
  snapshot::text, subtotal_minor::text, total_minor::text, stripe_invoice_id,
  (extract(epoch from created_at) * 1000)::bigint::text as created_ms,
  (select coalesce(jsonb_agg(jsonb_build_object('step', step, 'startedAtMs', (extract(epoch from started_at) * 1000)::bigint,
      'finishedAtMs', (extract(epoch from finished_at) * 1000)::bigint, 'outcome', outcome)
      order by array_position(array['create', 'add_lines', 'finalize', 'void'], step)), '[]')
    from invoice_steps where invoice_steps.invoice_id = invoices.invoice_id)::text as steps,
  (select coalesce(jsonb_agg(jsonb_build_object('ref', ref, 'metricName', metric_name, 'description', description,
      'quantity', quantity::text, 'amountMinor', amount_minor::text, 'tiers', tiers,
      'trueUpOfMs', (extract(epoch from true_up_of) * 1000)::bigint) order by position), '[]')
    from invoice_lines where invoice_lines.invoice_id = invoices.invoice_id)::text as lines,
  (select jsonb_build_object('reason', reason, 'requestedBy', requested_by,
      'requestedMs', (extract(epoch from requested_at) * 1000)::bigint, 'isReissue', reissue, 'replacedBy', replacement_id,
      'settledMs', (extract(epoch from settled_at) * 1000)::bigint)
    from invoice_voids where invoice_voids.invoice_id = invoices.invoice_id)::text as voiding,
  (select invoice_id from invoice_voids where replacement_id = invoices.invoice_id) as replaces
from invoices`;

/** Reads what {@link SELECT_INVOICE} answers. */
export function readInvoice(row: Row): Invoice {
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
    voiding: JSON.parse(row["voiding"] ?? "null") as InvoiceVoid | null,
    replaces: row["replaces"] ?? null,
    lines: lines.map(({ trueUpOfMs, ...line }) => ({
      ...line,
      amountMinor: BigInt(line.amountMinor),
      ...(trueUpOfMs === null ? {} : { trueUpOfMs }),
    })),
  };
}
