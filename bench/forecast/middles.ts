import { expectDay, cutPeaks, EXPECTATION_DIVISOR, WEEK } from "../../src/alerts/expected-usage.ts";
import { FORECAST_DAYS } from "../../src/alerts/forecast.ts";
import type { Check } from "./play-period.ts";

/** Ways to expect a day, so many days ahead, from the days before; what was chosen is the last. */
export const MIDDLES = [
  { label: "used ÷ elapsed (naive)", expect: undefined },
  { label: "mean of the last 7 days", expect: (days: readonly bigint[]) => mean(days.slice(-WEEK)) },
  {
    label: "same weekday of last week",
    expect: (days, ahead) => mean(sameWeekdays(days, ahead).slice(0, 1)),
  },
  { label: "mean of 4 same weekdays", expect: (days, ahead) => mean(sameWeekdays(days, ahead).slice(0, 4)) },
  {
    label: "median of 3 same weekdays",
    expect: (days, ahead) => median(sameWeekdays(days, ahead).slice(0, 3)),
  },
  { label: "last 7 days × 8-week profile", expect: levelTimesProfile },
  { label: "ours, peaks not cut", expect: halving },
  { label: "ours", expect: (days, ahead) => halving(cutPeaks(days.slice(-FORECAST_DAYS)), ahead) },
] as const satisfies readonly {
  label: string;
  expect: ((days: readonly bigint[], ahead: number) => number) | undefined;
}[];

/** How far the projected total is from the real one, as a part of the real one; undefined when a week is not known. */
export function errorsOf(check: Check): number[] | undefined {
  const { known, projection, restDays, total } = check;
  if (known.length < WEEK || total === 0n) {
    return undefined;
  }
  return MIDDLES.map(({ expect }) => {
    if (expect === undefined) {
      return errorOf(Number(check.naive), total);
    }
    const week = Array.from({ length: WEEK }, (_, ahead) => expect(known, ahead));
    const whole = Math.ceil(restDays);
    let rest = (restDays - whole + 1) * (week[0] ?? 0);
    for (let ahead = 1; ahead < whole; ahead += 1) {
      rest += week[ahead % WEEK] ?? 0;
    }
    return errorOf(Number(projection.used) + rest, total);
  });
}

function errorOf(projected: number, total: bigint): number {
  return Math.abs(projected - Number(total)) / Number(total);
}

/** The newest first. */
function sameWeekdays(days: readonly bigint[], ahead: number): bigint[] {
  const found: bigint[] = [];
  for (let index = days.length + ahead - WEEK; index >= 0; index -= WEEK) {
    found.push(days[index] ?? 0n);
  }
  return found;
}

function mean(days: readonly bigint[]): number {
  return days.reduce((sum, quantity) => sum + Number(quantity), 0) / days.length;
}

function median(days: readonly bigint[]): number {
  const sorted = days.map(Number).toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function levelTimesProfile(days: readonly bigint[], ahead: number): number {
  const weekdays = Array.from({ length: WEEK }, (_, day) => mean(sameWeekdays(days, day).slice(0, 8)));
  const all = weekdays.reduce((sum, quantity) => sum + quantity, 0);
  return all === 0 ? 0 : (WEEK * mean(days.slice(-WEEK)) * (weekdays[ahead] ?? 0)) / all;
}

function halving(days: readonly bigint[], ahead: number): number {
  return Number(expectDay(days, days.length + ahead)) / Number(EXPECTATION_DIVISOR);
}
