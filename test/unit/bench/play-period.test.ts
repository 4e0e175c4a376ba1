import { expect, test } from "vitest";
import { METRIC, playPeriod } from "../../../bench/forecast/play-period.ts";
import type { PriceQuantities } from "../../../src/alerts/budget-forecast.ts";
import { DAY_MS } from "../../../src/domain/window.ts";
import { MONDAY_MS } from "../../support/forecast-fixture.ts";

/** A cent a call. */
const cents: PriceQuantities = (quantities) => quantities.get(METRIC) ?? 0n;
const PERIOD = { startMs: MONDAY_MS, endMs: MONDAY_MS + 10 * DAY_MS };
const NOON = DAY_MS / 2;

function seriesOf(days: readonly bigint[]) {
  return { startMs: MONDAY_MS, days, firstDay: 0, playedFromDay: 0 };
}

test("back-test: the lead runs from the first alert to the call that passes the budget", () => {
  const series = seriesOf(Array.from({ length: 10 }, () => 100n));

  const { outcomes } = playPeriod(series, PERIOD, NOON, [750n], cents);

  // The 751st call comes 51 hundredths into the eighth day. Ours is sure on the sixth: 550 + 5/10 of 450.
  expect(outcomes).toEqual([
    {
      isCrossed: true,
      leadDays: { ours: 2.01, middle: 7.01, naive: 7.01 },
      isFalseAlarm: { ours: false, middle: false, naive: false },
    },
  ]);
});

test("back-test: an alert in a period that ends within its budget is false, also when it just reaches it", () => {
  const stopped = seriesOf([100n, 100n, 100n, 0n, 0n, 0n, 0n, 0n, 0n, 0n]);

  const { outcomes } = playPeriod(stopped, PERIOD, NOON, [300n, 500n, 2000n], cents);

  expect(outcomes.map(({ isCrossed }) => isCrossed)).toEqual([false, false, false]);
  expect(outcomes.map(({ isFalseAlarm }) => isFalseAlarm)).toEqual([
    { ours: true, middle: true, naive: true },
    { ours: false, middle: true, naive: true },
    { ours: false, middle: false, naive: false },
  ]);
});

test("back-test: a crossing that nobody foresaw has no lead", () => {
  const rush = seriesOf([0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 5000n]);

  const { outcomes } = playPeriod(rush, PERIOD, 0, [1000n], cents);

  expect(outcomes[0]).toMatchObject({ isCrossed: true, leadDays: { ours: 0, middle: 0, naive: 0 } });
});

test("back-test: each day is checked by what was known of it then", () => {
  const { checks } = playPeriod(seriesOf(Array.from({ length: 10 }, () => 100n)), PERIOD, NOON, [], cents);

  expect(
    checks.map(({ known, projection, restDays, total }) => [known.length, projection.used, restDays, total]),
  ).toEqual(Array.from({ length: 10 }, (_, day) => [day, 100n * BigInt(day) + 50n, 9.5 - day, 1000n]));
});
