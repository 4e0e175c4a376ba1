import type { Database } from "./database.ts";
import { lockShard } from "./flush-claims.ts";
import { DIFFERING_DAYS, hoursOf } from "./recomputed-days.ts";

const REPAIR = `
with compared as (
  select $1::text as customer_id, day from (
    select (to_timestamp($2::bigint / 1000.0) at time zone 'UTC')::date + n as day
    from generate_series(0, $3::integer - 1) as n
  ) as days
  where exists (select 1 from usage_records where ${hoursOf("$1::text", "days.day")})
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
select count(*)::text as repaired from differing`;

/**
 * Makes a customer's days what their hours say, from a midnight in UTC on; answers how many series of days were not.
 *
 * One transaction under the shard's lock: no flush comes in between. A day without any hours stays as it is. May be
 * repeated.
 */
export async function repairDays(
  database: Database,
  shard: number,
  customerId: string,
  fromMs: number,
  days: number,
): Promise<number> {
  const [, repaired] = await database.transaction([
    lockShard(shard),
    { text: REPAIR, params: [customerId, fromMs, days] },
  ]);
  return Number(repaired?.[0]?.["repaired"] ?? 0);
}
