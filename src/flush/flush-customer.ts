import { shardOf } from "../counters/keys.ts";
import { noteEmptied } from "./emptied.ts";
import { fenceCounters, reasonOf } from "./fence.ts";
import type { FlushDeps } from "./flush-buckets.ts";
import { writePage } from "./write-page.ts";

/** Most claims for one customer: a month of full buckets. */
const MAX_CLAIMS = 200;

/**
 * Brings a customer's own buckets of the hours in `[fromMs, toMs)` into the ledger, whoever has claimed them.
 *
 * Throws when they cannot be brought there now: what follows from it has to wait.
 */
export async function flushCustomer(
  deps: Omit<FlushDeps, "maxBuckets">,
  customerId: string,
  fromMs: number,
  toMs: number,
  nowMs: number,
): Promise<void> {
  const { stores, randomId, onWritten } = deps;
  const shard = shardOf(customerId);
  const ledger = (await stores.readShards()).get(shard);
  const claimId = randomId();
  for (let claims = 0; claims < MAX_CLAIMS; claims += 1) {
    const claim = await stores.claimCustomer({
      customerId,
      fromMs,
      toMs,
      claimId,
      nowMs,
      born: randomId(),
      ledger,
    });
    if (claim.kind !== "taken") {
      await fenceCounters(deps, reasonOf(claim), nowMs);
      throw new Error(`the counters are not to be trusted before the next flush: ${claim.kind}`);
    }
    if (claim.buckets.length > 0) {
      await noteEmptied(stores, claim, ledger, nowMs);
      const page = await writePage(stores, claim, claim.buckets, nowMs);
      if (page.verdict === "set_back") {
        await fenceCounters(deps, reasonOf(claim), nowMs);
      }
      if (page.verdict === "set_back" || page.verdict === "fenced" || page.putOff.length > 0) {
        throw new Error(`the customer's buckets are not written: ${page.putOff[0]?.code ?? page.verdict}`);
      }
      await onWritten?.(page.written, nowMs);
      await stores.acknowledge(claim, page.written);
    }
    if (!claim.hasMore) {
      return;
    }
  }
  throw new Error("the customer has more usage than one run can write");
}
