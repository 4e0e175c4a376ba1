import type { Bucket } from "../../src/domain/bucket.ts";
import type { Database } from "../../src/ledger/database.ts";
import { writeClaim } from "../../src/ledger/usage-records.ts";

let claims = 0;

/** Brings buckets into the ledger under a claim of their own; answers how many rows changed. */
export async function writeBuckets(
  database: Database,
  shard: number,
  buckets: readonly Bucket[],
  nowMs: number,
): Promise<number> {
  claims += 1;
  const claim = { shard, born: "test", number: claims, claimId: `claim-${claims}`, fences: 0, recent: [] };
  const { verdict, rowsChanged } = await writeClaim(database, claim, buckets, nowMs);
  if (verdict !== "accepted") {
    throw new Error(`a claim of its own is ${verdict}`);
  }
  return rowsChanged;
}
