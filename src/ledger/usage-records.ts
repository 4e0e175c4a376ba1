import type { Bucket } from "../domain/bucket.ts";
import { invariant } from "../domain/invariant.ts";
import { bucketPage, PAGE_COLUMNS } from "./bucket-page.ts";
import type { Database, Row } from "./database.ts";
import { lockShard, noteClaim, type ClaimRecord, type ClaimVerdict } from "./flush-claims.ts";

/**
 * Hours, and the days that they belong to, in one statement.
 *
 * A row is only ever replaced by a later state of the same epoch: sums differ by what was added, maxima only grow, minima
 * only fall. So a day takes the difference, and no other hour is read. Days of one page's hours are merged first.
 */
const UPSERT = `
with named as materialized (
  select number, sha256(convert_to(text, 'UTF8')) as series, metric_name, dimensions, aggregation
  from jsonb_to_recordset($1::jsonb) as named (${PAGE_COLUMNS.series})
), bucket as materialized (
  select number, customer_id, to_timestamp(hour_ms / 1000.0) as window_start, epoch, version
  from jsonb_to_recordset($2::jsonb) as bucket (${PAGE_COLUMNS.buckets})
  where exists (
    select 1 from flush_claims where shard = $5::int and born = $6 and number = $7::bigint and claim_id = $8)
    and not exists (
      select 1 from flush_shards where shard = $5::int and born = $6 and fenced_number >= $7::bigint)
), page as materialized (
  select customer_id, window_start, epoch, series, metric_name, dimensions, aggregation, v as value,
    to_timestamp(t / 1000.0) as last_at, version
  from jsonb_to_recordset($3::jsonb) as states (${PAGE_COLUMNS.rows})
  join bucket on bucket.number = b join named on named.number = s
), before as (
  select customer_id, window_start, epoch, series, held.value
  from page join usage_records held using (customer_id, window_start, epoch, series)
), changed as (
  insert into usage_records as held (customer_id, window_start, epoch, series, metric_name, dimensions, aggregation,
    value, last_at, version, flushed_at)
  select customer_id, window_start, epoch, series, metric_name, dimensions, aggregation, value, last_at, version,
    to_timestamp($4::bigint / 1000.0)
  from page
  on conflict (customer_id, window_start, epoch, series) do update
  set value = excluded.value, last_at = excluded.last_at, version = excluded.version, flushed_at = excluded.flushed_at
  where held.version < excluded.version
  returning customer_id, window_start, epoch, series, aggregation, value, last_at
), day as (
  select customer_id, (window_start at time zone 'UTC')::date as day, series,
    case min(aggregation) when 'max' then max(changed.value) when 'min' then min(changed.value)
      when 'last' then (array_agg(changed.value order by last_at desc, changed.value desc))[1]
      else sum(changed.value - coalesce(before.value, 0)) end as value,
    max(last_at) as last_at
  from changed left join before using (customer_id, window_start, epoch, series)
  group by customer_id, day, series
), rolled as (
  insert into usage_daily as held (customer_id, day, series, metric_name, dimensions, aggregation, value, last_at)
  select customer_id, day, series, metric_name, dimensions, aggregation, value, last_at from day join named using (series)
  on conflict (customer_id, day, series) do update
  set value = case held.aggregation when 'max' then greatest(held.value, excluded.value)
      when 'min' then least(held.value, excluded.value)
      when 'last' then case when (excluded.last_at, excluded.value) > (held.last_at, held.value)
        then excluded.value else held.value end
      else held.value + excluded.value end,
    last_at = greatest(held.last_at, excluded.last_at)
)
select count(*)::text as changed from changed`;

/**
 * Brings buckets of a claim into the ledger: absolute values, a lower version never replaces a higher one.
 *
 * One transaction: the shard's lock as a statement of its own, the claim's record, then hours and days. Answers the
 * ledger's verdict on the claim, and how many rows changed. May be repeated, also with a part of the buckets.
 */
export async function writeClaim(
  database: Database,
  claim: ClaimRecord,
  buckets: readonly Bucket[],
  nowMs: number,
): Promise<{ verdict: ClaimVerdict; rowsChanged: number }> {
  const { shard, born, number, claimId } = claim;
  const page = bucketPage(buckets);
  const [, noted, written] = await database.transaction([
    lockShard(shard),
    noteClaim(claim, nowMs),
    {
      text: UPSERT,
      params: [page.series, page.buckets, page.rows, nowMs, shard, born, number, claimId],
    },
  ]);
  return {
    verdict: firstOf(noted, "verdict") as ClaimVerdict,
    rowsChanged: Number(firstOf(written, "changed")),
  };
}

function firstOf(rows: readonly Row[] | undefined, name: string): string {
  const value = rows?.[0]?.[name];
  invariant(typeof value === "string", `the statement answers ${name}`);
  return value;
}
