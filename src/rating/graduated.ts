import { parseQuantity, type Price } from "./catalog.ts";
import { parsePrice, PRICE_SCALE } from "./unit-price.ts";
import type { RatedAmount, TierDetail } from "./line.ts";

/**
 * Prices each unit by the tier it falls in.
 *
 * A tier is `(previous upTo, upTo]`: the unit at a bound belongs to the tier below it, any fraction past it to the
 * next. The quantity is an integer at the meter's scale; below zero rates as zero.
 */
export function rateGraduated(price: Price, quantity: bigint, scale: number): RatedAmount {
  const tiers: TierDetail[] = [];
  let from = 0n;
  let amount = 0n;
  for (const tier of price.tiers) {
    if (quantity <= from) {
      break;
    }
    const to = tier.upTo === null ? null : parseQuantity(tier.upTo, scale);
    const inTier = (to === null || quantity < to ? quantity : to) - from;
    const unitPrice = parsePrice(tier.unitPrice);
    tiers.push({ from, to, quantity: inTier, unitPrice, amount: inTier * unitPrice });
    amount += inTier * unitPrice;
    from = to ?? quantity;
  }
  return { amount, amountScale: scale + PRICE_SCALE, tiers };
}
