import type { Period } from "../domain/period.ts";
import type { PeriodUsage } from "../rating/rate-period.ts";
import type { MetricTotal } from "../rating/quantities.ts";
import type { Database, Row } from "./database.ts";
import { column, timeColumn } from "./row.ts";

/** What a customer used in a period, and what it was billed for it. */
export interface BilledUsage extends PeriodUsage {
  customerId: string;
  /** What its invoice comes to; null when it has none yet. */
  billedMinor: bigint | null;
  /** Currency of the invoice. */
  billedCurrency: string | null;
}

/** The customers of the page, and where each one's plan changed inside the period. */
const CHOSEN = `
with chosen as materialized (
  select customer_id, period_start, period_end from billing_periods
  where period_start >= to_timestamp($1::bigint / 1000.0) and period_start < to_timestamp($2::bigint / 1000.0)
    and customer_id > $3
  order by customer_id limit $4
), planned as materialized (
  select chosen.*, plans.changes, plans.cuts, started.started_at
  from chosen cross join lateral (
    select min(effective_from) as first, max(effective_from) filter (where effective_from <= period_start) as held
    from customer_plans where customer_plans.customer_id = chosen.customer_id
  ) as known cross join lateral (
    select coalesce(jsonb_agg(jsonb_build_object('fromMs', (extract(epoch from effective_from) * 1000)::bigint,
        'planName', plan, 'prices', prices) order by effective_from), '[]') as changes,
      coalesce((array_agg(effective_from order by effective_from))[2:], '{}') as cuts
    from customer_plans
    where customer_plans.customer_id = chosen.customer_id and effective_from >= coalesce(known.held, '-infinity')
      and (effective_from < period_end or effective_from = known.first)
      and (ended_at is null or ended_at >= period_start)
  ) as plans cross join lateral (
    select coalesce(max(effective_from), known.first) as started_at from customer_plans
    where customer_plans.customer_id = chosen.customer_id and is_start and effective_from < period_end
  ) as started
)`;

/** Totals of one customer of `planned`, part by part; a day that belongs to two parts is read by the hour. */
const TOTALS = `
  with cut_days as (
    select distinct (cut at time zone 'UTC')::date as day from unnest(cuts) as cut
    where cut <> date_trunc('day', cut, 'UTC')
  ), used as (
    select day::timestamp at time zone 'UTC' as at, metric_name, aggregation, value, last_at from usage_daily
    where customer_id = planned.customer_id and day >= (period_start at time zone 'UTC')::date
      and day < (period_end at time zone 'UTC')::date and day not in (select day from cut_days)
    union all
    select window_start, metric_name, aggregation, value, last_at from cut_days join usage_records
      on customer_id = planned.customer_id and window_start >= cut_days.day::timestamp at time zone 'UTC'
        and window_start < (cut_days.day + 1)::timestamp at time zone 'UTC'
  ), totals as (
    select (select count(*) from unnest(cuts) as cut where cut <= at) as part, metric_name,
      case aggregation when 'max' then max(value) when 'min' then min(value)
        when 'last' then (array_agg(value order by last_at desc, value desc))[1] else sum(value) end as value
    from used group by part, metric_name, aggregation
  ), adjusted as (
    select (select count(*) from unnest(cuts) as cut where cut <= at) as part, metric_name, sum(quantity) as quantity
    from adjustments
    where customer_id = planned.customer_id and at >= period_start and at < period_end group by part, metric_name
  )
  select coalesce(jsonb_agg(jsonb_build_object('part', part, 'metricName', metric_name,
    'value', (coalesce(totals.value, 0) + coalesce(quantity, 0))::text)), '[]') as totals
  from totals full join adjusted using (part, metric_name)`;

const READ_PERIODS = `${CHOSEN}
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
    select total_minor, currency from invoices
    where invoices.customer_id = planned.customer_id and invoices.period_start = planned.period_start
      and status <> 'void' limit 1) as billed on true
order by planned.customer_id`;

/**
 * Reads what customers used in their periods that start in `[fromMs, toMs)`, as far as the ledger has it, in the order of
 * their ids after `afterId`. One statement.
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
    lifetime: { startedMs: timeOrNull(row["started_ms"]), endedMs: timeOrNull(row["ended_ms"]) },
    totals: partTotals(column(row, "totals"), changes.length),
    billedMinor: billed === null ? null : BigInt(billed),
    billedCurrency: row["currency"] ?? null,
  };
}

/** Totals by part, from the JSON of a statement. */
export function partTotals(text: string, changes: number): MetricTotal[][] {
  const totals = JSON.parse(text) as (MetricTotal & { part: number })[];
  return Array.from({ length: Math.max(1, changes) }, (_, index) =>
    totals.filter(({ part }) => part === index).map(({ metricName, value }) => ({ metricName, value })),
  );
}

/** A time that may be absent, epoch ms. */
export function timeOrNull(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}
