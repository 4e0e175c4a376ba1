import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { perUnit, reached, reachedWords, type Case } from "../../support/standing.ts";

const calls = (value: string | bigint): Record<string, string>[] => [{ calls: String(value) }];
/** Thresholds of the default rule of included calls that a quantity has reached. */
function percents(given: Case): string[] {
  return reached(given).flatMap(({ ruleId, metricName, threshold }) =>
    ruleId === "default_usage" && metricName === "calls" ? [threshold] : [],
  );
}
/** 2^53 hundreds: a double tells it from its neighbours no more. */
const HUGE = 900_719_925_474_099_200n;

describe("percent of what is included", () => {
  test.each([
    { used: "79", expected: [] },
    { used: "80", expected: ["80"] },
    { used: "81", expected: ["80"] },
    { used: "89", expected: ["80"] },
    { used: "90", expected: ["80", "90"] },
    { used: "99", expected: ["80", "90"] },
    { used: "100", expected: ["80", "90", "100"] },
    { used: "101", expected: ["80", "90", "100"] },
    { used: "0", expected: [] },
    { used: "-100", expected: [] },
  ])("of 100, $used are used: $expected", ({ used, expected }) => {
    expect(percents({ prices: [perUnit("calls", "100")], totals: calls(used) })).toEqual(expected);
  });

  test("nothing used is nothing reached", () => {
    expect(reached({ prices: [perUnit("calls", "100")], totals: [{}] })).toEqual([]);
  });

  test.each([
    { name: "a unit below", used: (HUGE / 100n) * 80n - 1n, expected: [] },
    { name: "exactly", used: (HUGE / 100n) * 80n, expected: ["80"] },
    { name: "a unit above", used: (HUGE / 100n) * 80n + 1n, expected: ["80"] },
    { name: "a unit below the whole", used: HUGE - 1n, expected: ["80", "90"] },
    { name: "the whole", used: HUGE, expected: ["80", "90", "100"] },
  ])("past 2^53, 80 percent $name: $expected", ({ used, expected }) => {
    expect(percents({ prices: [perUnit("calls", String(HUGE))], totals: calls(used) })).toEqual(expected);
  });

  test.each([
    { used: "3.999", expected: [] },
    { used: "4", expected: ["80"] },
    { used: "4.001", expected: ["80"] },
    { used: "4.4999999", isFiner: true, expected: [] },
    { used: "4.5", expected: ["80", "90"] },
    { used: "5.000", expected: ["80", "90", "100"] },
  ])("fractions at the meter's scale, $used of 5 GB: $expected", ({ used, isFiner, expected }) => {
    const given = { prices: [perUnit("storage", "5")], totals: [{ storage: used }] };
    if (isFiner === true) {
      expect(() => reached(given)).toThrow("scale");
      return;
    }
    expect(reached(given).map(({ threshold }) => threshold)).toEqual(expected);
  });

  test("a percentage that is between two units: the unit above it", () => {
    // 80 % of 3 is 2.4.
    const prices = [perUnit("calls", "3")];
    expect(percents({ prices, totals: calls("2") })).toEqual([]);
    expect(percents({ prices, totals: calls("3") })).toEqual(["80", "90", "100"]);
  });

  test("thresholds above 100", () => {
    const rules = [{ id: "far", kind: "usage", thresholds: [150, 100_000] }];
    const prices = [perUnit("calls", "10")];
    const far = (used: string) =>
      reachedWords({ prices, rules, totals: calls(used) }).filter((words) => words.startsWith("far"));
    expect(far("14")).toEqual([]);
    expect(far("15")).toEqual(["far calls 150 percent"]);
    expect(far("9999")).toEqual(["far calls 150 percent"]);
    expect(far("10000")).toEqual(["far calls 150 percent", "far calls 100000 percent"]);
  });

  test.each([
    { name: "nothing is included", prices: [perUnit("calls", "0")] },
    { name: "the plan has no price of it", prices: [] },
    {
      name: "all is free",
      prices: [{ metricName: "calls", model: "graduated", tiers: [{ upTo: null, unitPrice: "0" }] }],
    },
    { name: "a flat fee is charged", prices: [{ metricName: "calls", model: "flat", flatFee: "100" }] },
  ])("where $name: there is no percentage", ({ prices }) => {
    const rules = [{ id: "own", kind: "usage", metricName: "calls", thresholds: [1] }];
    expect(reached({ prices, rules, totals: calls("1000000") })).toEqual([]);
  });

  test.each([
    {
      name: "tiers",
      price: {
        model: "graduated",
        tiers: [
          { upTo: 40, unitPrice: "0" },
          { upTo: 50, unitPrice: "0" },
          { upTo: null, unitPrice: "1" },
        ],
      },
    },
    { name: "packages", price: { model: "package", packageSize: 10, packagePrice: "5", includedFree: 50 } },
    {
      name: "a stairstep",
      price: {
        model: "stairstep",
        tiers: [
          { upTo: 50, flatFee: "0" },
          { upTo: null, flatFee: "100" },
        ],
      },
    },
  ])("what $name give free is included", ({ price }) => {
    const prices = [{ metricName: "calls", ...price }];
    expect(percents({ prices, totals: calls("39") })).toEqual([]);
    expect(reached({ prices, totals: calls("40") })).toEqual([
      {
        ruleId: "default_usage",
        kind: "usage",
        metricName: "calls",
        measure: "percent",
        threshold: "80",
        current: "40",
        whole: "50",
        currency: null,
      },
    ]);
  });

  test("each metric is looked at by itself, in the order of the plan's prices", () => {
    const given = { prices: [perUnit("storage", "5"), perUnit("calls", "10")] };
    expect(reachedWords({ ...given, totals: [{ calls: "9", storage: "4.000" }] })).toEqual([
      "default_usage storage 80 percent",
      "default_usage calls 80 percent",
      "default_usage calls 90 percent",
    ]);
  });

  test("a rule of one metric says nothing of the others", () => {
    const rules = [
      { id: "default_usage", kind: "usage", enabled: false, thresholds: [80] },
      { id: "own", kind: "usage", metricName: "storage", thresholds: [50] },
    ];
    const prices = [perUnit("calls", "10"), perUnit("storage", "5")];
    expect(reachedWords({ prices, rules, totals: [{ calls: "10", storage: "2.5" }] })).toEqual([
      "own storage 50 percent",
    ]);
  });
});

