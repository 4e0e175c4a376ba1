import { acknowledgeBuckets, claimBuckets, type Claim } from "../counters/flush-claim.ts";
import { SHARDS } from "../counters/keys.ts";
import type { RedisClient } from "../counters/redis.ts";
import type { Database } from "../ledger/database.ts";
import { upsertBuckets } from "../ledger/usage-records.ts";

/** Most buckets of one claim and one transaction. */
const PAGE_BUCKETS = 250;
/** Shards flushed at the same time. */
const PARALLEL_SHARDS = 4;

export interface FlushDeps {
  redis: RedisClient;
  database: Database;
  /** Fresh randomness with each call. */
  randomId: () => string;
  maxBuckets: number;
}

export interface FlushReport {
  claims: number;
  buckets: number;
  rowsChanged: number;
}

/** Brings dirty and abandoned buckets into the ledger, about `maxBuckets` of them. May run twice at once. */
export async function flushBuckets(deps: FlushDeps, nowMs: number): Promise<FlushReport> {
  const report: FlushReport = { claims: 0, buckets: 0, rowsChanged: 0 };
  // Claim nothing that could not be written.
  await deps.database.query("select 1", []);
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  const lanes = Array.from({ length: PARALLEL_SHARDS }, async () => {
    for (let shard = shards.shift(); shard !== undefined; shard = shards.shift()) {
      await flushShard(deps, shard, nowMs, report);
    }
  });
  await Promise.all(lanes);
  return report;
}

/** Each shard has an equal part of the bound, so that none waits for another. */
async function flushShard(deps: FlushDeps, shard: number, nowMs: number, report: FlushReport): Promise<void> {
  let left = Math.ceil(deps.maxBuckets / SHARDS);
  while (left > 0) {
    const { entries, hasMore } = await flushPage(deps, shard, nowMs, Math.min(PAGE_BUCKETS, left), report);
    left -= entries;
    if (!hasMore) {
      return;
    }
  }
}

async function flushPage(
  deps: FlushDeps,
  shard: number,
  nowMs: number,
  maxBuckets: number,
  report: FlushReport,
): Promise<Claim> {
  const claimId = deps.randomId();
  const claim = await claimBuckets(deps.redis, { shard, claimId, nowMs, maxBuckets, born: deps.randomId() });
  if (claim.buckets.length > 0) {
    report.claims += 1;
    report.buckets += claim.buckets.length;
    report.rowsChanged += await upsertBuckets(deps.database, shard, claim.buckets, nowMs);
    await acknowledgeBuckets(deps.redis, claim);
  }
  return claim;
}
