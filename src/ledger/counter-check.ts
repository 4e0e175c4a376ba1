import type { Bucket } from "../domain/bucket.ts";
import { bucketRows, USAGE_COLUMNS } from "./bucket-rows.ts";
import type { Database } from "./database.ts";
import { foundHours, metricsIn } from "./recomputed-days.ts";
import { column, timeColumn } from "./row.ts";

/** A customer-hour and the version that the ledger holds of each epoch of it. */
export interface HeldHour {
  customerId: string;
  hourMs: number;
  versions: ReadonlyMap<string, bigint>;
}

/** A series of which counter and ledger do not say the same; null where one of them has nothing. */
export interface CounterDifference {
  metricName: string;
  dimensions: Record<string, string>;
  counter: string | null;
  ledger: string | null;
}

/** What the ledger has of a bucket's epoch. */
export interface BucketComparison {
  bucket: Bucket;
  /** Undefined when the ledger has nothing of this epoch. */
  version: bigint | undefined;
  differing: number;
  /** The first series that differ. */
  series: CounterDifference[];
}

/**
 * Customer-hours since `fromMs` that were flushed since `flushedSinceMs`, at most `limit`, which of more is chosen by
 * `seed`; and those of `named`, whatever the ledger has of them.
 */
export async function heldHours(
  database: Database,
  range: { fromMs: number; flushedSinceMs: number },
  seed: number,
  limit: number,
  named: readonly { customerId: string; hourMs: number }[],
): Promise<HeldHour[]> {
  const rows = await database.query(
    `
with recursive ${metricsIn("usage_records")}, sampled as (
  select customer_id, window_start from (
    select distinct customer_id, window_start from usage_records_metrics cross join lateral ${foundHours(
      "customer_id, window_start",
      `metric_name = usage_records_metrics.metric_name and window_start >= to_timestamp($1::bigint / 1000.0)
        and flushed_at >= to_timestamp($2::bigint / 1000.0)`,
    )}
  ) as flushed
  order by hashtextextended(customer_id || extract(epoch from window_start)::text, $3::bigint) limit $4
), asked as (
  select customer_id, window_start from sampled
  union
  select "customerId", to_timestamp("hourMs" / 1000.0)
  from jsonb_to_recordset($5::jsonb) as named ("customerId" text, "hourMs" bigint)
)
select customer_id, (extract(epoch from window_start) * 1000)::bigint::text as hour_ms,
  coalesce(jsonb_object_agg(epoch, version::text) filter (where epoch is not null), '{}')::text as versions
from asked left join (
  select customer_id, window_start, epoch, max(version) as version
  from usage_records join asked using (customer_id, window_start) group by customer_id, window_start, epoch
) as held using (customer_id, window_start)
group by customer_id, window_start`,
    [range.fromMs, range.flushedSinceMs, seed, limit, JSON.stringify(named)],
  );
  return rows.map((row) => ({
    customerId: column(row, "customer_id"),
    hourMs: timeColumn(row, "hour_ms"),
    versions: new Map(
      Object.entries(JSON.parse(column(row, "versions")) as Record<string, string>).map(
        ([epoch, version]) => [epoch, BigInt(version)],
      ),
    ),
  }));
}

const COMPARE = `
with buckets as (
  select place, epoch, customer_id, to_timestamp(hour_ms / 1000.0) as window_start
  from jsonb_to_recordset($1::jsonb) as buckets (place integer, customer_id text, hour_ms bigint, epoch text)
), counted as (
  select customer_id, to_timestamp(hour_ms / 1000.0) as window_start, sha256(convert_to(series, 'UTF8')) as series,
    metric_name, dimensions, aggregation, value, to_timestamp(at_ms / 1000.0) as last_at
  from jsonb_to_recordset($2::jsonb) as page (${USAGE_COLUMNS})
), counters as (
  select place, series, metric_name, dimensions, aggregation, value, last_at
  from buckets join counted using (customer_id, window_start)
), held as (
  select place, series, metric_name, dimensions, aggregation, value, last_at, version
  from buckets join usage_records using (customer_id, window_start, epoch)
), differing as (
  select place, count(*) as differing, jsonb_path_query_array(jsonb_agg(jsonb_build_object(
    'metricName', coalesce(counters.metric_name, held.metric_name),
    'dimensions', coalesce(counters.dimensions, held.dimensions), 'counter', trim_scale(counters.value)::text,
    'ledger', trim_scale(held.value)::text)), '$[0 to 9]') as series
  from counters full join held using (place, series)
  where (counters.metric_name, counters.dimensions, counters.aggregation, counters.value, counters.last_at)
    is distinct from (held.metric_name, held.dimensions, held.aggregation, held.value, held.last_at)
  group by place
), versions as (
  select place, max(version) as version from held group by place
)
select place::text, version::text, coalesce(differing, 0)::text as differing, coalesce(series, '[]')::text as series
from buckets left join versions using (place) left join differing using (place) order by place`;

/** Compares buckets with what the ledger has of their epochs now. */
export async function compareBuckets(
  database: Database,
  buckets: readonly Bucket[],
): Promise<BucketComparison[]> {
  const named = buckets.map(({ customerId, hourMs, epoch }, place) => ({
    place,
    customer_id: customerId,
    hour_ms: hourMs,
    epoch,
  }));
  const rows = await database.query(COMPARE, [JSON.stringify(named), bucketRows(buckets)]);
  return rows.flatMap((row) => {
    const bucket = buckets[Number(column(row, "place"))];
    const version = row["version"];
    return bucket === undefined
      ? []
      : [
          {
            bucket,
            version: typeof version === "string" ? BigInt(version) : undefined,
            differing: Number(column(row, "differing")),
            series: JSON.parse(column(row, "series")) as CounterDifference[],
          },
        ];
  });
}
