import { powerOfTen } from "../domain/decimal.ts";
import type { Tier } from "../domain/price.ts";
import { parseQuantity } from "../domain/quantity.ts";
import { parsePrice } from "../domain/unit-price.ts";

/**
 * A tier read once: `(from, to]` at the meter's scale. The unit at a bound belongs to the tier below it, any fraction past
 * it to the next.
 */
export interface TierBounds {
  from: bigint;
  to: bigint | null;
  /** In 10^-12 minor units per unit of the meter; times a quantity at its scale it is an amount. */
  unitPrice: bigint;
  /** In 10^-12 minor units. */
  flatFee: bigint;
  /** The flat fee as an amount. */
  flatAmount: bigint;
}

/** Reads a document's tiers; what a tier does not say is zero. */
export function readTiers(tiers: readonly Tier[], scale: number): TierBounds[] {
  let from = 0n;
  return tiers.map((tier) => {
    const to = tier.upTo === null ? null : parseQuantity(tier.upTo, scale);
    const flatFee = parsePrice(tier.flatFee ?? "0");
    const bounds = {
      from,
      to,
      unitPrice: parsePrice(tier.unitPrice ?? "0"),
      flatFee,
      flatAmount: flatFee * powerOfTen(scale),
    };
    from = to ?? from;
    return bounds;
  });
}
