import { invariant } from "../domain/invariant.ts";
import { MINUTE_MS } from "../domain/window.ts";
import acknowledgeSource from "./acknowledge.lua";
import type { Bucket } from "../domain/bucket.ts";
import { parseBuckets } from "./bucket-reply.ts";
import claimSource from "./claim.lua";
import { dirtyKey, inflightKey, metaKey, SHARDS } from "./keys.ts";
import type { RedisClient } from "./redis.ts";
import { Script } from "./script.ts";

/** A claim not acknowledged for this long is taken over: its run is dead. */
const ABANDONED_AFTER_MS = 3 * MINUTE_MS;

/** Most buckets of one claim: what a script's stack holds. */
export const MAX_CLAIM_BUCKETS = 1000;

/** Fields after which a claim takes no more buckets, so that neither answer nor transaction grows beyond some MB. */
const MAX_CLAIM_FIELDS = 10_000;

const claimScript = new Script(claimSource);
const acknowledgeScript = new Script(acknowledgeSource);

export interface ClaimRequest {
  shard: number;
  /** Fresh for every execution, also for a repeat of a call that hung. */
  claimId: string;
  nowMs: number;
  maxBuckets: number;
  /** Fresh randomness; kept by a Redis that has no past. */
  born: string;
}

export interface Claim {
  claimId: string;
  shard: number;
  /** Tells one life of the shard's indexes from another. */
  born: string;
  /** Claims of this shard so far that took something; 0 when this one took nothing. */
  number: number;
  /** Index entries taken out: the buckets, and what had expired. */
  entries: number;
  /** True when the shard may hold more that can be taken now. */
  hasMore: boolean;
  buckets: Bucket[];
}

/** True when any bucket is dirty or in flight: one command, so that an idle minute costs next to nothing. */
export async function hasWork(redis: RedisClient): Promise<boolean> {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  return (await redis.countExisting([...shards.map(dirtyKey), ...shards.map(inflightKey)])) > 0;
}

/** Takes a page of a shard's buckets, abandoned ones first, then the ones that are dirty longest. */
export async function claimBuckets(redis: RedisClient, request: ClaimRequest): Promise<Claim> {
  const { shard, claimId, nowMs, maxBuckets, born } = request;
  invariant(maxBuckets <= MAX_CLAIM_BUCKETS, `a claim takes at most ${MAX_CLAIM_BUCKETS} buckets`);
  const minute = Math.floor(nowMs / MINUTE_MS);
  const reply = await redis.run(
    claimScript,
    [dirtyKey(shard), inflightKey(shard), metaKey(shard)],
    [
      claimId,
      ...[nowMs, nowMs - ABANDONED_AFTER_MS, maxBuckets].map(String),
      born,
      String(minute),
      String(MAX_CLAIM_FIELDS),
    ],
  );
  invariant(Array.isArray(reply) && reply.length === 5, "the claim script answers five things");
  const [foundBorn, number, entries, more, pages] = reply as [string, number, number, number, unknown];
  return {
    claimId,
    shard,
    born: foundBorn,
    number,
    entries,
    hasMore: more === 1,
    buckets: parseBuckets(pages),
  };
}

/** Lets go of buckets that are in the ledger, as far as this claim still holds them; answers how many. */
export async function acknowledgeBuckets(redis: RedisClient, claim: Claim): Promise<number> {
  if (claim.buckets.length === 0) {
    return 0;
  }
  const keys = claim.buckets.map(({ key }) => key);
  return Number(await redis.run(acknowledgeScript, [inflightKey(claim.shard)], [claim.claimId, ...keys]));
}
