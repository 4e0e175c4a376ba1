import type { TierDetail } from "./line.ts";
import type { Price, Tier, TieredPrice } from "../domain/price.ts";
import { parseQuantity, quantityAt } from "../domain/quantity.ts";

/** The part of a quantity that is free, as a detail of its line; undefined when nothing is. */
export function freeDetail(quantity: bigint, included: bigint): TierDetail | undefined {
  if (included === 0n) {
    return undefined;
  }
  const free = quantity < included ? quantity : included;
  return { from: 0n, to: included, quantity: free, unitPrice: 0n, flatFee: 0n, packages: null, amount: 0n };
}

/** How much of a metric costs nothing, at the meter's scale; null when all of it does. */
export function includedUnits(price: Price, scale: number): bigint | null {
  if (isTiered(price)) {
    return freeUpTo(price.tiers, scale) ?? 0n;
  }
  return parseQuantity(price.includedFree ?? "0", scale);
}

/** Whether a price has tiers: what it includes is then what its first tiers give free. */
export function isTiered(price: Price): price is TieredPrice {
  return price.model === "graduated" || price.model === "volume" || price.model === "stairstep";
}

/**
 * Where the leading free tiers end, at the meter's scale; null when they never do, undefined when that bound has more
 * decimals than the meter.
 */
export function freeUpTo(tiers: readonly Tier[], scale: number): bigint | null | undefined {
  let free: bigint | undefined = 0n;
  for (const tier of tiers) {
    if ((tier.unitPrice ?? "0") !== "0" || (tier.flatFee ?? "0") !== "0") {
      return free;
    }
    if (tier.upTo === null) {
      return null;
    }
    free = quantityAt(tier.upTo, scale);
  }
  return free;
}
