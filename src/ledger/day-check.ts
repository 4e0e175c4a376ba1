import type { Database, Row } from "./database.ts";
import { DIFFERING_DAYS, foundHours, hoursOf, metricsIn, startOf } from "./recomputed-days.ts";
import { column } from "./row.ts";

/** A customer's UTC day, `2026-11-23`. */
export interface CustomerDay {
  customerId: string;
  day: string;
}

/** A series of which day and hours do not say the same; null where one of them has nothing. */
export interface DayDifference {
  metricName: string;
  dimensions: Record<string, string>;
  hours: string | null;
  day: string | null;
  hoursLastAt: string | null;
  dayLastAt: string | null;
}

export interface DayDrift extends CustomerDay {
  /** How many series differ. */
  differing: number;
  /** The first of them. */
  series: DayDifference[];
}

/**
 * Customer-days with hours since `fromMs` that were flushed since `flushedSinceMs`, at most `limit`; which of more is
 * chosen by `seed`.
 */
export async function changedDays(
  database: Database,
  fromMs: number,
  flushedSinceMs: number,
  seed: number,
  limit: number,
): Promise<CustomerDay[]> {
  const rows = await database.query(
    `
with recursive ${metricsIn("usage_records")}
select customer_id, to_char(day, 'YYYY-MM-DD') as day from (
  select distinct customer_id, (window_start at time zone 'UTC')::date as day
  from usage_records_metrics cross join lateral ${foundHours(
    "customer_id, window_start",
    `metric_name = usage_records_metrics.metric_name and window_start >= to_timestamp($1::bigint / 1000.0)
      and flushed_at >= to_timestamp($2::bigint / 1000.0)`,
  )}
) as changed
order by hashtextextended(customer_id || day::text, $3::bigint) limit $4`,
    [fromMs, flushedSinceMs, seed, limit],
  );
  return rows.map(readDay);
}

/** The customers of one day, by its hours or its days; at most `limit`, which of more is chosen by `seed`. */
export async function customersOfDay(
  database: Database,
  day: string,
  seed: number,
  limit: number,
): Promise<CustomerDay[]> {
  const rows = await database.query(
    `
with recursive ${metricsIn("usage_records")}, ${metricsIn("usage_daily")}
select customer_id, $1 as day from (
  select customer_id from usage_records_metrics cross join lateral ${foundHours(
    "customer_id",
    `metric_name = usage_records_metrics.metric_name and window_start >= ${startOf("$1::date")}
      and window_start < ${startOf("$1::date + 1")}`,
  )}
  union
  select customer_id from usage_daily_metrics join usage_daily using (metric_name) where day = $1::date
) as customers
order by hashtextextended(customer_id, $2::bigint) limit $3`,
    [day, seed, limit],
  );
  return rows.map(readDay);
}

const DIFFERING = `
with page as (
  select "customerId" as customer_id, day from jsonb_to_recordset($1::jsonb) as page ("customerId" text, day date)
), compared as (
  select distinct customer_id, day from page
  where day >= $2::date or exists (select 1 from usage_records where ${hoursOf("page.customer_id", "page.day")})
), ${DIFFERING_DAYS}
select customer_id, to_char(day, 'YYYY-MM-DD') as day, count(*)::text as differing,
  jsonb_path_query_array(jsonb_agg(jsonb_build_object('metricName', metric_name, 'dimensions', dimensions,
    'hours', trim_scale(hours_value)::text, 'day', trim_scale(day_value)::text,
    'hoursLastAt', hours_last_at, 'dayLastAt', day_last_at) order by metric_name, series), '$[0 to 9]')::text as series
from differing group by customer_id, day order by day, customer_id`;

/**
 * Those of the customer-days that do not agree with their hours.
 *
 * A day before `emptySince` that has no hours at all is not compared: retention has removed them.
 */
export async function differingDays(
  database: Database,
  days: readonly CustomerDay[],
  emptySince: string,
): Promise<DayDrift[]> {
  const rows = await database.query(DIFFERING, [JSON.stringify(days), emptySince]);
  return rows.map((row) => ({
    ...readDay(row),
    differing: Number(column(row, "differing")),
    series: JSON.parse(column(row, "series")) as DayDifference[],
  }));
}

function readDay(row: Row): CustomerDay {
  return { customerId: column(row, "customer_id"), day: column(row, "day") };
}
