import flushLagSource from "./flush-lag.lua";
import { dirtyKey, inflightKey, SHARDS } from "./keys.ts";
import type { RedisClient } from "./redis.ts";
import { Script } from "./script.ts";

const flushLagScript = new Script(flushLagSource);
const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);
const INDEXES = [...ALL_SHARDS.map(dirtyKey), ...ALL_SHARDS.map(inflightKey)];

/** Since when the bucket waits that is not in the ledger for longest, epoch ms; undefined when none waits. */
export async function oldestUnflushed(redis: RedisClient, nowMs: number): Promise<number | undefined> {
  const oldestMs = Number(await redis.run(flushLagScript, INDEXES, [String(nowMs)]));
  return oldestMs === 0 ? undefined : oldestMs;
}
