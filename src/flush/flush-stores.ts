import {
  beginShards,
  closeFence,
  fencePage,
  openFence,
  raiseNumbers,
  type FencePass,
  type FenceReason,
  type ShardNumber,
} from "../counters/fence.ts";
import {
  acknowledgeBuckets,
  claimBuckets,
  claimCustomer,
  putOffBucket,
  type Claim,
  type ClaimRequest,
  type NoClaim,
} from "../counters/flush-claim.ts";
import type { RedisClient } from "../counters/redis.ts";
import type { Bucket } from "../domain/bucket.ts";
import type { Database } from "../ledger/database.ts";
import {
  fenceShards,
  meetShards,
  readUnreached,
  readShards,
  type ClaimVerdict,
  type ShardState,
} from "../ledger/flush-claims.ts";
import { noteFenced, noteLoss, type RedisLoss } from "../ledger/redis-losses.ts";
import { writeClaim } from "../ledger/usage-records.ts";

export type Shards = ReadonlyMap<number, ShardState>;
export type CustomerClaimRequest = Parameters<typeof claimCustomer>[1];

/** What a flush asks of the stores: each is one call, and may fail before or after it was applied. */
export interface FlushStores {
  readShards: () => Promise<Shards>;
  readUnreached: () => Promise<ReadonlyMap<number, number>>;
  beginShards: (born: string) => Promise<ShardNumber[]>;
  meetShards: (shards: readonly ShardNumber[]) => Promise<void>;
  claim: (request: ClaimRequest) => Promise<Claim | NoClaim>;
  claimCustomer: (request: CustomerClaimRequest) => Promise<Claim | NoClaim>;
  write: (
    claim: Claim,
    buckets: readonly Bucket[],
    nowMs: number,
  ) => Promise<{ verdict: ClaimVerdict; rowsChanged: number }>;
  acknowledge: (claim: Claim, buckets: readonly Bucket[]) => Promise<unknown>;
  putOff: (claim: Claim, bucket: Bucket, untilMs: number) => Promise<unknown>;
  openFence: (incident: string, reason: FenceReason) => Promise<string | undefined>;
  fencePage: (
    pass: FencePass,
    cursor: string,
    epoch: string,
  ) => Promise<{ cursor: string; begun: number } | undefined>;
  raiseNumbers: (
    pass: FencePass,
    unreached: ReadonlyMap<number, number>,
  ) => Promise<ShardNumber[] | undefined>;
  fenceShards: (shards: readonly ShardNumber[]) => Promise<void>;
  closeFence: (pass: FencePass) => Promise<boolean>;
  noteLoss: (loss: RedisLoss) => Promise<void>;
  noteFenced: (lossId: string, nowMs: number) => Promise<void>;
}

/** The stores themselves: scripts and statements. */
export function flushStores(redis: RedisClient, database: Database): FlushStores {
  return {
    readShards: () => readShards(database),
    readUnreached: () => readUnreached(database),
    beginShards: (born) => beginShards(redis, born),
    meetShards: (shards) => meetShards(database, shards),
    claim: (request) => claimBuckets(redis, request),
    claimCustomer: (request) => claimCustomer(redis, request),
    write: (claim, buckets, nowMs) => writeClaim(database, claim, buckets, nowMs),
    acknowledge: (claim, buckets) => acknowledgeBuckets(redis, claim, buckets),
    putOff: (claim, bucket, untilMs) => putOffBucket(redis, claim, bucket, untilMs),
    openFence: (incident, reason) => openFence(redis, incident, reason),
    fencePage: (pass, cursor, epoch) => fencePage(redis, pass, cursor, epoch),
    raiseNumbers: (pass, unreached) => raiseNumbers(redis, pass, unreached),
    fenceShards: (shards) => fenceShards(database, shards),
    closeFence: (pass) => closeFence(redis, pass),
    noteLoss: (loss) => noteLoss(database, loss),
    noteFenced: (lossId, nowMs) => noteFenced(database, lossId, nowMs),
  };
}
