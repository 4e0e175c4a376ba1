import { divideHalfAwayFromZero } from "../domain/decimal.ts";
import { invariant } from "../domain/invariant.ts";
import type { Aggregation } from "../domain/meter.ts";
import type { Period } from "../domain/period.ts";
import { DAY_MS, HOUR_MS } from "../domain/window.ts";
import { cutPeaks, EXPECTATION_DIVISOR, expectDay, WEEK } from "./expected-usage.ts";
import { PPM, spreadOfRest } from "./forecast-interval.ts";

/** Whole days before today that are looked at; what is older changes nothing. */
export const FORECAST_DAYS = 14 * WEEK;

/** One metric's usage as it is known now, at the meter's scale. */
export interface KnownUsage {
  aggregation: Aggregation;
  /** The running period's quantity so far, as it would be billed now. */
  used: bigint;
  /**
   * Quantities of UTC days one after another, whatever periods they are in: from the first day with usage, or
   * {@link FORECAST_DAYS} before today, to the day that contains `now`, which is the last and not over. Days below zero,
   * which corrections can bring about, are expected to come no more.
   */
  days: readonly bigint[];
}

/** What a metric is expected to come to by the period's end: an estimate, never billed and never shown as usage. */
export interface Projection {
  used: bigint;
  /** Nine of ten outcomes are above; never below `used`. */
  low: bigint;
  mid: bigint;
  /** Nine of ten outcomes are below. */
  high: bigint;
  /** `mid` of each day's end, from today's to the period's last; empty when the period is over. */
  dayEnds: readonly bigint[];
}

/**
 * Projects a metric to the period's end: what is used, and for each day to come what is expected of its weekday.
 *
 * Only sums and counts grow; `max`, `min` and `last` stay as they are. The interval from `low` to `high` is meant to hold
 * four of five outcomes; README.md tells what it held. More usage on any day never lowers `mid`.
 */
export function projectUsage(usage: KnownUsage, period: Period, nowMs: number): Projection {
  const { aggregation, used } = usage;
  invariant(nowMs >= period.startMs, "a period is projected once it has begun");
  invariant(usage.days.length > 0, "today is among the days");
  const parts = daysToCome(nowMs, period.endMs);
  if ((aggregation !== "sum" && aggregation !== "count") || parts.length === 0) {
    return { used, low: used, mid: used, high: used, dayEnds: parts.map(() => used) };
  }
  const days = usage.days.slice(-FORECAST_DAYS - 1).map((quantity) => (quantity > 0n ? quantity : 0n));
  const today = days.pop() ?? 0n;
  const cut = cutPeaks(days);
  const { week, divisor } = expectWeek(cut, today, nowMs);
  let numerator = 0n;
  const dayEnds = parts.map((partMs, index) => {
    numerator += BigInt(partMs) * (week[index % WEEK] ?? 0n);
    return used + divideHalfAwayFromZero(numerator, divisor);
  });
  const restMs = period.endMs - nowMs;
  const spread = spreadOfRest(days, cut, Math.max(1, Math.round(restMs / DAY_MS)));
  const scaledRest = (ppm: bigint): bigint => divideHalfAwayFromZero(numerator * ppm, divisor * PPM);
  // One more day like the highest is never ruled out, also where nothing is expected.
  const oneDay = (largestOf(cut) * BigInt(Math.min(restMs, DAY_MS))) / BigInt(DAY_MS);
  return {
    used,
    low: used + scaledRest(spread.lowPpm),
    mid: used + scaledRest(PPM),
    high: used + largestOf([scaledRest(spread.highPpm), oneDay]),
    dayEnds,
  };
}

/** How much is left of today and of each later day until the end, in ms. */
function daysToCome(nowMs: number, endMs: number): number[] {
  const parts: number[] = [];
  for (let fromMs = nowMs; fromMs < endMs;) {
    const toMs = Math.min(endMs, (Math.floor(fromMs / DAY_MS) + 1) * DAY_MS);
    parts.push(toMs - fromMs);
    fromMs = toMs;
  }
  return parts;
}

/** What is expected of a ms of today and of each of the six days after it, numerators over `divisor`. */
function expectWeek(
  cut: readonly bigint[],
  today: bigint,
  nowMs: number,
): { week: bigint[]; divisor: bigint } {
  if (cut.length === 0) {
    // The first day of all goes on as it began; its first minutes tell no more than an hour would.
    const elapsedMs = Math.max(HOUR_MS, nowMs % DAY_MS);
    return { week: Array.from({ length: WEEK }, () => today), divisor: BigInt(elapsedMs) };
  }
  return {
    week: Array.from({ length: WEEK }, (_, ahead) => expectDay(cut, cut.length + ahead)),
    divisor: EXPECTATION_DIVISOR * BigInt(DAY_MS),
  };
}

function largestOf(quantities: readonly bigint[]): bigint {
  return quantities.reduce((most, quantity) => (quantity > most ? quantity : most), 0n);
}
