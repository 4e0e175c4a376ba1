import * as fc from "fast-check";
import type { KnownUsage } from "../../src/alerts/forecast.ts";
import type { Period } from "../../src/domain/period.ts";
import { DAY_MS, HOUR_MS } from "../../src/domain/window.ts";

/** A Monday. */
export const MONDAY_MS = Date.UTC(2026, 10, 2);

/** A moment of a period with what is known of a summed metric by then. */
export interface Moment {
  usage: KnownUsage;
  period: Period;
  nowMs: number;
}

/** A period that began `elapsed` days before today and has `left` days left, today counted; `hour` of today. */
export function momentOf(days: readonly bigint[], elapsed: number, left: number, hour = 0): Moment {
  const nowMs = MONDAY_MS + hour * HOUR_MS;
  return {
    usage: {
      aggregation: "sum",
      used: days.slice(-elapsed - 1).reduce((sum, quantity) => sum + quantity, 0n),
      days,
    },
    period: { startMs: MONDAY_MS - elapsed * DAY_MS, endMs: MONDAY_MS + left * DAY_MS },
    nowMs,
  };
}

/** The same days over and over, the last of them yesterday, and nothing today yet. */
export function repeated(pattern: readonly bigint[], times: number): bigint[] {
  return [...Array.from({ length: times }, () => pattern).flat(), 0n];
}

/** What a metric may have come to: ordinary, huge, quiet. */
export const anyQuantity = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 100_000n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 10n ** 30n }) },
  { weight: 1, arbitrary: fc.constant(0n) },
);

/** Any moment of any period of up to 62 days, its start before or after the first known day. */
export function anyMoment(quantity = anyQuantity): fc.Arbitrary<Moment> {
  return fc
    .record({
      days: fc.array(quantity, { minLength: 1, maxLength: 130 }),
      elapsed: fc.nat({ max: 31 }),
      left: fc.integer({ min: 1, max: 31 }),
      ofTodayMs: fc.nat({ max: DAY_MS - 1 }),
    })
    .map(({ days, elapsed, left, ofTodayMs }) => {
      const moment = momentOf(days, elapsed, left);
      return { ...moment, nowMs: moment.nowMs + ofTodayMs };
    });
}