describe("after a change of plan", () => {
  const middleMs = Date.parse("2026-11-16");
  const changes = (second: object = {}) => [
    { fromMs: Date.parse("2026-11-01"), planName: "main", prices: null },
    { fromMs: middleMs, planName: "more", prices: null, ...second },
  ];
  const given = (totals: Record<string, string>[], second: object = {}): Case => ({
    prices: [perUnit("calls", "10")],
    plans: [
      { name: "more", displayName: "More", baseFee: "0", prices: [perUnit("calls", "1000")] },
      { name: "bare", displayName: "Bare", baseFee: "0", prices: [] },
    ],
    changes: changes(second),
    totals,
  });

  test("the newest part's usage is of what its plan includes", () => {
    expect(percents(given([{ calls: "10" }, { calls: "799" }]))).toEqual([]);
    expect(percents(given([{ calls: "10" }, { calls: "800" }]))).toEqual(["80"]);
    expect(percents(given([{ calls: "2000" }, {}]))).toEqual([]);
  });

  test("a plan without a price has no percentage, whatever was used before", () => {
    expect(percents(given([{ calls: "10" }, { calls: "10" }], { planName: "bare" }))).toEqual([]);
  });

  test("own prices take the place of the plan's", () => {
    const own = [{ metricName: "calls", model: "perUnit" as const, unitPrice: "1", includedFree: "20" }];
    expect(percents(given([{}, { calls: "16" }], { prices: own }))).toEqual(["80"]);
  });

  test("a quantity, spend and a budget are of all parts together", () => {
    const rules = [
      { id: "many", kind: "usage", metricName: "calls", measure: "quantity", thresholds: [30, 31] },
      { id: "dear", kind: "spend", thresholds: ["0.05", "0.06"] },
    ];
    // 15 calls of which 10 are free, then 15 free ones: 5 cents.
    const totals = [{ calls: "15" }, { calls: "15" }];
    expect(reachedWords({ ...given(totals), rules, budget: "0.06" })).toEqual([
      "default_budget 80 percent",
      "many calls 30 quantity",
      "dear 0.05 amount",
    ]);
  });

  test("a quantity of a maximum is the largest of all parts", () => {
    const rules = [
      { id: "big", kind: "usage", metricName: "storage", measure: "quantity", thresholds: ["7.5"] },
    ];
    const totals = [{ storage: "7.5" }, { storage: "1" }];
    expect(reached({ ...given(totals), rules })).toMatchObject([{ threshold: "7.5", current: "7.5" }]);
  });
});

describe("a quantity", () => {
  const at = (threshold: string | number, used: string, metricName = "storage") =>
    reached({
      rules: [{ id: "own", kind: "usage", metricName, measure: "quantity", thresholds: [threshold] }],
      totals: [{ [metricName]: used }],
    });

  test.each([
    { threshold: "4.5", used: "4.499", isReached: false },
    { threshold: "4.5", used: "4.5", isReached: true },
    { threshold: "4.5", used: "4.501", isReached: true },
    { threshold: 1, used: "0", isReached: false },
    { threshold: 1, used: "-1", isReached: false },
    { threshold: "9007199254740993", used: "9007199254740992.999", isReached: false },
    { threshold: "9007199254740993", used: "9007199254740993", isReached: true },
    // Finer than the meter: it was put when the meter was.
    { threshold: "4.5005", used: "4.5", isReached: false },
    { threshold: "4.5005", used: "4.501", isReached: true },
  ])("$used of $threshold: $isReached", ({ threshold, used, isReached }) => {
    expect(at(threshold, used).length).toBe(isReached ? 1 : 0);
  });

  test("needs no price, and tells no whole", () => {
    expect(at("100", "100.000", "calls")).toEqual([
      {
        ruleId: "own",
        kind: "usage",
        metricName: "calls",
        measure: "quantity",
        threshold: "100",
        current: "100",
        whole: null,
        currency: null,
      },
    ]);
  });

  test("of a metric that has left the catalog is never reached, nor is one of which nothing was used", () => {
    const rules = [{ id: "own", kind: "usage", metricName: "gone", measure: "quantity", thresholds: [1] }];
    expect(reached({ rules, totals: [{ gone: "5" }] })).toEqual([]);
    expect(reached({ rules: [{ ...rules[0], metricName: "calls" }], totals: [{}] })).toEqual([]);
  });

  test("whatever is used: reached exactly when used ≥ threshold", () => {
    fc.assert(
      fc.property(
        fc.bigInt(-5n, 10n ** 24n),
        fc.bigInt(1n, 10n ** 24n),
        fc.bigInt(-2n, 2n),
        (any, limit, near) => {
          for (const used of [any, limit + near]) {
            const text = used < 0n ? "0" : `${used / 1000n}.${String(used % 1000n).padStart(3, "0")}`;
            const threshold = `${limit / 1000n}.${String(limit % 1000n).padStart(3, "0")}`;
            expect(at(threshold, text).length).toBe(used >= limit ? 1 : 0);
          }
        },
      ),
    );
  });
});
