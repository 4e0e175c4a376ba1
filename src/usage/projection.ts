import { divideHalfAwayFromZero } from "../domain/decimal.ts";
import type { Aggregation } from "../domain/meter.ts";
import type { Period } from "../domain/period.ts";

/**
 * What a quantity comes to by the period's end if it goes on as so far, rounded half away from zero to the meter's
 * scale. Sums and counts grow with time; `max`, `min` and `last` stay.
 */
export function projectQuantity(
  quantity: bigint,
  aggregation: Aggregation,
  period: Period,
  nowMs: number,
): bigint {
  const elapsedMs = Math.min(nowMs, period.endMs) - period.startMs;
  if (elapsedMs <= 0 || (aggregation !== "sum" && aggregation !== "count")) {
    return quantity;
  }
  return divideHalfAwayFromZero(quantity * BigInt(period.endMs - period.startMs), BigInt(elapsedMs));
}

/** Part of a whole in percent, an integer rounded half up; 100 when there is a part of nothing. */
export function percentOf(part: bigint, whole: bigint): number {
  if (part <= 0n) {
    return 0;
  }
  return whole <= 0n ? 100 : Number((200n * part + whole) / (2n * whole));
}
