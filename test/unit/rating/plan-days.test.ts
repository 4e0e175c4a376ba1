import * as fc from "fast-check";
import { expect, test } from "vitest";
import { catalogSchema, planOf } from "../../../src/rating/catalog.ts";
import { namesOfPart, partsOfPeriod, planOfPart, type PlanChange } from "../../../src/rating/plan-parts.ts";
import { ratePeriod } from "../../../src/rating/rate-period.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const NOVEMBER = { startMs: utc("2026-11-01T00:00"), endMs: utc("2026-12-01T00:00") };
const ALWAYS = { startedMs: null, endedMs: null };

const change = (time: string, planName: string | null = null): PlanChange => ({
  fromMs: utc(time),
  planName,
  prices: null,
});

/** Days that each part is charged for, and those that its maximum spends are for. */
function days(times: string[], lifetime: { startedMs: number | null; endedMs: number | null } = ALWAYS) {
  const parts = partsOfPeriod(
    NOVEMBER,
    times.map((time) => change(time)),
    lifetime,
  );
  return parts.map((part) => [part.days, part.cappedDays]);
}

const whole = (counts: number[]): number[][] => counts.map((count) => [count, count]);

test.each<[string, string[], number[]]>([
  ["none on record", [], [30]],
  ["before the period", ["2026-10-10T12:00"], [30]],
  ["on the 10th", ["2026-10-10T12:00", "2026-11-10T12:00"], [9, 21]],
  ["on the 10th at midnight", ["2026-10-10T12:00", "2026-11-10T00:00"], [9, 21]],
  ["in the 10th's last hour", ["2026-10-10T12:00", "2026-11-10T23:00"], [9, 21]],
  ["in the period's second hour", ["2026-10-10T12:00", "2026-11-01T01:00"], [0, 30]],
  ["in the period's last hour", ["2026-10-10T12:00", "2026-11-30T23:00"], [29, 1]],
  [
    "twice on one day: it is the last one's",
    ["2026-10-10T12:00", "2026-11-10T06:00", "2026-11-10T12:00"],
    [9, 0, 21],
  ],
])("a change %s: days", (_name, times, expected) => {
  expect(days(times)).toEqual(expected.map((count) => [count, Math.max(1, count)]));
});

test("a customer's days: from the one on which it started to the one on which it ended", () => {
  const lifetime = { startedMs: utc("2026-11-05T17:00"), endedMs: utc("2026-11-20T03:30") };
  expect(days(["2026-11-05T17:00"], lifetime)).toEqual(whole([16]));
  expect(days(["2026-11-05T17:00", "2026-11-10T06:00"], lifetime)).toEqual(whole([5, 11]));
  expect(days(["2026-11-05T17:00"], { ...lifetime, endedMs: lifetime.startedMs })).toEqual(whole([1]));
});

test("usage from before a customer started: no day is charged, and a maximum is whole", () => {
  const december = { startedMs: utc("2026-12-01T05:00"), endedMs: null };
  expect(days(["2026-12-01T05:00"], december)).toEqual([[0, 30]]);
});

test("all parts' days: never more than the period's, and all of them for who was always there", () => {
  const hours = fc.uniqueArray(fc.integer({ min: 1, max: 719 }), { maxLength: 8 });
  const moment = fc.option(fc.integer({ min: -100, max: 800 }), { nil: null });
  fc.assert(
    fc.property(hours, moment, moment, (at, started, ended) => {
      const changes = [-5, ...at.toSorted((left, right) => left - right)].map((hour) => ({
        fromMs: NOVEMBER.startMs + hour * 3_600_000,
        planName: null,
        prices: null,
      }));
      const msOf = (hour: number | null) => (hour === null ? null : NOVEMBER.startMs + hour * 3_600_000);
      const sum = (lifetime: Parameters<typeof partsOfPeriod>[2]) =>
        partsOfPeriod(NOVEMBER, changes, lifetime).reduce((total, part) => total + part.days, 0);
      expect(sum(ALWAYS)).toBe(30);
      expect(sum({ startedMs: msOf(started), endedMs: msOf(ended) })).toBeLessThanOrEqual(30);
    }),
  );
});

test("a part's names: none for the whole, its hours for others", () => {
  const names = partsOfPeriod(
    NOVEMBER,
    [change("2026-10-10T12:00"), change("2026-11-10T06:00"), change("2026-11-20T00:00")],
    ALWAYS,
  ).map((part) => namesOfPart(part, NOVEMBER));
  expect(names).toEqual([
    { refSuffix: "", span: "until 2026-11-10 06:00 UTC" },
    { refSuffix: "@2026-11-10T06:00", span: "from 2026-11-10 06:00 to 2026-11-20 00:00 UTC" },
    { refSuffix: "@2026-11-20T00:00", span: "from 2026-11-20 00:00 UTC" },
  ]);
  const [only] = partsOfPeriod(NOVEMBER, [], ALWAYS);
  expect(only && namesOfPart(only, NOVEMBER)).toEqual({ refSuffix: "", span: "" });
});

const calls = { metricName: "calls", model: "perUnit", unitPrice: "100" } as const;
const catalog = catalogSchema.parse({
  currency: "usd",
  defaultPlan: "capped",
  meters: [{ name: "calls", displayName: "Calls", unit: "calls", aggregation: "sum" }],
  plans: [
    { name: "capped", displayName: "Capped", maxSpend: "300.00", minSpend: "30.00", prices: [calls] },
    { name: "free", displayName: "Free" },
  ],
});

test("a maximum spend: by the days of its part, and of a part of some hours by a day, not by none", () => {
  const usage = {
    period: NOVEMBER,
    changes: [
      change("2026-10-01T00:00", "free"),
      change("2026-11-10T06:00", "capped"),
      change("2026-11-10T12:00", "free"),
    ],
    lifetime: ALWAYS,
    totals: [[], [{ metricName: "calls", value: "25" }], []],
  };
  const rating = ratePeriod(catalog, usage);
  expect(rating?.lines.map(({ ref, amountMinor }) => [ref, amountMinor])).toEqual([
    ["metric:calls@2026-11-10T06:00", 2500n],
    ["plan_max_spend@2026-11-10T06:00", -1500n],
  ]);
  expect(rating?.totalMinor).toBe(1000n);
});

test("usage from before a customer started: costs what it costs, up to the whole maximum, and no minimum", () => {
  const before = (value: string) =>
    ratePeriod(catalog, {
      period: NOVEMBER,
      changes: [change("2026-12-01T05:00")],
      lifetime: { startedMs: utc("2026-12-01T05:00"), endedMs: null },
      totals: [[{ metricName: "calls", value }]],
    })?.totalMinor;
  expect([before("5"), before("300"), before("301")]).toEqual([500n, 30_000n, 30_000n]);
});

test("own prices: take the place of the plan's, are added, and price nothing that has no meter", () => {
  const own = [
    { metricName: "calls", model: "flat" as const, flatFee: "5" },
    { metricName: "gone", model: "flat" as const, flatFee: "7" },
  ];
  const capped = planOfPart(catalog, { planName: null, prices: own });
  expect(capped).toEqual({ ...planOf(catalog, "capped"), prices: [own[0]] });
  expect(planOfPart(catalog, { planName: "free", prices: own })?.prices).toEqual([own[0]]);
  expect(planOfPart(catalog, { planName: "free", prices: null })).toBe(planOf(catalog, "free"));
  expect(planOfPart(catalog, { planName: "nowhere", prices: own })).toBeUndefined();
});
