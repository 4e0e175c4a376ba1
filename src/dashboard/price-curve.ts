import { formatScaled } from "../domain/decimal.ts";
import type { Meter } from "../domain/meter.ts";
import { formatMinor, type Currency } from "../domain/money.ts";
import type { Price } from "../domain/price.ts";
import { parseQuantity } from "../domain/quantity.ts";
import { includedUnits, isTiered } from "../rating/free-units.ts";
import { priceMinor } from "../rating/rate.ts";

/** Places of a curve beside its bounds. */
const PLACES = 60n;

/** What quantities cost by a price: decimal texts in the meter's unit and major units, rising. */
export interface PriceCurve {
  points: { quantity: string; amount: string }[];
  /** Ends of tiers. */
  bounds: string[];
}

/** Computes a price's curve, each place by the rating itself: up to half past the last bound. */
export function priceCurve(price: Price, meter: Meter, currency: Currency): PriceCurve {
  const bounds = boundsOf(price, meter.scale);
  const last = bounds.at(-1) ?? 1000n * 10n ** BigInt(meter.scale);
  const end = last + last / 2n;
  const even = Array.from({ length: Number(PLACES) + 1 }, (_, place) => (end * BigInt(place)) / PLACES);
  const places = [...new Set([...even, ...bounds, ...bounds.map((bound) => bound + 1n)])];
  const rising = places.toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  return {
    points: rising.map((quantity) => ({
      quantity: formatScaled(quantity, meter.scale),
      amount: formatMinor(priceMinor(price, meter, quantity, currency), currency),
    })),
    bounds: bounds.map((bound) => formatScaled(bound, meter.scale)),
  };
}

function boundsOf(price: Price, scale: number): bigint[] {
  if (isTiered(price)) {
    return price.tiers.flatMap(({ upTo }) => (upTo === null ? [] : [parseQuantity(upTo, scale)]));
  }
  const included = includedUnits(price, scale) ?? 0n;
  if (price.model === "package") {
    const size = parseQuantity(price.packageSize, scale);
    return [1n, 2n, 3n, 4n].map((count) => included + count * size);
  }
  return included > 0n ? [included] : [];
}
