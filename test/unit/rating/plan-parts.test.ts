import * as fc from "fast-check";
import { expect, test } from "vitest";
import { periodContaining } from "../../../src/domain/period.ts";
import { DAY_MS, HOUR_MS } from "../../../src/domain/window.ts";
import {
  namesOfPart,
  partsOfPeriod,
  type Lifetime,
  type PlanChange,
} from "../../../src/rating/plan-parts.ts";

const PERIOD = periodContaining(Date.UTC(2026, 10, 1));
const ALWAYS: Lifetime = { startedMs: null, endedMs: null };

/** A moment of November 2026. */
function at(day: number, hour = 0): number {
  return Date.UTC(2026, 10, day, hour);
}

function change(fromMs: number, planName: string | null = null): PlanChange {
  return { fromMs, planName, prices: null };
}

test.each<[string, number[], Lifetime, number[]]>([
  ["no change on record", [], ALWAYS, [30]],
  ["one plan, from before the period", [at(-40)], ALWAYS, [30]],
  ["one plan, since inside the period: it reaches back", [at(12, 7)], ALWAYS, [30]],
  ["a change at midnight", [at(1), at(11)], ALWAYS, [10, 20]],
  ["a change in the first hour of a day: the day is the new plan's", [at(1), at(11, 1)], ALWAYS, [10, 20]],
  ["a change in the last hour of a day: the day is the new plan's", [at(1), at(11, 23)], ALWAYS, [10, 20]],
  ["a change in the first hour of the period", [at(-9), at(1, 1)], ALWAYS, [0, 30]],
  ["a change in the last hour of the period", [at(1), at(30, 23)], ALWAYS, [29, 1]],
  ["two changes on one day", [at(1), at(11, 3), at(11, 15)], ALWAYS, [10, 0, 20]],
  ["three plans", [at(1), at(11), at(21, 12)], ALWAYS, [10, 10, 10]],
  ["started inside: the day of the start counts", [at(12, 7)], { startedMs: at(12, 7), endedMs: null }, [19]],
  ["started at midnight", [at(12)], { startedMs: at(12), endedMs: null }, [19]],
  ["started before the period", [at(-3)], { startedMs: at(-3), endedMs: null }, [30]],
  ["ended inside: the day of the end counts", [at(1)], { startedMs: null, endedMs: at(12, 7) }, [12]],
  ["ended after the period", [at(1)], { startedMs: null, endedMs: at(40) }, [30]],
  ["ended before the period", [at(-3)], { startedMs: null, endedMs: at(-1) }, [0]],
  ["there for an hour", [at(12, 7)], { startedMs: at(12, 7), endedMs: at(12, 8) }, [1]],
  [
    "ended before a change on the same day",
    [at(1), at(11, 9)],
    { startedMs: null, endedMs: at(11, 5) },
    [10, 1],
  ],
  ["ended before a later change", [at(1), at(21, 9)], { startedMs: null, endedMs: at(11, 5) }, [11, 0]],
  ["started after an earlier change", [at(1), at(11, 9)], { startedMs: at(21, 5), endedMs: null }, [0, 10]],
])("parts: %s", (_name, fromsMs, lifetime, days) => {
  const changes = fromsMs.map((fromMs) => change(fromMs));

  expect(partsOfPeriod(PERIOD, changes, lifetime).map((part) => part.days)).toEqual(days);
});

test("parts: run from change to change, each with its plan and prices", () => {
  const prices = [{ metricName: "units", model: "flat" as const, flatFee: "1" }];
  const changes = [change(at(-5), "flat99"), { ...change(at(11, 12), "payg"), prices }, change(at(20))];
  const days = (count: number): object => ({ days: count, cappedDays: Math.max(1, count), periodDays: 30 });

  expect(partsOfPeriod(PERIOD, changes, ALWAYS)).toEqual([
    { startMs: at(1), endMs: at(11, 12), planName: "flat99", prices: null, ...days(10) },
    { startMs: at(11, 12), endMs: at(20), planName: "payg", prices, ...days(9) },
    { startMs: at(20), endMs: at(31), planName: null, prices: null, ...days(11) },
  ]);
});

