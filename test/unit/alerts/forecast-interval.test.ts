import { expect, test } from "vitest";
import { cutPeaks } from "../../../src/alerts/expected-usage.ts";
import { PPM, spreadOfRest } from "../../../src/alerts/forecast-interval.ts";

function spreadOf(days: readonly bigint[], stretchDays: number) {
  return spreadOfRest(days, cutPeaks(days), stretchDays);
}

function even(count: number): bigint[] {
  return Array.from({ length: count }, () => 100n);
}

test.each([
  { known: 0, low: 0n, high: 11n * PPM },
  { known: 1, low: 100_000n, high: 11n * PPM },
  { known: 4, low: 400_000n, high: 3_500_000n },
  { known: 6, low: 600_000n, high: 2_666_666n },
  // From here on the tenths of what is usual: a tenth of the way from the first to the second, nine from the ninth.
  { known: 7, low: 616_000n, high: 2_125_000n },
  { known: 14, low: 616_000n, high: 2_125_000n },
])("forecast: after $known days the interval is from $low to $high ppm", ({ known, low, high }) => {
  expect(spreadOf(even(known), 7)).toEqual({ lowPpm: low, highPpm: high });
});

test("forecast: the interval of a customer that is always as expected becomes narrow", () => {
  // 85 own cases beside the ten usual ones: ranks 9.6 and 86.4 of 95 are own cases.
  expect(spreadOf(even(99), 1)).toEqual({ lowPpm: PPM, highPpm: PPM });
});

test("forecast: fewer stretches of many days are judged, and the interval stays wider", () => {
  // Starts 69, 64 … 14 of 29 days each: 12 own cases. Ranks 2.3 and 20.7 of 22 lie between usual ones.
  expect(spreadOf(even(98), 29)).toEqual({ lowPpm: 790_000n, highPpm: 1_375_000n });
});

test("forecast: a customer that grows each week by half never has its low end above the middle", () => {
  const days = Array.from({ length: 98 }, (_, day) => 1000n * (100n + 50n * BigInt(Math.floor(day / 7))));

  const { lowPpm, highPpm } = spreadOf(days, 7);

  expect(lowPpm).toBe(PPM);
  expect(highPpm).toBeGreaterThan(1_200_000n);
});

test("forecast: usage where none was expected counts as ten times", () => {
  const days = [...Array.from({ length: 60 }, () => 0n), ...even(10)];

  // The stretches of ten days from day 60, 58 … 52 on: five own cases beside the ten usual ones. Earlier ones, nothing
  // where nothing was expected, tell nothing.
  expect(spreadOf(days, 10).highPpm).toBe(10n * PPM);
});

test("forecast: a stretch longer than all that is known is judged by what is usual", () => {
  expect(spreadOf(even(30), 31)).toEqual({ lowPpm: 616_000n, highPpm: 2_125_000n });
});
