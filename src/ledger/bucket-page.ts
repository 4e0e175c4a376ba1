import type { Bucket } from "../domain/bucket.ts";
import { formatScaled } from "../domain/decimal.ts";

/**
 * Buckets as three jsonb parameters, each thing said once: a page has many rows and few series.
 *
 * Rows name their bucket (`b`) and series (`s`) by number, and carry a value in the meter's unit and, for `last`, its time.
 */
export interface BucketPage {
  series: string;
  buckets: string;
  rows: string;
}

/** The columns of a page's parts. */
export const PAGE_COLUMNS = {
  series: "number integer, text text, metric_name text, dimensions jsonb, aggregation text",
  buckets: "number integer, customer_id text, hour_ms bigint, epoch text, version bigint",
  rows: "b integer, s integer, v numeric, t bigint",
} as const;

/** Puts buckets into the form in which a flush sends them. */
export function bucketPage(buckets: readonly Bucket[]): BucketPage {
  const numbers = new Map<string, number>();
  const series: object[] = [];
  const rows: object[] = [];
  for (const [b, bucket] of buckets.entries()) {
    for (const { text, series: named, state } of bucket.series) {
      let s = numbers.get(text);
      if (s === undefined) {
        s = numbers.size;
        numbers.set(text, s);
        const { metricName, dimensions, aggregation } = named;
        series.push({ number: s, text, metric_name: metricName, dimensions, aggregation });
      }
      const v = formatScaled(state.value, named.scale);
      rows.push(state.atMs === null ? { b, s, v } : { b, s, v, t: state.atMs });
    }
  }
  const named = buckets.map(({ customerId, hourMs, epoch, version }, number) => ({
    number,
    customer_id: customerId,
    hour_ms: hourMs,
    epoch,
    version: version.toString(),
  }));
  return { series: JSON.stringify(series), buckets: JSON.stringify(named), rows: JSON.stringify(rows) };
}