test("parts: lines of later parts carry their hour, and people are told from when until when", () => {
  const changes = [change(at(1)), change(at(11, 12)), change(at(20))];
  const parts = partsOfPeriod(PERIOD, changes, ALWAYS);

  expect(parts.map((part) => namesOfPart(part, PERIOD))).toEqual([
    { refSuffix: "", span: "until 2026-11-11 12:00 UTC" },
    { refSuffix: "@2026-11-11T12:00", span: "from 2026-11-11 12:00 to 2026-11-20 00:00 UTC" },
    { refSuffix: "@2026-11-20T00:00", span: "from 2026-11-20 00:00 UTC" },
  ]);
  expect(namesOfPart(partsOfPeriod(PERIOD, [], ALWAYS)[0]!, PERIOD)).toEqual({ refSuffix: "", span: "" });
});

test("parts: a change that is not at a full hour is a bug", () => {
  const parts = partsOfPeriod(PERIOD, [change(at(1)), change(at(11) + HOUR_MS / 2)], ALWAYS);

  expect(() => namesOfPart(parts[1]!, PERIOD)).toThrow("plans change at a full hour");
});

/** A period, changes at full hours, and maybe a start and an end, at any millisecond. */
const anyHistory = fc
  .record({
    month: fc.integer({ min: 0, max: 47 }),
    anchorDay: fc.integer({ min: 1, max: 31 }),
    before: fc.nat(40 * 24),
    hours: fc.uniqueArray(fc.integer({ min: 1, max: 28 * 24 - 1 }), { maxLength: 6 }),
    startedMs: fc.option(fc.integer({ min: -5 * DAY_MS, max: 35 * DAY_MS })),
    endedMs: fc.option(fc.integer({ min: -5 * DAY_MS, max: 35 * DAY_MS })),
  })
  .map(({ month, anchorDay, before, hours, startedMs, endedMs }) => {
    const period = periodContaining(Date.UTC(2026, month, 15), anchorDay);
    const inside = hours
      .toSorted((left, right) => left - right)
      .map((hour) => period.startMs + hour * HOUR_MS);
    const fromsMs = [period.startMs - before * HOUR_MS, ...inside];
    const changes = fromsMs.map((fromMs, index) => change(fromMs, `plan_${index}`));
    const lifetime = {
      startedMs: startedMs === null ? null : period.startMs + startedMs,
      endedMs: endedMs === null ? null : period.startMs + endedMs,
    };
    return { period, changes, lifetime };
  });

/** Days by definition: each day on which the customer was there goes to the plan that is in force when it ends. */
function daysByDefinition({
  period,
  changes,
  lifetime,
}: {
  period: { startMs: number; endMs: number };
  changes: readonly PlanChange[];
  lifetime: Lifetime;
}): number[] {
  const days = changes.map(() => 0);
  for (let dayMs = period.startMs; dayMs < period.endMs; dayMs += DAY_MS) {
    const isBefore = lifetime.startedMs !== null && lifetime.startedMs >= dayMs + DAY_MS;
    const isAfter = lifetime.endedMs !== null && lifetime.endedMs < dayMs;
    if (!isBefore && !isAfter) {
      // What changes at midnight is in force for the day that starts then.
      days[changes.findLastIndex(({ fromMs }, index) => index === 0 || fromMs < dayMs + DAY_MS)]! += 1;
    }
  }
  return days;
}

test("parts: any changes and lifetime, days as counted one by one", () => {
  fc.assert(
    fc.property(anyHistory, (history) => {
      const parts = partsOfPeriod(history.period, history.changes, history.lifetime);
      const sum = parts.reduce((days, part) => days + part.days, 0);
      const periodDays = (history.period.endMs - history.period.startMs) / DAY_MS;

      expect(parts.map(({ days }) => days)).toEqual(daysByDefinition(history));
      expect(sum).toBeLessThanOrEqual(periodDays);
      expect(parts.every((part) => part.days >= 0 && part.periodDays === periodDays)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("parts: of a customer that is there all the time, days are the period's, and parts touch without gap", () => {
  fc.assert(
    fc.property(anyHistory, ({ period, changes }) => {
      const parts = partsOfPeriod(period, changes, ALWAYS);

      expect(parts.reduce((days, part) => days + part.days, 0)).toBe(parts[0]!.periodDays);
      expect(parts[0]!.startMs).toBe(period.startMs);
      expect(parts.at(-1)!.endMs).toBe(period.endMs);
      expect(parts.slice(1).map(({ startMs }) => startMs)).toEqual(
        parts.slice(0, -1).map(({ endMs }) => endMs),
      );
    }),
  );
});
