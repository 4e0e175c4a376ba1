import type { Bucket } from "../domain/bucket.ts";
import type { CustomerSettings } from "../domain/customer.ts";
import { formatScaled } from "../domain/decimal.ts";
import type { MetricTotal } from "../rating/quantities.ts";
import type { Database, Statement } from "./database.ts";

/** Advisory lock class of the flush; the second key is the shard. */
const FLUSH_LOCK = 1_702_389_091;

/** Columns of usage as one jsonb parameter carries them. */
const USAGE_COLUMNS = `customer_id text, hour_ms bigint, epoch text, series text, metric_name text, dimensions jsonb,
  aggregation text, value numeric, at_ms bigint, version bigint`;

const UPSERT = `
insert into usage_records as held (customer_id, window_start, epoch, series, metric_name, dimensions, aggregation,
  value, last_at, version, flushed_at)
select customer_id, to_timestamp(hour_ms / 1000.0), epoch, sha256(convert_to(series, 'UTF8')), metric_name, dimensions,
  aggregation, value, to_timestamp(at_ms / 1000.0), version, to_timestamp($2::bigint / 1000.0)
from jsonb_to_recordset($1::jsonb) as page (${USAGE_COLUMNS})
on conflict (customer_id, window_start, epoch, series) do update
set value = excluded.value, last_at = excluded.last_at, version = excluded.version, flushed_at = excluded.flushed_at
where held.version < excluded.version
returning 1`;

/**
 * Brings buckets of one shard into the ledger: absolute values, a lower version never replaces a higher one.
 *
 * One transaction; the shard's lock is a statement of its own, so that the upsert sees what its last holder wrote.
 * Answers how many rows changed. May be repeated.
 */
export async function upsertBuckets(
  database: Database,
  shard: number,
  buckets: readonly Bucket[],
  nowMs: number,
): Promise<number> {
  const lock: Statement = {
    text: "select pg_advisory_xact_lock($1::int, $2::int)::text",
    params: [FLUSH_LOCK, shard],
  };
  const upsert: Statement = { text: UPSERT, params: [bucketRows(buckets), nowMs] };
  const [, changed] = await database.transaction([lock, upsert]);
  return changed?.length ?? 0;
}

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
), live as (
  select *, to_timestamp(hour_ms / 1000.0) as window_start
  from jsonb_to_recordset($7::jsonb) as page (${USAGE_COLUMNS})
), newer as (
  select distinct window_start, epoch from live
  where not exists (
    select 1 from usage_records held where held.customer_id = $1 and held.window_start = live.window_start
      and held.epoch = live.epoch and held.version > live.version)
), merged as (
  select metric_name, aggregation, value, to_timestamp(at_ms / 1000.0) as last_at
  from live join newer using (window_start, epoch), period
  where window_start >= period_start and window_start < period_end
  union all
  select metric_name, aggregation, value, last_at from usage_records held, period
  where held.customer_id = $1 and held.window_start >= period_start and held.window_start < period_end
    and not exists (
      select 1 from newer where newer.window_start = held.window_start and newer.epoch = held.epoch)
), totals as (
  select metric_name, case aggregation when 'max' then max(value) when 'min' then min(value)
    when 'last' then (array_agg(value order by last_at desc, value desc))[1] else sum(value) end as value
  from merged group by metric_name, aggregation
)
select (select settings from customers where customer_id = $1)::text as settings,
  (select deleted_at is not null from customers where customer_id = $1)::text as is_deleted, is_row::text, (extract(epoch from period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from period_end) * 1000)::bigint::text as end_ms,
  (select coalesce(jsonb_agg(jsonb_build_object('metricName', metric_name, 'value', value::text)), '[]')
    from totals)::text as totals
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

function bucketRows(buckets: readonly Bucket[]): string {
  const rows = buckets.flatMap((bucket) =>
    bucket.series.map(({ text, series, state }) => ({
      customer_id: bucket.customerId,
      hour_ms: bucket.hourMs,
      epoch: bucket.epoch,
      series: text,
      metric_name: series.metricName,
      dimensions: series.dimensions,
      aggregation: series.aggregation,
      value: formatScaled(state.value, series.scale),
      at_ms: state.atMs,
      version: bucket.version.toString(),
    })),
  );
  return JSON.stringify(rows);
}
