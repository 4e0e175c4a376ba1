import { describe, expect, test } from "vitest";
import { METERS, perUnit, reached, reachedWords, type Case } from "../../support/standing.ts";

const calls = (value: string | bigint): Record<string, string>[] => [{ calls: String(value) }];

describe("spend", () => {
  const rules = [{ id: "dear", kind: "spend", thresholds: ["10", "10.01", "250.00"] }];
  const spent = (given: Case) => reached({ rules, ...given }).map(({ threshold }) => threshold);

  test.each([
    { name: "a cent below", calls: "999", expected: [] },
    { name: "at it", calls: "1000", expected: ["10"] },
    { name: "a cent above", calls: "1001", expected: ["10", "10.01"] },
  ])("$name: $expected", ({ calls: used, expected }) => {
    expect(spent({ prices: [perUnit("calls", "0")], totals: calls(used) })).toEqual(expected);
  });

  test("has the base fee, the minimum spend of a price and the plan's in it", () => {
    const prices = [{ ...perUnit("calls", "0"), minSpend: "3" }];
    expect(spent({ prices, plan: { baseFee: "6.99" }, totals: calls("1") })).toEqual([]);
    expect(spent({ prices, plan: { baseFee: "7.00" }, totals: calls("1") })).toEqual(["10"]);
    expect(spent({ prices, plan: { baseFee: "7.00" }, totals: calls("0") })).toEqual([]);
    expect(spent({ prices, plan: { minSpend: "250" }, totals: calls("1") })).toEqual(["10", "10.01", "250"]);
  });

  test("stays at the plan's maximum spend", () => {
    const given = { prices: [perUnit("calls", "0")], totals: calls("1000000") };
    expect(spent({ ...given, plan: { maxSpend: "10" } })).toEqual(["10"]);
    expect(spent({ ...given, plan: { maxSpend: "9.99" } })).toEqual([]);
  });

  test("tells the amount in major units and the currency; of yen there are no decimals", () => {
    const yen = { currency: "jpy", prices: [perUnit("calls", "0", "1.4")], totals: calls("500") };
    expect(reached({ ...yen, rules: [{ id: "dear", kind: "spend", thresholds: [700, 701] }] })).toEqual([
      {
        ruleId: "dear",
        kind: "spend",
        metricName: "",
        measure: "amount",
        threshold: "700",
        current: "700",
        whole: null,
        currency: "jpy",
      },
    ]);
    expect(reached({ rules, prices: [perUnit("calls", "0")], totals: calls("1000") })).toMatchObject([
      { threshold: "10", current: "10.00", currency: "usd" },
    ]);
  });
});

describe("a budget", () => {
  const of = (given: Case) => reached(given).map(({ threshold }) => threshold);
  const prices = [perUnit("calls", "0")];

  test.each([
    { used: "799", expected: [] },
    { used: "800", expected: ["80"] },
    { used: "899", expected: ["80"] },
    { used: "900", expected: ["80", "90"] },
    { used: "1000", expected: ["80", "90", "100"] },
    { used: "0", expected: [] },
    { used: "-5", expected: [] },
  ])("of 10.00, $used cents are spent: $expected", ({ used, expected }) => {
    expect(of({ prices, budget: "10.00", totals: calls(used) })).toEqual(expected);
  });

  test("that was not set has no percentage", () => {
    expect(of({ prices, totals: calls("100000") })).toEqual([]);
  });

  test("of nothing is passed by the first cent, and not before", () => {
    expect(of({ prices, budget: "0", totals: calls("0") })).toEqual([]);
    expect(of({ prices, budget: "0", totals: calls("1") })).toEqual(["80", "90", "100"]);
  });

  test("of yen and of dinars is counted as they are", () => {
    expect(of({ currency: "jpy", prices, budget: "1000", totals: calls("799") })).toEqual([]);
    expect(reached({ currency: "jpy", prices, budget: "1000", totals: calls("800") })).toEqual([
      {
        ruleId: "default_budget",
        kind: "budget",
        metricName: "",
        measure: "percent",
        threshold: "80",
        current: "800",
        whole: "1000",
        currency: "jpy",
      },
    ]);
    expect(reached({ currency: "kwd", prices, budget: "1.000", totals: calls("800") })).toMatchObject([
      { threshold: "80", current: "0.800", whole: "1.000", currency: "kwd" },
    ]);
  });

  test("above 100 percent", () => {
    const rules = [{ id: "far", kind: "budget", thresholds: [150] }];
    const far = (used: string) =>
      of({ prices, rules, budget: "10", totals: calls(used) }).filter((threshold) => threshold === "150");
    expect(far("1499")).toEqual([]);
    expect(far("1500")).toEqual(["150"]);
  });

  test("past 2^53 cents, a cent matters", () => {
    const cents = 9_007_199_254_740_993n;
    const budget = `${cents / 100n}.${cents % 100n}`;
    expect(of({ prices, budget, totals: calls(cents - 1n) })).toEqual(["80", "90"]);
    expect(of({ prices, budget, totals: calls(cents) })).toEqual(["80", "90", "100"]);
  });
});

describe("rules", () => {
  const given: Case = { prices: [perUnit("calls", "10", "100")], budget: "5", totals: calls("15") };

  test("the defaults alone", () => {
    expect(reachedWords(given)).toEqual([
      "default_usage calls 80 percent",
      "default_usage calls 90 percent",
      "default_usage calls 100 percent",
      "default_budget 80 percent",
      "default_budget 90 percent",
      "default_budget 100 percent",
    ]);
  });

  test("that are off say nothing", () => {
    const rules = [
      { id: "default_usage", kind: "usage", enabled: false, thresholds: [80] },
      { id: "default_budget", kind: "budget", enabled: false, thresholds: [80] },
      { id: "dear", kind: "spend", enabled: false, thresholds: [1] },
      {
        id: "many",
        kind: "usage",
        metricName: "calls",
        measure: "quantity",
        enabled: false,
        thresholds: [1],
      },
    ];
    expect(reached({ ...given, rules })).toEqual([]);
  });

  test("with the id of a default take its place, also of another kind", () => {
    const rules = [
      { id: "default_usage", kind: "usage", thresholds: [50] },
      { id: "default_budget", kind: "spend", thresholds: [2] },
    ];
    expect(reachedWords({ ...given, rules })).toEqual([
      "default_usage calls 50 percent",
      "default_budget 2 amount",
    ]);
  });

  test("of two with the same threshold each says its own", () => {
    const rules = [{ id: "second", kind: "usage", thresholds: [100] }];
    expect(reachedWords({ ...given, budget: "1000", rules })).toEqual([
      "default_usage calls 80 percent",
      "default_usage calls 90 percent",
      "default_usage calls 100 percent",
      "second calls 100 percent",
    ]);
  });

  test("of forecasts are not checked here", () => {
    expect(reachedWords({ ...given, rules: [{ id: "soon", kind: "forecast" }] })).not.toContainEqual(
      expect.stringContaining("soon"),
    );
  });

  test("a price of a meter that has left the catalog with own prices says nothing", () => {
    const own = [{ metricName: "gone", model: "perUnit" as const, unitPrice: "1", includedFree: "1" }];
    const changes = [{ fromMs: Date.parse("2026-11-01"), planName: null, prices: own }];
    expect(reached({ meters: METERS, changes, totals: [{ gone: "5" }] })).toEqual([]);
  });
});
