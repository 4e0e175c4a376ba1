import { crossings, type Crossing } from "../../src/alerts/crossings.ts";
import { alertRulesSchema, rulesInForce } from "../../src/domain/alert-rule.ts";
import { parseMajor } from "../../src/domain/money.ts";
import type { Period } from "../../src/domain/period.ts";
import { catalogSchema } from "../../src/rating/catalog.ts";
import type { PlanChange } from "../../src/rating/plan-parts.ts";
import { pricedParts } from "../../src/rating/rate-period.ts";
import { rateParts } from "../../src/rating/rate.ts";

export const NOVEMBER: Period = { startMs: Date.parse("2026-11-01"), endMs: Date.parse("2026-12-01") };

/** A customer's period, as a test writes it. */
export interface Case {
  /** Prices of the plan `main`; the meters are as {@link METERS} has them, or those given. */
  prices?: object[];
  meters?: object[];
  currency?: string;
  /** Members of the plan beside its prices. */
  plan?: object;
  /** Further plans. */
  plans?: object[];
  changes?: PlanChange[];
  /** Totals of each part, by metric. */
  totals?: Record<string, string>[];
  budget?: string;
  /** Own rules, as they are put. */
  rules?: object[];
}

/** Meters that cases have unless they say otherwise: whole calls, and gigabytes to the thousandth. */
export const METERS = [
  { name: "calls", displayName: "Calls", unit: "calls", aggregation: "sum", scale: 0 },
  { name: "storage", displayName: "Storage", unit: "GB", aggregation: "max", scale: 3 },
];

/** A price by the unit after so many free ones. */
export function perUnit(metricName: string, includedFree: string, unitPrice = "1"): object {
  return { metricName, model: "perUnit", unitPrice, includedFree };
}

/** What a period has reached, by the rules of the case and the defaults that it leaves. */
export function reached({
  prices = [],
  meters = METERS,
  currency = "usd",
  plan = {},
  plans = [],
  changes = [],
  totals = [{}],
  budget,
  rules = [],
}: Case): Crossing[] {
  const catalog = catalogSchema.parse({
    currency,
    defaultPlan: "main",
    meters,
    plans: [{ name: "main", displayName: "Main", baseFee: "0", prices, ...plan }, ...plans],
  });
  const parts = pricedParts(catalog, {
    period: NOVEMBER,
    changes,
    lifetime: { startedMs: null, endedMs: null },
    totals: totals.map((part) => Object.entries(part).map(([metricName, value]) => ({ metricName, value }))),
  });
  if (parts === undefined) {
    throw new Error("the catalog has the plans");
  }
  const rating = rateParts(catalog, parts);
  const budgetMinor = budget === undefined ? null : (parseMajor(budget, rating.currency) ?? null);
  const inForce = rulesInForce(alertRulesSchema.parse({ rules }).rules);
  return crossings(inForce, { catalog, parts, rating, budgetMinor });
}

/** The same in words: `rule metric threshold measure`. */
export function reachedWords(given: Case): string[] {
  return reached(given).map(({ ruleId, metricName, threshold, measure }) =>
    [ruleId, ...(metricName === "" ? [] : [metricName]), threshold, measure].join(" "),
  );
}
