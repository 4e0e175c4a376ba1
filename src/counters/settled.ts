import type { Bucket } from "../domain/bucket.ts";
import { invariant } from "../domain/invariant.ts";
import { parseBuckets } from "./bucket-reply.ts";
import { bucketKey, dirtyKey, inflightKey, shardOf, type BucketName } from "./keys.ts";
import type { RedisClient } from "./redis.ts";
import { Script } from "./script.ts";
import settledSource from "./settled.lua";

const settledScript = new Script(settledSource);

/** Most buckets of one reading: so many commands, and what a script's stack holds many times over. */
export const MAX_SETTLED_BUCKETS = 500;
/** Fields after which no more buckets are read, so that the answer stays within some MB. */
const MAX_FIELDS = 10_000;

export interface SettledBuckets {
  /** Those that are in no index: the ledger must have them as they are. */
  settled: Bucket[];
  /** Those that Redis does not have. */
  gone: BucketName[];
  /** How many are waiting to be flushed. */
  waiting: number;
}

/** Reads buckets that need no flush, at one moment; some of them are not looked at when they hold very much. */
export async function readSettled(redis: RedisClient, names: readonly BucketName[]): Promise<SettledBuckets> {
  invariant(names.length <= MAX_SETTLED_BUCKETS, `at most ${MAX_SETTLED_BUCKETS} buckets are read at once`);
  if (names.length === 0) {
    return { settled: [], gone: [], waiting: 0 };
  }
  const shards = Map.groupBy(names, ({ customerId }) => shardOf(customerId));
  const keys = [...shards].flatMap(([shard, buckets]) => [
    dirtyKey(shard),
    inflightKey(shard),
    ...buckets.map(({ customerId, hourMs }) => bucketKey(customerId, hourMs)),
  ]);
  const counts = [...shards.values()].map(({ length }) => String(length));
  const reply = await redis.run(settledScript, keys, [String(MAX_FIELDS), ...counts]);
  invariant(Array.isArray(reply) && typeof reply[0] === "string", "the script answers letters and buckets");
  const letters: string = reply[0];
  const asked = [...shards.values()].flat();
  return {
    settled: parseBuckets(reply[1]),
    gone: asked.filter((_, index) => letters[index] === "g"),
    waiting: Array.from(letters).filter((letter) => letter === "w").length,
  };
}
