import { expect, test } from "vitest";
import { projectUsage } from "../../../src/alerts/forecast.ts";
import { AGGREGATIONS } from "../../../src/domain/meter.ts";
import { DAY_MS } from "../../../src/domain/window.ts";
import { momentOf, MONDAY_MS, repeated, type Moment } from "../../support/forecast-fixture.ts";

function project({ usage, period, nowMs }: Moment) {
  return projectUsage(usage, period, nowMs);
}

/** From Monday. */
const OFFICE = [100n, 120n, 130n, 120n, 90n, 20n, 10n];
const OFFICE_WEEK = 590n;

test.each([
  { name: "at midnight", hour: 0, today: 0n },
  { name: "in the middle of a day", hour: 12, today: 50n },
  { name: "an hour before midnight", hour: 23, today: 100n },
])("forecast: what is used evenly goes on so, $name", ({ hour, today }) => {
  const days = [...Array.from({ length: 40 }, () => 100n), today];
  // Exact: of a day of 100, what is left after 0, 12 and 23 hours is 100, 50 and 4.1666…
  const left = hour === 23 ? 4n : 100n - today;

  const { mid, dayEnds } = project(momentOf(days, 9, 21, hour));

  expect(mid).toBe(900n + today + left + 2000n);
  expect(dayEnds).toHaveLength(21);
  expect(dayEnds[0]).toBe(900n + today + left);
  expect(dayEnds.at(-1)).toBe(mid);
});

test.each([
  { name: "to a Tuesday", left: 1, rest: 100n },
  { name: "to a Saturday", left: 5, rest: 560n },
  { name: "to a Monday", left: 7, rest: OFFICE_WEEK },
  { name: "over three weeks and a day", left: 22, rest: 3n * OFFICE_WEEK + 100n },
])("forecast: a weekly rhythm goes on $name", ({ left, rest }) => {
  const moment = momentOf(repeated(OFFICE, 6), 7, left);

  expect(project(moment).mid).toBe(OFFICE_WEEK + rest);
});

test("forecast: a job that comes once a week is expected to come again", () => {
  const moment = momentOf(repeated([10n, 10n, 10n, 10n, 5000n, 10n, 10n], 4), 7, 14);

  expect(project(moment).mid).toBe(3n * 5060n);
});

test("forecast: without any day before, the day goes on as it began and nothing is certain", () => {
  const { low, mid, high } = project(momentOf([10n], 0, 30, 6));

  expect({ low, mid, high }).toEqual({ low: 10n, mid: 1200n, high: 10n + 11n * 1190n });
});

test("forecast: the first minutes of the first day tell no more than an hour would", () => {
  const { usage, period, nowMs } = momentOf([10n], 0, 2);

  expect(projectUsage(usage, period, nowMs + 1).mid).toBe(10n + 480n);
});

test.each([
  { name: "one day", days: [100n], low: 400n, mid: 3100n, high: 33_100n },
  { name: "two days", days: [100n, 100n], low: 800n, mid: 3200n, high: 18_200n },
  { name: "six days", days: Array.from({ length: 6 }, () => 100n), low: 2400n, mid: 3600n, high: 8600n },
])("forecast: after $name of a new customer the interval is wide", ({ days, low, mid, high }) => {
  const projection = project(momentOf([...days, 0n], days.length, 30));

  expect({ low: projection.low, mid: projection.mid, high: projection.high }).toEqual({ low, mid, high });
});

test("forecast: one day of twenty times is billed in full and expected again as twice a usual day", () => {
  const days = [...Array.from({ length: 41 }, () => 63n), 20n * 63n, 0n];

  const { used, mid } = project(momentOf(days, 10, 21));

  expect(used).toBe(29n * 63n);
  // Three weeks: the weekday of the rush by 32 of 63 parts doubled.
  expect(mid - used).toBe(21n * 63n + 3n * 32n);
});

// Of 63 parts the last week has 32, the two last have 48. Four weeks are to come.
test.each([
  { name: "a day, taken for twice,", since: 1, parts: 4n * (6n * 63n + 32n * 2n + 31n) },
  { name: "two days, taken for twice,", since: 2, parts: 4n * (5n * 63n + 2n * (32n * 2n + 31n)) },
  { name: "three days", since: 3, parts: 4n * (4n * 63n + 3n * (32n * 4n + 31n)) },
  { name: "a week", since: 7, parts: 28n * (32n * 4n + 31n) },
  { name: "two weeks", since: 14, parts: 28n * (48n * 4n + 15n) },
])("forecast: a level of four times that has lasted $name is followed", ({ since, parts }) => {
  const days = [
    ...Array.from({ length: 56 - since }, () => 6300n),
    ...Array.from({ length: since }, () => 4n * 6300n),
    0n,
  ];

  const { used, mid } = project(momentOf(days, since, 28));

  expect(mid - used).toBe(100n * parts);
});

test("forecast: after three weeks of silence little is expected, and one day as before not ruled out", () => {
  const days = [...repeated([100n], 35).slice(0, -1), ...repeated([0n], 21)];

  const { low, mid, high } = project(momentOf(days, 10, 7));

  // Seven of 63 parts.
  expect({ low, mid, high }).toEqual({ low: 0n, mid: 78n, high: 100n });
});

test("forecast: where nothing was ever used nothing is expected", () => {
  const projection = project(momentOf(repeated([0n], 40), 10, 20));

  expect(projection).toEqual({
    used: 0n,
    low: 0n,
    mid: 0n,
    high: 0n,
    dayEnds: Array.from({ length: 20 }, () => 0n),
  });
});

test("forecast: a correction lowers what is used and is not expected again", () => {
  const { usage, period, nowMs } = momentOf(repeated([100n], 28), 5, 10);
  const days = usage.days.with(27, -5000n);

  const projection = projectUsage({ ...usage, used: -4600n, days }, period, nowMs);

  // Of ten days to come one is of the weekday corrected: 28 of 60 parts of it are left in four weeks.
  expect(projection.mid).toBe(-4600n + 900n + 47n);
  expect(projection.low).toBeGreaterThanOrEqual(-4600n);
});

test.each(AGGREGATIONS.filter((aggregation) => aggregation !== "sum" && aggregation !== "count"))(
  "forecast: a %s stays as it is",
  (aggregation) => {
    const { usage, period, nowMs } = momentOf(repeated([100n], 28), 5, 3);

    expect(projectUsage({ ...usage, aggregation, used: 7n }, period, nowMs)).toEqual({
      used: 7n,
      low: 7n,
      mid: 7n,
      high: 7n,
      dayEnds: [7n, 7n, 7n],
    });
  },
);

test("forecast: a period that ends within a day is projected to its end", () => {
  const { usage } = momentOf(repeated([240n], 28), 5, 3);
  const period = { startMs: MONDAY_MS - 5 * DAY_MS, endMs: MONDAY_MS + 1.5 * DAY_MS };

  const { mid, dayEnds } = projectUsage(usage, period, MONDAY_MS);

  expect(mid).toBe(1200n + 360n);
  expect(dayEnds).toEqual([1440n, 1560n]);
});

test("forecast: before its begin a period is not projected", () => {
  const { usage, period } = momentOf([1n], 0, 3);

  expect(() => projectUsage(usage, period, period.startMs - 1)).toThrow("invariant broken");
});
