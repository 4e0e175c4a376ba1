import type { RateQuantity } from "./line.ts";
import type { StairstepPrice, VolumePrice } from "../domain/price.ts";
import { readTiers } from "./tier-bounds.ts";

/** Prices the whole quantity by the one tier in which it ends, and charges that tier's flat fee once. */
export function volume(price: VolumePrice | StairstepPrice, scale: number): RateQuantity {
  const bounds = readTiers(price.tiers, scale);
  return (quantity) => {
    const whole = quantity > 0n ? quantity : 0n;
    for (const { from, to, unitPrice, flatFee, flatAmount } of bounds) {
      if (to === null || whole <= to) {
        const amount = whole * unitPrice + flatAmount;
        return {
          amount,
          tiers: [{ from, to, quantity: whole, unitPrice, flatFee, packages: null, amount }],
        };
      }
    }
    throw new Error("the last tier is open");
  };
}
