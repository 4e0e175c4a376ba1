import type { Claim, NoClaim } from "../../src/counters/flush-claim.ts";

/** A claim that was given out; throws when it was not. */
export async function taken(answer: Promise<Claim | NoClaim>): Promise<Claim> {
  const claim = await answer;
  if (claim.kind !== "taken") {
    throw new Error(`the claim is ${claim.kind}`);
  }
  return claim;
}
