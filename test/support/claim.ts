import type { Claim, ClaimRequest, NoClaim } from "../../src/counters/flush-claim.ts";

/** A claim that was given out; throws when it was not. */
export async function taken(answer: Promise<Claim | NoClaim>): Promise<Claim> {
  const claim = await answer;
  if (claim.kind !== "taken") {
    throw new Error(`the claim is ${claim.kind}`);
  }
  return claim;
}

/** What a claim of a shard that holds nothing answers. */
export function nothingOf({ claimId, shard, born }: ClaimRequest): Claim {
  const nothing = { fences: 0, number: 0, entries: 0, recent: [], oldestMs: undefined, buckets: [] };
  return { kind: "taken", claimId, shard, born, hasMore: false, ...nothing };
}
