import type { RateQuantity, TierDetail } from "./line.ts";
import type { GraduatedPrice } from "../domain/price.ts";
import { readTiers } from "./tier-bounds.ts";

/** Prices each unit by the tier it falls in; a tier's flat fee is charged once, when the quantity reaches into it. */
export function graduated(price: GraduatedPrice, scale: number): RateQuantity {
  const bounds = readTiers(price.tiers, scale);
  return (quantity) => {
    const tiers: TierDetail[] = [];
    let amount = 0n;
    for (const { from, to, unitPrice, flatFee, flatAmount } of bounds) {
      // The first tier is reached by nothing, too: whether that costs its fee is for the caller to say.
      if (quantity <= from && tiers.length > 0) {
        break;
      }
      const end = to === null || quantity < to ? quantity : to;
      const inTier = end > from ? end - from : 0n;
      const inTierAmount = inTier * unitPrice + flatAmount;
      tiers.push({ from, to, quantity: inTier, unitPrice, flatFee, packages: null, amount: inTierAmount });
      amount += inTierAmount;
    }
    return { amount, tiers };
  };
}
