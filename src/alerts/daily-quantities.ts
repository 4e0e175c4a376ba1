import { DAY_MS } from "../domain/window.ts";
import { FORECAST_DAYS } from "./forecast.ts";

/** A quantity of one UTC day, by its start; several of one day add up. */
export interface DayQuantity {
  dayMs: number;
  quantity: bigint;
}

/**
 * The days that a projection wants, out of the rows of a ledger in any order: from the first day with a row, at most
 * {@link FORECAST_DAYS} before today, to today; a day without a row is zero, rows outside are left out.
 */
export function dailyQuantities(rows: readonly DayQuantity[], nowMs: number): bigint[] {
  const todayMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const earliestMs = todayMs - FORECAST_DAYS * DAY_MS;
  const inside = rows.filter(({ dayMs }) => dayMs >= earliestMs && dayMs <= todayMs);
  const firstMs = inside.reduce((least, { dayMs }) => Math.min(least, dayMs), todayMs);
  const days = Array.from({ length: (todayMs - firstMs) / DAY_MS + 1 }, () => 0n);
  for (const { dayMs, quantity } of inside) {
    const index = Math.floor((dayMs - firstMs) / DAY_MS);
    days[index] = (days[index] ?? 0n) + quantity;
  }
  return days;
}
