import type { Bucket } from "../domain/bucket.ts";
import { invariant } from "../domain/invariant.ts";
import { hourStart, HOUR_MS } from "../domain/window.ts";
import { parseBuckets } from "./bucket-reply.ts";
import { bucketKey, dirtyKey, inflightKey, shardOf } from "./keys.ts";
import type { RedisClient } from "./redis.ts";
import { Script } from "./script.ts";
import unflushedSource from "./unflushed.lua";

/** Most hours of one reading: every period fits, and so do its keys on a script's stack. */
export const MAX_HOURS = 2000;

const unflushedScript = new Script(unflushedSource);

/**
 * A customer's buckets of the hours in `[fromMs, toMs)` that may not be in the ledger yet.
 *
 * One call, answered by the writing replica; at most {@link MAX_HOURS}.
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
  const keys = [dirtyKey(shard), inflightKey(shard)];
  invariant(toMs - fromMs <= MAX_HOURS * HOUR_MS, `at most ${MAX_HOURS} hours are read at once`);
  for (let hourMs = hourStart(fromMs); hourMs < toMs; hourMs += HOUR_MS) {
    keys.push(bucketKey(customerId, hourMs));
  }
  return parseBuckets(await redis.run(unflushedScript, keys, []));
}
