import type { Redis } from "ioredis";
import { bucketKey, dirtyKey, shardOf } from "../../src/counters/keys.ts";
import { formatSeries, type Series } from "../../src/domain/series.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";

/** Series of each bucket, as a busy customer-hour has them. */
export const SERIES: readonly Series[] = [
  { metricName: "api_calls", aggregation: "sum", scale: 0, dimensions: { region: "eu" } },
  { metricName: "storage_gb", aggregation: "max", scale: 3, dimensions: {} },
  { metricName: "compute_seconds", aggregation: "sum", scale: 3, dimensions: {} },
];

const TEXTS = SERIES.map(formatSeries);
const PIPELINE = 1000;

/** A bucket that is to be flushed. */
export interface DirtyBucket {
  customerId: string;
  hourMs: number;
  epoch: string;
  values: string[];
}

/** So many customer-hours of as many customers; another round is of other customers. */
export function dirtyBuckets(count: number, round: number, nowMs: number): DirtyBucket[] {
  const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  return Array.from({ length: count }, (_, index) => ({
    customerId: `cus_${round}_${index}`,
    hourMs,
    epoch: crypto.randomUUID(),
    values: SERIES.map((__, series) => String(index + series + 1)),
  }));
}

/** Puts buckets into Redis as the record script leaves them. */
export async function putDirty(redis: Redis, buckets: readonly DirtyBucket[], nowMs: number): Promise<void> {
  const minute = Math.floor(nowMs / MINUTE_MS);
  for (let first = 0; first < buckets.length; first += PIPELINE) {
    const pipeline = redis.pipeline();
    for (const { customerId, hourMs, epoch, values } of buckets.slice(first, first + PIPELINE)) {
      const key = bucketKey(customerId, hourMs);
      const fields = TEXTS.flatMap((text, series) => [text, values[series] ?? "0"]);
      pipeline.hset(key, "e", epoch, "n", "1", "c", String(SERIES.length), "d", "1", ...fields);
      pipeline.zadd(dirtyKey(shardOf(customerId)), minute, key);
    }
    await pipeline.exec();
  }
}
