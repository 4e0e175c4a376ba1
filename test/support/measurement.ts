import { bucketKey, shardOf, SHARDS } from "../../src/counters/keys.ts";
import type { IdentifiedGroup } from "../../src/domain/identified-group.ts";
import type { Measurement } from "../../src/domain/event.ts";
import { formatSeries, type Series } from "../../src/domain/series.ts";
import { hourStart } from "../../src/domain/window.ts";

/** Far ahead of any real clock, so that Redis expires nothing that a test has made at this time. */
export const NOW_MS = Date.parse("2100-03-15T12:34:56.789Z");
export const THIS_HOUR_MS = hourStart(NOW_MS);

export const callsSeries: Series = { metricName: "api_calls", aggregation: "sum", scale: 0, dimensions: {} };

/** One call of one customer now, unless told otherwise. */
export function measured(changes: Partial<Measurement> = {}): Measurement {
  const series = changes.series ?? callsSeries;
  return {
    customerId: "cus_acme",
    series,
    seriesText: formatSeries(series),
    value: 1n,
    timeMs: NOW_MS,
    ...changes,
  };
}

/** Measurements under one id; the fingerprint is of the content given. */
export function identified(
  id: string,
  measurements: Measurement | (Measurement | null)[] = measured(),
  content = "same",
): IdentifiedGroup {
  return { idDigest: id, fingerprint: content.padEnd(12, "."), measurements: [measurements].flat() };
}

export function seriesOf(changes: Partial<Series>): Series {
  return { ...callsSeries, ...changes };
}

/** The hash field of a series. */
export const CALLS_FIELD = formatSeries(callsSeries);
export const ACME_BUCKET = bucketKey("cus_acme", NOW_MS);
export const ACME_SHARD = shardOf("cus_acme");

/** A customer of the shard. */
export function customerOfShard(shard: number): string {
  for (let number = 0; number < SHARDS * 1000; number += 1) {
    if (shardOf(`cus_${number}`) === shard) {
      return `cus_${number}`;
    }
  }
  throw new Error(`no customer of shard ${shard}`);
}
