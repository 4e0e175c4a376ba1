import { bucketKey } from "../../src/counters/keys.ts";
import type { Bucket } from "../../src/domain/bucket.ts";
import { formatSeries, parseState, type Series } from "../../src/domain/series.ts";
import { callsSeries, seriesOf } from "./measurement.ts";

/** A bucket as a claim answers it; `states` are of series, as the record script writes them. */
export function bucketOf(
  hour: string,
  states: readonly [Partial<Series>, string][],
  changes: Partial<Bucket> = {},
): Bucket {
  const hourMs = Date.parse(`${hour}:00Z`);
  const customerId = changes.customerId ?? "cus_acme";
  return {
    key: bucketKey(customerId, hourMs),
    customerId,
    hourMs,
    epoch: "epoch-1",
    version: 1n,
    series: states.map(([members, state]) => {
      const series = seriesOf(members);
      return { text: formatSeries(series), series, state: parseState(state) };
    }),
    ...changes,
  };
}

/** A bucket of so many calls. */
export function callsBucket(hour: string, count: number | bigint, changes: Partial<Bucket> = {}): Bucket {
  return bucketOf(hour, [[callsSeries, String(count)]], changes);
}
