import type { Bucket } from "../domain/bucket.ts";
import { parseBuckets } from "./bucket-reply.ts";
import { bucketKeys, dirtyKey, inflightKey, shardOf } from "./keys.ts";
import type { RedisClient } from "./redis.ts";
import { Script } from "./script.ts";
import unflushedSource from "./unflushed.lua";

const unflushedScript = new Script(unflushedSource);

/**
 * A customer's buckets of the hours in `[fromMs, toMs)` that may not be in the ledger yet.
 *
 * One call, answered by the writing replica; at most `MAX_HOURS`.
 */
export async function readUnflushed(
  redis: RedisClient,
  customerId: string,
  fromMs: number,
  toMs: number,
): Promise<Bucket[]> {
  if (toMs <= fromMs) {
    return [];
  }
  const shard = shardOf(customerId);
  const keys = [dirtyKey(shard), inflightKey(shard), ...bucketKeys(customerId, fromMs, toMs)];
  return parseBuckets(await redis.run(unflushedScript, keys, []));
}
