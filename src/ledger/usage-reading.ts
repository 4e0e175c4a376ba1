import type { Bucket } from "../domain/bucket.ts";
import type { CustomerSettings } from "../domain/customer.ts";
import type { MetricTotal } from "../rating/quantities.ts";
import { bucketRows, USAGE_COLUMNS } from "./bucket-rows.ts";
import type { Database } from "./database.ts";

/** Which of a customer's periods is meant: the one whose start lies in the range and whose end is past a moment. */
export interface PeriodChoice {
  startFromMs: number;
  startToMs: number;
  endAfterMs: number;
  /** Taken when the customer has no such period. */
  otherwise: { startMs: number; endMs: number };
}

export interface UsageReading {
  /** The customer document, also a deleted customer's; undefined for one that was never put. */
  settings: CustomerSettings | undefined;
  isDeleted: boolean;
  period: { startMs: number; endMs: number };
  /** False when the period is only the one asked for otherwise. */
  hasPeriod: boolean;
  totals: MetricTotal[];
}

const READ_USAGE = `
with asked as (
  select period_start, period_end, true as is_row from billing_periods
  where customer_id = $1 and period_start >= to_timestamp($2::bigint / 1000.0)
    and period_start <= to_timestamp($3::bigint / 1000.0) and period_end > to_timestamp($4::bigint / 1000.0)
  order by period_start limit 1
), period as (
  select * from asked
  union all
  select to_timestamp($5::bigint / 1000.0), to_timestamp($6::bigint / 1000.0), false
  where not exists (select 1 from asked)
), page as (
  select epoch, sha256(convert_to(series, 'UTF8')) as series, metric_name, aggregation, value, version,
    to_timestamp(hour_ms / 1000.0) as window_start, to_timestamp(at_ms / 1000.0) as last_at
  from jsonb_to_recordset($7::jsonb) as page (${USAGE_COLUMNS})
), live as (
  select page.metric_name, page.aggregation, page.value, page.last_at, held.value as held_value
  from period, page left join usage_records held
    on held.customer_id = $1 and held.window_start = page.window_start and held.epoch = page.epoch
      and held.series = page.series
  where page.window_start >= period_start and page.window_start < period_end
    and (held.version is null or held.version < page.version)
), merged as (
  -- A day holds what is held of an hour: a sum takes the difference, the others merge with what they came from.
  select metric_name, aggregation,
    case when aggregation in ('sum', 'count') then value - coalesce(held_value, 0) else value end as value, last_at
  from live
  union all
  select metric_name, aggregation, value, last_at from usage_daily, period
  where customer_id = $1 and day >= (period_start at time zone 'UTC')::date
    and day < (period_end at time zone 'UTC')::date
), adjusted as (
  select metric_name, sum(quantity) as quantity from adjustments, period
  where customer_id = $1 and at >= period_start and at < period_end group by metric_name
), totals as (
  select metric_name, case aggregation when 'max' then max(value) when 'min' then min(value)
    when 'last' then (array_agg(value order by last_at desc, value desc))[1] else sum(value) end as value
  from merged group by metric_name, aggregation
), summed as (
  select metric_name, coalesce(totals.value, 0) + coalesce(quantity, 0) as value
  from totals full join adjusted using (metric_name)
)
select (select settings from customers where customer_id = $1)::text as settings,
  (select deleted_at is not null from customers where customer_id = $1)::text as is_deleted, is_row::text,
  (extract(epoch from period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from period_end) * 1000)::bigint::text as end_ms,
  (select coalesce(jsonb_agg(jsonb_build_object('metricName', metric_name, 'value', value::text)), '[]')
    from summed)::text as totals
from period`;

/**
 * Reads a customer's period: the ledger, with `live` buckets in place of what it holds of them unless its own version
 * is newer. One statement; read `live` first, so that nothing can fall between the two.
 */
export async function readUsage(
  database: Database,
  customerId: string,
  choice: PeriodChoice,
  live: readonly Bucket[],
): Promise<UsageReading> {
  const [row] = await database.query(READ_USAGE, [
    customerId,
    choice.startFromMs,
    choice.startToMs,
    choice.endAfterMs,
    choice.otherwise.startMs,
    choice.otherwise.endMs,
    bucketRows(live),
  ]);
  return {
    settings: (JSON.parse(row?.["settings"] ?? "null") as CustomerSettings | null) ?? undefined,
    isDeleted: row?.["is_deleted"] === "true",
    period: { startMs: Number(row?.["start_ms"]), endMs: Number(row?.["end_ms"]) },
    hasPeriod: row?.["is_row"] === "true",
    totals: JSON.parse(row?.["totals"] ?? "[]") as MetricTotal[],
  };
}
