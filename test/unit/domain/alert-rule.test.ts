import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ALERT_KINDS,
  alertRulesSchema,
  DEFAULT_RULES,
  MAX_RULES,
  rulesInForce,
} from "../../../src/domain/alert-rule.ts";

const usage = { id: "own", kind: "usage", thresholds: [80] };
const quantity = { ...usage, measure: "quantity", metricName: "calls" };
const spend = { id: "own", kind: "spend", thresholds: [80] };
const budget = { id: "own", kind: "budget", thresholds: [80] };
const forecast = { id: "own", kind: "forecast" };

function parse(...rules: unknown[]) {
  return alertRulesSchema.safeParse({ rules });
}

function paths(...rules: unknown[]): string[] {
  const parsed = parse(...rules);
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join("."));
}

/** As many numbers from 1 on. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

test.each([
  { name: "usage", rule: usage, read: { measure: "percent", enabled: true, thresholds: ["80"] } },
  { name: "usage of a metric", rule: { ...usage, metricName: "calls" }, read: { metricName: "calls" } },
  { name: "a quantity", rule: quantity, read: { measure: "quantity", metricName: "calls" } },
  { name: "spend", rule: spend, read: { thresholds: ["80"] } },
  { name: "a budget", rule: budget, read: { thresholds: ["80"] } },
  { name: "a forecast", rule: forecast, read: { kind: "forecast", enabled: true } },
  { name: "one that is off", rule: { ...forecast, enabled: false }, read: { enabled: false } },
  { name: "an id of 64 characters", rule: { ...spend, id: "A.b_c-".padEnd(64, "9") }, read: {} },
  { name: "20 thresholds", rule: { ...usage, thresholds: upTo(20) }, read: {} },
  { name: "1 and 100,000 percent", rule: { ...usage, thresholds: [1, 100_000] }, read: {} },
  { name: "the smallest amount", rule: { ...spend, thresholds: ["0.000000001"] }, read: {} },
])("alert rule: $name is taken, and given back so that it can be put again", ({ rule, read }) => {
  const parsed = alertRulesSchema.parse({ rules: [rule] });
  expect(parsed.rules[0]).toMatchObject(read);
  expect(alertRulesSchema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
});

test.each([
  { given: 80, read: "80" },
  { given: "80", read: "80" },
  { given: "80.0", read: "80" },
  { given: "0080", read: "80" },
  { given: 120.5, read: "120.5" },
  { given: "120.50", read: "120.5" },
  { given: 1e3, read: "1000" },
  { given: 1e21, read: "1000000000000000000000" },
  { given: 1e-7, read: "0.0000001" },
  { given: "0.123456789", read: "0.123456789" },
  { given: "9007199254740993", read: "9007199254740993" },
])("a threshold $given is kept as $read", ({ given, read }) => {
  const { rules } = alertRulesSchema.parse({ rules: [{ ...spend, thresholds: [given] }] });
  expect(rules).toEqual([{ ...spend, enabled: true, thresholds: [read] }]);
});

test.each([
  { name: "no kind", rule: { id: "own" }, path: "kind" },
  { name: "another kind", rule: { id: "own", kind: "limit" }, path: "kind" },
  { name: "no id", rule: { ...spend, id: undefined }, path: "id" },
  { name: "an empty id", rule: { ...spend, id: "" }, path: "id" },
  { name: "an id of 65 characters", rule: { ...spend, id: "i".repeat(65) }, path: "id" },
  { name: "an id with a space", rule: { ...spend, id: "a b" }, path: "id" },
  { name: "an id with a line feed", rule: { ...spend, id: "a\n" }, path: "id" },
  { name: "an unknown member", rule: { ...spend, treshold: 1 }, path: "" },
  { name: "a forecast with thresholds", rule: { ...forecast, thresholds: [80] }, path: "" },
  { name: "spend of a metric", rule: { ...spend, metricName: "calls" }, path: "" },
  { name: "enabled by a word", rule: { ...spend, enabled: "yes" }, path: "enabled" },
  { name: "no thresholds", rule: { ...spend, thresholds: [] }, path: "thresholds" },
  { name: "21 thresholds", rule: { ...usage, thresholds: upTo(21) }, path: "thresholds" },
  { name: "a threshold twice", rule: { ...spend, thresholds: ["1", 2, "1.0"] }, path: "thresholds.2" },
  { name: "a threshold of 0", rule: { ...spend, thresholds: [1, 0] }, path: "thresholds.1" },
  { name: "a threshold below 0", rule: { ...spend, thresholds: ["-1"] }, path: "thresholds.0" },
  { name: "a threshold with an exponent", rule: { ...spend, thresholds: ["1e3"] }, path: "thresholds.0" },
  { name: "a threshold in words", rule: { ...spend, thresholds: ["many"] }, path: "thresholds.0" },
  {
    name: "a threshold of ten decimals",
    rule: { ...spend, thresholds: ["0.0000000001"] },
    path: "thresholds.0",
  },
  {
    name: "a threshold of 65 digits",
    rule: { ...spend, thresholds: ["9".repeat(65)] },
    path: "thresholds.0",
  },
  { name: "a threshold that is null", rule: { ...spend, thresholds: [null] }, path: "thresholds.0" },
  { name: "half a percent", rule: { ...usage, thresholds: [80, 90.5] }, path: "thresholds.1" },
  { name: "half a percent of a budget", rule: { ...budget, thresholds: [90.5] }, path: "thresholds.0" },
  { name: "100,001 percent", rule: { ...usage, thresholds: [100_001] }, path: "thresholds.0" },
  { name: "100,001 percent of a budget", rule: { ...budget, thresholds: [100_001] }, path: "thresholds.0" },
  { name: "a quantity of no metric", rule: { ...quantity, metricName: undefined }, path: "metricName" },
  { name: "a metric in upper case", rule: { ...usage, metricName: "Calls" }, path: "metricName" },
  { name: "another measure", rule: { ...usage, measure: "amount" }, path: "measure" },
])("alert rule: $name is refused, and where is told", ({ rule, path }) => {
  expect(paths({ ...spend, id: "before" }, rule)).toEqual([["rules", "1", path].filter(Boolean).join(".")]);
});

describe("a customer's rules", () => {
  test("of one id are refused", () => {
    expect(paths(spend, { ...usage }, { ...budget, id: "other" }, forecast)).toEqual([
      "rules.1.id",
      "rules.3.id",
    ]);
  });

  test.each([{ rules: {} }, { rules: null }, {}, [], { rules: [], more: 1 }])("%j is refused", (body) => {
    expect(alertRulesSchema.safeParse(body).success).toBe(false);
  });

  test("none are the defaults, which are valid themselves", () => {
    const { rules } = alertRulesSchema.parse({ rules: [] });
    expect(rulesInForce(rules)).toEqual(DEFAULT_RULES);
    expect(alertRulesSchema.parse({ rules: DEFAULT_RULES }).rules).toEqual(DEFAULT_RULES);
  });

  test(`at most ${MAX_RULES} beside the defaults`, () => {
    const own = upTo(MAX_RULES + 1).map((number) => ({ ...forecast, id: `own_${number}` }));
    expect(paths(...DEFAULT_RULES, ...own.slice(1))).toEqual([]);
    expect(paths(...own)).toEqual(["rules"]);
  });

  test("what is in force, put again, is in force", () => {
    const anyRule = fc.record({
      id: fc.constantFrom("own", "other", "third", ...DEFAULT_RULES.map(({ id }) => id)),
      kind: fc.constantFrom(...ALERT_KINDS),
      enabled: fc.boolean(),
      thresholds: fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(anyRule, { selector: ({ id }) => id, maxLength: 6 }), (given) => {
        const own = given.map(({ thresholds, ...rule }) =>
          rule.kind === "forecast" ? rule : { ...rule, thresholds },
        );
        const inForce = rulesInForce(alertRulesSchema.parse({ rules: own }).rules);
        const again = rulesInForce(
          alertRulesSchema.parse({ rules: JSON.parse(JSON.stringify(inForce)) }).rules,
        );
        expect(again).toEqual(inForce);
        expect(new Set(inForce.map(({ id }) => id)).size).toBe(inForce.length);
      }),
    );
  });
});
