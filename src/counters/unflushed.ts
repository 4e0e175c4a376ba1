import { FUTURE_LIMIT_MS } from "../domain/event.ts";
import { hourStart, HOUR_MS } from "../domain/window.ts";
import type { Bucket } from "../domain/bucket.ts";
import { parseBuckets } from "./bucket-reply.ts";
import { BUCKET_TTL_MS, bucketKey, dirtyKey, inflightKey, shardOf } from "./keys.ts";
import type { RedisClient } from "./redis.ts";
import { Script } from "./script.ts";
import unflushedSource from "./unflushed.lua";

/** Largest late window: a bucket may be created this long after its hour. */
const MAX_LATE_MS = 24 * HOUR_MS;

const unflushedScript = new Script(unflushedSource);

/** A customer's buckets that may not be in the ledger yet: one call, answered by the writing replica. */
export async function readUnflushed(
  redis: RedisClient,
  customerId: string,
  nowMs: number,
): Promise<Bucket[]> {
  const shard = shardOf(customerId);
  const keys = [dirtyKey(shard), inflightKey(shard)];
  const first = hourStart(nowMs - BUCKET_TTL_MS - MAX_LATE_MS);
  for (let hourMs = first; hourMs <= nowMs + FUTURE_LIMIT_MS; hourMs += HOUR_MS) {
    keys.push(bucketKey(customerId, hourMs));
  }
  return parseBuckets(await redis.run(unflushedScript, keys, []));
}
