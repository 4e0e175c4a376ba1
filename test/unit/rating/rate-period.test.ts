import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AGGREGATIONS } from "../../../src/domain/meter.ts";
import type { Price } from "../../../src/domain/price.ts";
import { billDocument } from "../../../src/rating/bill.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { planOfPart } from "../../../src/rating/plan-parts.ts";
import {
  plansOf,
  pricedParts,
  ratePeriod,
  wholeQuantity,
  type PeriodUsage,
} from "../../../src/rating/rate-period.ts";

const meter = { displayName: "Units", unit: "units", aggregation: "sum", scale: 1 };
const tiers = [
  { upTo: "100", unitPrice: "0" },
  { upTo: null, unitPrice: "10" },
];

const catalog = catalogSchema.parse({
  currency: "usd",
  defaultPlan: "payg",
  meters: [
    ...AGGREGATIONS.filter((aggregation) => aggregation !== "count").map((aggregation) => ({
      ...meter,
      name: aggregation,
      aggregation,
    })),
    { ...meter, name: "count", aggregation: "count", scale: 0 },
  ],
  plans: [
    { name: "flat99", displayName: "Flat 99", baseFee: "99.00" },
    {
      name: "payg",
      displayName: "Pay as you go",
      prices: [
        { metricName: "sum", model: "graduated", tiers },
        { metricName: "max", model: "perUnit", unitPrice: "200" },
      ],
    },
  ],
});

const PERIOD = { startMs: Date.UTC(2026, 10, 1), endMs: Date.UTC(2026, 11, 1) };
const change = (day: number, planName: string | null, prices: Price[] | null = null) => ({
  fromMs: Date.UTC(2026, 10, day),
  planName,
  prices,
});
const used = (metricName: string, value: string) => ({ metricName, value });

function usageOf(
  changes: PeriodUsage["changes"],
  ...totals: { metricName: string; value: string }[][]
): PeriodUsage {
  return { period: PERIOD, changes, lifetime: { startedMs: null, endedMs: null }, totals };
}

function amounts(usage: PeriodUsage): [string, string][] {
  return billDocument(ratePeriod(catalog, usage)!).lines.map(({ ref, amount }) => [ref, amount]);
}

test("period: a change of plan starts the tiers anew and parts the base fee by days", () => {
  const usage = usageOf(
    [change(-9, "payg"), change(11, "flat99"), change(21, null)],
    [used("sum", "150"), used("max", "3")],
    [used("sum", "1000000"), used("max", "9")],
    [used("sum", "150.5"), used("max", "2")],
  );

  expect(amounts(usage)).toEqual([
    ["metric:sum", "5.00"],
    ["metric:max", "6.00"],
    ["base_fee@2026-11-11T00:00", "33.00"],
    ["metric:sum@2026-11-21T00:00", "5.05"],
    ["metric:max@2026-11-21T00:00", "4.00"],
  ]);
  expect(plansOf(usage)).toEqual(["payg", "flat99", null]);
});

test("period: without a change on record the catalog's default plan prices all of it", () => {
  expect(amounts(usageOf([], [used("sum", "101")]))).toEqual([
    ["metric:sum", "0.10"],
    ["metric:max", "0.00"],
  ]);
  expect(plansOf({ changes: [] })).toEqual([null]);
});

test("period: a plan that the catalog does not have is told", () => {
  const usage = usageOf([change(1, "payg"), change(11, "gold")], [], []);

  expect(ratePeriod(catalog, usage)).toBeUndefined();
  expect(pricedParts(catalog, usage)).toBeUndefined();
});

test("own prices: take the place of the plan's, others are added, those of no meter price nothing", () => {
  const own: Price[] = [
    { metricName: "last", model: "perUnit", unitPrice: "1" },
    { metricName: "sum", model: "flat", flatFee: "700" },
    { metricName: "gone", model: "flat", flatFee: "900" },
  ];
  const usage = usageOf(
    [change(1, "payg", own)],
    [used("sum", "150"), used("last", "30"), used("gone", "1")],
  );

  expect(amounts(usage)).toEqual([
    ["metric:sum", "7.00"],
    ["metric:max", "0.00"],
    ["metric:last", "0.30"],
  ]);
});

test("own prices: whatever they are, each metric has one price, its own before the plan's", () => {
  const anyOwn = fc.uniqueArray(fc.constantFrom<string>("sum", "max", "min", "last", "count", "gone"));
  fc.assert(
    fc.property(anyOwn, fc.constantFrom("payg", "flat99", null), (metrics, planName) => {
      const own = metrics.map((metricName): Price => ({ metricName, model: "flat", flatFee: "7" }));
      const plan = planOfPart(catalog, { planName, prices: own })!;
      const plain = planOfPart(catalog, { planName, prices: null })!;
      const known = own.filter(({ metricName }) => metricName !== "gone");
      const kept = plain.prices.filter(({ metricName }) => !metrics.includes(metricName));

      expect(new Set(plan.prices)).toEqual(new Set([...kept, ...known]));
      expect(plan.prices).toHaveLength(kept.length + known.length);
      // The plan's order first: a line stays where it was.
      expect(plan.prices.slice(0, plain.prices.length).map(({ metricName }) => metricName)).toEqual(
        plain.prices.map(({ metricName }) => metricName),
      );
      expect({ ...plan, prices: [] }).toEqual({ ...plain, prices: [] });
    }),
  );
});

test("whole quantity: parts merge as the meter's aggregation does, parts without usage left out", () => {
  const changes = [change(1, "payg"), change(11, "flat99"), change(21, "payg"), change(25, "payg")];
  const all = (value: string) => AGGREGATIONS.map((metricName) => used(metricName, value));
  const parts = pricedParts(catalog, usageOf(changes, all("5"), all("9"), [], all("7")))!;
  const none = pricedParts(catalog, usageOf(changes, [], [], [], []))!;

  expect(Object.fromEntries(catalog.meters.map((one) => [one.name, wholeQuantity(parts, one)]))).toEqual({
    sum: 210n,
    count: 21n,
    max: 90n,
    min: 50n,
    last: 70n,
  });
  expect(catalog.meters.map((one) => wholeQuantity(none, one))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("period: what was rated is not changed, and rated again is the same", () => {
  const usage = usageOf([change(1, "payg"), change(11, "flat99")], [used("sum", "150")], []);
  const before = structuredClone({ catalog, usage });
  const first = billDocument(ratePeriod(catalog, usage)!);

  expect(JSON.stringify(billDocument(ratePeriod(catalog, usage)!))).toBe(JSON.stringify(first));
  expect({ catalog, usage }).toEqual(before);
});
