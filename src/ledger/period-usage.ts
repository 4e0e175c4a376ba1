import type { Period } from "../domain/period.ts";
import type { PeriodUsage } from "../rating/rate-period.ts";
import type { Database, Row } from "./database.ts";
import { partTotals, plannedFor, TOTALS } from "./period-totals.ts";
import { column, timeColumn, timeOrNull } from "./row.ts";

/** What a customer used in a period, and what it was billed for it. */
export interface BilledUsage extends PeriodUsage {
  customerId: string;
  /** What it was billed, on its own invoice and by true-ups of it on later ones; null when it has no invoice yet. */
  billedMinor: bigint | null;
  /** Currency of the invoice. */
  billedCurrency: string | null;
}

const READ_PERIODS = `
with chosen as materialized (
  select customer_id, period_start, period_end from billing_periods
  where period_start >= to_timestamp($1::bigint / 1000.0) and period_start < to_timestamp($2::bigint / 1000.0)
    and customer_id > $3
  order by customer_id fetch first $4 rows with ties
), ${plannedFor()}
select planned.customer_id, changes::text, totals::text,
  (extract(epoch from planned.period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from planned.period_end) * 1000)::bigint::text as end_ms,
  (extract(epoch from started_at) * 1000)::bigint::text as started_ms,
  (extract(epoch from coalesce(
    (select ended_at from customer_plans where customer_plans.customer_id = planned.customer_id
      and effective_from < planned.period_end order by effective_from desc limit 1),
    (select deleted_at from customers where customers.customer_id = planned.customer_id))) * 1000)::bigint::text as ended_ms,
  billed.total_minor::text, billed.currency
from planned cross join lateral (${TOTALS}) as summed
  left join lateral (
    select currency, (
      select sum(amount_minor) from invoice_lines
      where invoice_lines.invoice_id = invoices.invoice_id
        and (true_up_of is null or true_up_of = planned.period_start)) + coalesce((
      -- What later invoices have corrected of it.
      select sum(amount_minor) from invoices as later join invoice_lines using (invoice_id)
      where later.customer_id = planned.customer_id and later.period_start > planned.period_start
        and later.status <> 'void' and true_up_of = planned.period_start), 0) as total_minor
    from invoices
    where invoices.customer_id = planned.customer_id and invoices.period_start = planned.period_start
      and status <> 'void' limit 1) as billed on true
order by planned.customer_id`;

/**
 * Reads what customers used in their periods that start in `[fromMs, toMs)`, as far as the ledger has it, in the order of
 * their ids after `afterId`: at most `limit`, and whatever else the last of these customers has. One statement.
 */
export async function readPeriodUsage(
  database: Database,
  range: { fromMs: number; toMs: number },
  afterId: string,
  limit: number,
): Promise<BilledUsage[]> {
  const rows = await database.query(READ_PERIODS, [range.fromMs, range.toMs, afterId, limit]);
  return rows.map(readRow);
}

function readRow(row: Row): BilledUsage {
  const period: Period = { startMs: timeColumn(row, "start_ms"), endMs: timeColumn(row, "end_ms") };
  const changes = JSON.parse(column(row, "changes")) as PeriodUsage["changes"];
  const billed = row["total_minor"] ?? null;
  return {
    customerId: column(row, "customer_id"),
    period,
    changes,
    lifetime: { startedMs: timeOrNull(row, "started_ms"), endedMs: timeOrNull(row, "ended_ms") },
    totals: partTotals(column(row, "totals"), changes.length),
    billedMinor: billed === null ? null : BigInt(billed),
    billedCurrency: row["currency"] ?? null,
  };
}
