import { invariant } from "../domain/invariant.ts";
import type { Period } from "../domain/period.ts";
import type { Database } from "./database.ts";
import { lockShard } from "./flush-claims.ts";
import { DIFFERING_DAYS, startOf } from "./recomputed-days.ts";
import { column, timeColumn } from "./row.ts";

const REPAIR = `
with found as (
  select (window_start at time zone 'UTC')::date as day from usage_records
  where customer_id = $1 and window_start >= to_timestamp($2::bigint / 1000.0)
    and window_start < to_timestamp($3::bigint / 1000.0)
  order by window_start limit $4::int
), reached as (
  -- The last day may be found in part; one day is done in any case.
  select case when count(*) < $4::int then (to_timestamp($3::bigint / 1000.0) at time zone 'UTC')::date
    else greatest(min(day) + 1, max(day)) end as day
  from found
), compared as (
  select distinct $1::text as customer_id, found.day from found, reached where found.day < reached.day
), ${DIFFERING_DAYS}, written as (
  insert into usage_daily as held (customer_id, day, series, metric_name, dimensions, aggregation, value, last_at)
  select customer_id, day, series, recomputed.metric_name, recomputed.dimensions, aggregation, value, last_at
  from recomputed join differing using (customer_id, day, series)
  on conflict (customer_id, day, series) do update set metric_name = excluded.metric_name,
    dimensions = excluded.dimensions, aggregation = excluded.aggregation, value = excluded.value,
    last_at = excluded.last_at
), removed as (
  delete from usage_daily using differing
  where differing.hours_value is null and usage_daily.customer_id = differing.customer_id
    and usage_daily.day = differing.day and usage_daily.series = differing.series
)
select (select count(*) from differing)::text as repaired,
  (extract(epoch from ${startOf("day")}) * 1000)::bigint::text as reached_ms
from reached`;

/** How far a repair has come. */
export interface DayRepair {
  /** How many series of days were not what their hours say. */
  repaired: number;
  /** The midnight that was reached: the range's end when all is done. */
  reachedMs: number;
}

/**
 * Makes a customer's days of a range of midnights in UTC what their hours say: the first days, as many as have about
 * `limit` rows of hours, at least one. Go on from where it has come to.
 *
 * One transaction under the shard's lock: no flush comes in between. A day without any hours stays as it is. May be
 * repeated.
 */
export async function repairDays(
  database: Database,
  shard: number,
  customerId: string,
  { startMs, endMs }: Period,
  limit: number,
): Promise<DayRepair> {
  const [, [row] = []] = await database.transaction([
    lockShard(shard),
    { text: REPAIR, params: [customerId, startMs, endMs, limit] },
  ]);
  invariant(row !== undefined, "a repair answers one row");
  return { repaired: Number(column(row, "repaired")), reachedMs: timeColumn(row, "reached_ms") };
}
