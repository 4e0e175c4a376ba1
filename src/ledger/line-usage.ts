import type { DayUsage } from "../rating/explain-line.ts";
import type { Database } from "./database.ts";
import { column } from "./row.ts";

/**
 * What a customer's metric had in the hours of `[startMs, endMs)`, day by day (UTC), adjustments beside it. Days that are not
 * wholly inside are read by the hour.
 */
export async function readLineUsage(
  database: Database,
  customerId: string,
  metricName: string,
  { startMs, endMs }: { startMs: number; endMs: number },
): Promise<DayUsage[]> {
  const rows = await database.query(
    `
with bounds as (
  select to_timestamp($3::bigint / 1000.0) as from_at, to_timestamp($4::bigint / 1000.0) as to_at,
    date_trunc('day', to_timestamp($3::bigint / 1000.0) + interval '24 hours - 1 microsecond', 'UTC') as first_whole,
    date_trunc('day', to_timestamp($4::bigint / 1000.0), 'UTC') as after_whole
), used as (
  select day, aggregation, value, last_at from bounds join usage_daily
    on customer_id = $1 and day >= (first_whole at time zone 'UTC')::date and day < (after_whole at time zone 'UTC')::date
  where metric_name = $2
  union all
  select (window_start at time zone 'UTC')::date, aggregation, value, last_at from bounds join usage_records
    on customer_id = $1 and window_start >= from_at and window_start < to_at
  where metric_name = $2 and (window_start < first_whole or window_start >= after_whole)
), days as (
  select day, case aggregation when 'max' then max(value) when 'min' then min(value)
    when 'last' then (array_agg(value order by last_at desc, value desc))[1] else sum(value) end as used
  from used group by day, aggregation
), adjusted as (
  select (at at time zone 'UTC')::date as day, sum(quantity) as adjusted from adjustments, bounds
  where customer_id = $1 and metric_name = $2 and at >= from_at and at < to_at group by 1
)
select day::text, used::text, coalesce(adjusted, 0)::text as adjusted from days full join adjusted using (day) order by day`,
    [customerId, metricName, startMs, endMs],
  );
  return rows.map((row) => ({
    day: column(row, "day"),
    used: row["used"] ?? null,
    adjusted: column(row, "adjusted"),
  }));
}
