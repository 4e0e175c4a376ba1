import type { Bucket } from "../domain/bucket.ts";
import { formatScaled } from "../domain/decimal.ts";

/** Columns of usage as {@link bucketRows} carries them in one jsonb parameter. */
export const USAGE_COLUMNS = `customer_id text, hour_ms bigint, epoch text, series text, metric_name text, dimensions jsonb,
  aggregation text, value numeric, at_ms bigint, version bigint`;

/** Every series of every bucket as one jsonb parameter; values in the meter's unit. */
export function bucketRows(buckets: readonly Bucket[]): string {
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
