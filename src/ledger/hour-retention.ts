import type { Database } from "./database.ts";
import { UNSENT } from "./invoices.ts";
import { DIFFERING_DAYS, foundHours, hoursOf, metricsIn, startOf } from "./recomputed-days.ts";
import { column } from "./row.ts";

export interface RetentionReport {
  /** Rows of hours that were removed. */
  removed: number;
  /** Customer-days that keep their hours because they do not agree with them. */
  disagreeing: number;
}

/**
 * No more can be billed of the hour: its period is closed and its invoice is out, or its customer was never put.
 *
 * `offset 0` has the one customer looked up, where all of them would be read once.
 */
const SETTLED = `(
  not exists (select 1 from customers where customers.customer_id = hours.customer_id offset 0)
  or exists (
    select 1 from billing_periods as period
    where period.customer_id = hours.customer_id and period_start <= window_start and period_end > window_start
      and closed_at is not null
      and exists (
        select 1 from invoices
        where invoices.customer_id = period.customer_id and invoices.period_start = period.period_start)
      and not exists (
        select 1 from invoices
        where invoices.customer_id = period.customer_id and invoices.period_start = period.period_start
          and (status in ('in_review', 'blocked') or ${UNSENT}))))
  -- A day in which the plan changed is told apart by its hours for ever.
  and not exists (
    select 1 from customer_plans where customer_plans.customer_id = hours.customer_id
      and effective_from > date_trunc('day', window_start, 'UTC')
      and effective_from < date_trunc('day', window_start, 'UTC') + interval '24 hours' and exists (
        select 1 from customer_plans as before
        where before.customer_id = customer_plans.customer_id and before.effective_from < customer_plans.effective_from)
    offset 0)`;

const REMOVE = `
with recursive ${metricsIn("usage_records")}, horizon as (
  select (to_timestamp($1::bigint / 1000.0) at time zone 'UTC' - make_interval(months => $2::int))::date as day
), oldest as (
  select distinct customer_id, (window_start at time zone 'UTC')::date as day
  from horizon, usage_records_metrics cross join lateral (
    select customer_id, window_start from usage_records as hours
    where hours.metric_name = usage_records_metrics.metric_name and window_start < ${startOf("horizon.day")} and ${SETTLED}
    order by window_start limit $3::int
  ) as found
), counted as (
  select customer_id, day, size, sum(size) over (order by day, customer_id) as running
  from oldest cross join lateral (
    select count(*) as size from usage_records where ${hoursOf("oldest.customer_id", "oldest.day")}) as sizes
), compared as (
  select customer_id, day from counted where running <= $3::int or running = size
), ${DIFFERING_DAYS}, agreeing as (
  select customer_id, day from compared except select customer_id, day from differing
), removed as (
  delete from usage_records where ctid = any (array(
    select place from agreeing cross join lateral ${foundHours(
      "ctid as place",
      hoursOf("agreeing.customer_id", "agreeing.day"),
    )}))
  returning 1
)
select (select count(*) from removed)::text as removed,
  (select count(distinct (customer_id, day)) from differing)::text as disagreeing`;

/**
 * Removes hours of days more than `months` ago, the oldest first, whole customer-days of about `limit` rows together.
 *
 * Only where nothing of them can be billed any more and the day, which stays, agrees with them.
 */
export async function removeOldHours(
  database: Database,
  nowMs: number,
  months: number,
  limit: number,
): Promise<RetentionReport> {
  const [row] = await database.query(REMOVE, [nowMs, months, limit]);
  return {
    removed: Number(row === undefined ? 0 : column(row, "removed")),
    disagreeing: Number(row === undefined ? 0 : column(row, "disagreeing")),
  };
}
