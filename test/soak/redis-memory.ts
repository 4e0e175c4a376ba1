import type { Redis } from "ioredis";
import { bucketKey } from "../../src/counters/keys.ts";
import { HOUR_MS } from "../../src/domain/window.ts";
import { CUSTOMERS, customerName } from "./plan.ts";

const PAGE = 500;

/** `used_memory`, in bytes. */
export async function usedMemory(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1] ?? Number.NaN);
}

/** The buckets of the hours that a run has touched, and the remembered ids: both are the keys that expire. */
export interface Keyspace {
  buckets: number;
  bucketBytes: number;
  ids: number;
}

/** Looks at every bucket that a run over `[fromMs, toMs]` can have made. */
export async function readKeyspace(redis: Redis, fromMs: number, toMs: number): Promise<Keyspace> {
  const keys: string[] = [];
  for (let hourMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS; hourMs <= toMs; hourMs += HOUR_MS) {
    for (let rank = 0; rank < CUSTOMERS; rank += 1) {
      keys.push(bucketKey(customerName(rank), hourMs));
    }
  }
  let [buckets, bucketBytes] = [0, 0];
  for (let first = 0; first < keys.length; first += PAGE) {
    const pipeline = redis.pipeline();
    for (const key of keys.slice(first, first + PAGE)) {
      pipeline.memory("USAGE", key, "SAMPLES", 0);
    }
    for (const [error, bytes] of (await pipeline.exec()) ?? []) {
      if (error !== null) {
        throw error;
      }
      buckets += bytes === null ? 0 : 1;
      bucketBytes += Number(bytes ?? 0);
    }
  }
  const expiring = Number(/expires=(\d+)/.exec(await redis.info("keyspace"))?.[1] ?? 0);
  return { buckets, bucketBytes, ids: expiring - buckets };
}
