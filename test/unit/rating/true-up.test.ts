import { expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { billPeriod } from "../../../src/rating/bill.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import type { PeriodUsage } from "../../../src/rating/rate-period.ts";
import { trueUpLines, type BilledLine } from "../../../src/rating/true-up.ts";

const catalog = catalogSchema.parse(demoCatalog);

function usage(month: string, calls: string, gb = "0"): PeriodUsage {
  const startMs = Date.parse(`${month}-01T00:00Z`);
  return {
    period: { startMs, endMs: startMs + 30 * 86_400_000 },
    changes: [{ fromMs: startMs, planName: "payg", prices: null }],
    lifetime: { startedMs: null, endedMs: null },
    totals: [
      [
        { metricName: "api_calls", value: calls },
        { metricName: "storage_gb", value: gb },
      ],
    ],
  };
}

/** What a period is billed by its own invoice. */
function billedOf(own: PeriodUsage): BilledLine[] {
  return billPeriod(catalog, own, [])!.lines.map((line) => ({
    ...line,
    amountMinor: line.amountMinor.toString(),
  }));
}

function linesOf(before: PeriodUsage, now: PeriodUsage, extra: BilledLine[] = []) {
  return trueUpLines(catalog, {
    catalogVersion: 1,
    usage: now,
    billed: [...billedOf(before), ...extra],
  }).map(({ ref, quantity, amountMinor, description }) => ({ ref, quantity, amountMinor, description }));
}

test("true-up: a period that has come to what it was billed has no line", () => {
  expect(linesOf(usage("2026-11", "100000", "7.5"), usage("2026-11", "100000", "7.5"))).toEqual([]);
});

test("true-up: late usage is billed by the tiers that it falls into, and says of which period it is", () => {
  expect(linesOf(usage("2026-11", "100000"), usage("2026-11", "100001"))).toEqual([
    {
      ref: "true_up:2026-11-01:metric:api_calls",
      quantity: "1",
      // 0.05 of a cent: rounded with the whole line, not by itself.
      amountMinor: 0n,
      description: "True-up 2026-11-01 to 2026-11-30: API Calls: 100001 calls, billed before: 100000",
    },
  ]);
  expect(linesOf(usage("2026-11", "100000"), usage("2026-11", "110000"))[0]).toMatchObject({
    quantity: "10000",
    amountMinor: 500n,
  });
});

test("true-up: less usage is in the customer's favour", () => {
  expect(linesOf(usage("2026-11", "100000", "36.25"), usage("2026-11", "60000", "5"))).toMatchObject([
    { ref: "true_up:2026-11-01:metric:api_calls", quantity: "-40000", amountMinor: -4000n },
    { ref: "true_up:2026-11-01:metric:storage_gb", quantity: "-31.25", amountMinor: -781n },
  ]);
});

test("true-up: a line that is no more is taken back whole", () => {
  const gone = {
    ref: "metric:api_calls:min_spend",
    metricName: "api_calls",
    description: "API Calls: up to the minimum spend",
    quantity: "1",
    amountMinor: "250",
  };
  expect(linesOf(usage("2026-11", "5"), usage("2026-11", "5"), [gone])).toEqual([
    {
      ref: "true_up:2026-11-01:metric:api_calls:min_spend",
      quantity: "-1",
      amountMinor: -250n,
      description: "True-up 2026-11-01 to 2026-11-30: API Calls: up to the minimum spend, billed before: 1",
    },
  ]);
});

test("true-up: a bill has the period's own lines, then the earlier periods', and the sum of all", () => {
  const trueUp = {
    catalogVersion: 1,
    catalog,
    usage: usage("2026-11", "60000"),
    billed: billedOf(usage("2026-11", "100000")),
  };
  const bill = billPeriod(catalog, usage("2026-12", "10010"), [trueUp])!;

  expect(bill.lines.map(({ ref, amountMinor }) => [ref, amountMinor])).toEqual([
    ["metric:api_calls", 1n],
    ["metric:storage_gb", 0n],
    ["metric:compute_seconds", 0n],
    ["metric:seats", 0n],
    ["true_up:2026-11-01:metric:api_calls", -4000n],
  ]);
  expect(bill.totalMinor).toBe(-3999n);
  expect(
    billPeriod(
      catalog,
      { ...usage("2026-12", "1"), changes: [{ fromMs: 0, planName: "gone", prices: null }] },
      [],
    ),
  ).toBeUndefined();
});
