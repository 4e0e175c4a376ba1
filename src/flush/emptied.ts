import type { Claim } from "../counters/flush-claim.ts";
import type { ShardState } from "../ledger/flush-claims.ts";
import type { FlushStores } from "./flush-stores.ts";

/**
 * Tells of a claim whose life of Redis the ledger does not know for the shard: Redis was emptied. Answers whether it was.
 *
 * Comes before the claim is written: when this run dies in between, another still finds it.
 */
export async function noteEmptied(
  stores: FlushStores,
  { born, shard }: Claim,
  ledger: ShardState | undefined,
  nowMs: number,
): Promise<boolean> {
  if (ledger === undefined || ledger.born === born) {
    return false;
  }
  // All shards have the life by one name, whenever they find it.
  await stores.noteLoss({ lossId: `emptied:${born}`, kind: "emptied", shard, noticedMs: nowMs });
  return true;
}
