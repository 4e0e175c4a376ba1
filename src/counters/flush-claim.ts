import { invariant } from "../domain/invariant.ts";
import { MINUTE_MS } from "../domain/window.ts";
import acknowledgeSource from "./acknowledge.lua";
import type { Bucket } from "../domain/bucket.ts";
import { parseBuckets } from "./bucket-reply.ts";
import claimSource from "./claim.lua";
import claimCustomerSource from "./claim-customer.lua";
import putOffSource from "./put-off.lua";
import { bucketKeys, dirtyKey, inflightKey, metaKey, shardOf, SHARDS } from "./keys.ts";
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
const claimCustomerScript = new Script(claimCustomerSource);
const putOffScript = new Script(putOffSource);

/** What the ledger says of a shard: see `ShardState` there. */
export interface LedgerWord {
  born: string;
  number: number;
  setBackAtFences: number | null;
}

export interface ClaimRequest {
  shard: number;
  /** Fresh for every execution, also for a repeat of a call that hung. */
  claimId: string;
  nowMs: number;
  maxBuckets: number;
  /** Fresh randomness; kept by a Redis that has no past. */
  born: string;
  /** Read before this claim; undefined when the ledger knows nothing of the shard. */
  ledger: LedgerWord | undefined;
}

export interface Claim {
  kind: "taken";
  claimId: string;
  shard: number;
  /** Tells one life of the shard's indexes from another. */
  born: string;
  /** How often this Redis was fenced before. */
  fences: number;
  /** Claims of this shard so far that took something; 0 when this one took nothing. */
  number: number;
  /** Index entries taken out: the buckets, and what had expired. */
  entries: number;
  /** The newest claims of this shard, this one among them: they tell one line of copies of Redis from another. */
  recent: { number: number; claimId: string }[];
  /** True when the shard may hold more that can be taken now. */
  hasMore: boolean;
  /** Since when the oldest bucket waited, epoch ms; undefined when none did. */
  oldestMs: number | undefined;
  buckets: Bucket[];
}

/** Redis was set back to an older copy, or a fence is open: nothing is taken. */
export interface NoClaim {
  kind: "set_back" | "fenced";
  shard: number;
  born: string;
  fences: number;
}

/** Takes a page of a shard's buckets, abandoned ones first, then the ones that are dirty longest. */
export async function claimBuckets(redis: RedisClient, request: ClaimRequest): Promise<Claim | NoClaim> {
  const { shard, claimId, nowMs, maxBuckets, born } = request;
  invariant(maxBuckets <= MAX_CLAIM_BUCKETS, `a claim takes at most ${MAX_CLAIM_BUCKETS} buckets`);
  const minute = Math.floor(nowMs / MINUTE_MS);
  const args = [
    claimId,
    ...[nowMs, nowMs - ABANDONED_AFTER_MS, maxBuckets].map(String),
    born,
    String(minute),
    String(MAX_CLAIM_FIELDS),
    ...ledgerWords(request),
  ];
  return readClaim(await redis.run(claimScript, shardKeys(shard), args), shard, claimId);
}

/** Takes those of a customer's buckets in `[fromMs, toMs)` that may not be in the ledger yet, whoever has claimed them. */
export async function claimCustomer(
  redis: RedisClient,
  request: Omit<ClaimRequest, "shard" | "maxBuckets"> & { customerId: string; fromMs: number; toMs: number },
): Promise<Claim | NoClaim> {
  const { customerId, fromMs, toMs, claimId, nowMs, born } = request;
  const shard = shardOf(customerId);
  const hours = bucketKeys(customerId, fromMs, toMs);
  const args = [claimId, String(nowMs), born, String(MAX_CLAIM_FIELDS), ...ledgerWords(request)];
  const reply = await redis.run(claimCustomerScript, [...shardKeys(shard), ...hours], args);
  return readClaim(reply, shard, claimId);
}

function shardKeys(shard: number): string[] {
  return [dirtyKey(shard), inflightKey(shard), metaKey(shard)];
}

function ledgerWords({ ledger }: Pick<ClaimRequest, "ledger">): string[] {
  const { born, number, setBackAtFences } = ledger ?? { born: "", number: 0, setBackAtFences: null };
  return [born, String(number), String(SHARDS), String(setBackAtFences ?? "")];
}

function readClaim(reply: unknown, shard: number, claimId: string): Claim | NoClaim {
  invariant(Array.isArray(reply) && reply.length === 9, "the claim script answers nine things");
  const [kind, born, fences, number, entries, more, oldestMs, pages, recent] = reply as [
    "taken" | NoClaim["kind"],
    string,
    number,
    number,
    number,
    number,
    number,
    unknown,
    string,
  ];
  if (kind !== "taken") {
    return { kind, shard, born, fences };
  }
  return {
    kind,
    claimId,
    shard,
    born,
    fences,
    number,
    entries,
    hasMore: more === 1,
    oldestMs: oldestMs === 0 ? undefined : oldestMs,
    recent: recent.split(" ").flatMap((word) => {
      const [ofNumber = "", id] = word.split("=");
      return id === undefined ? [] : [{ number: Number(ofNumber), claimId: id }];
    }),
    buckets: parseBuckets(pages),
  };
}

/**
 * Keeps a bucket that this claim holds from being taken before a moment; answers whether it did.
 *
 * One that has changed is taken then, another when a claim of that moment is abandoned.
 */
export async function putOffBucket(
  redis: RedisClient,
  claim: Claim,
  bucket: Bucket,
  untilMs: number,
): Promise<boolean> {
  // Any earlier a change would bring it back: it would only look claimed.
  const words = [claim.claimId, bucket.key, String(untilMs)];
  return (await redis.run(putOffScript, [inflightKey(claim.shard)], words)) === 1;
}

/** Lets go of buckets that are in the ledger, as far as this claim still holds them; answers how many. */
export async function acknowledgeBuckets(
  redis: RedisClient,
  claim: Claim,
  buckets: readonly Bucket[] = claim.buckets,
): Promise<number> {
  if (buckets.length === 0) {
    return 0;
  }
  const keys = buckets.map(({ key }) => key);
  return Number(await redis.run(acknowledgeScript, [inflightKey(claim.shard)], [claim.claimId, ...keys]));
}
