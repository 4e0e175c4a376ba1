import type { AlertKind, AlertRule, Measure } from "../domain/alert-rule.ts";
import { formatScaled, parseDecimal } from "../domain/decimal.ts";
import { invariant } from "../domain/invariant.ts";
import { formatMinor } from "../domain/money.ts";
import type { Catalog } from "../rating/catalog.ts";
import { includedUnits } from "../rating/free-units.ts";
import { wholeQuantity, type PricedPart } from "../rating/rate-period.ts";
import type { Rating } from "../rating/rate.ts";

/** A threshold that a customer's period has reached. Quantities in the meter's unit, amounts in major units. */
export interface Crossing {
  ruleId: string;
  kind: AlertKind;
  /** Empty where the rule is of no metric. */
  metricName: string;
  measure: Measure;
  threshold: string;
  current: string;
  /** What a percentage is of: the included quantity, or the budget. */
  whole: string | null;
  /** Of amounts. */
  currency: string | null;
}

/** A customer's period as rules look at it. */
export interface Standing {
  catalog: Catalog;
  parts: readonly PricedPart[];
  rating: Rating;
  budgetMinor: bigint | null;
}

/**
 * Every threshold that the period has reached, by the rules that are on; at the threshold it is reached.
 *
 * A percentage of usage is of what the newest part's plan includes: tiers start anew with a plan. Where nothing, or
 * everything, is included there is no percentage. Forecasts are not made here.
 */
export function crossings(rules: readonly AlertRule[], standing: Standing): Crossing[] {
  return rules
    .filter(({ enabled }) => enabled)
    .flatMap((rule) => {
      switch (rule.kind) {
        case "usage":
          return rule.measure === "percent"
            ? percentCrossings(rule, standing)
            : quantityCrossings(rule, standing);
        case "spend":
          return spendCrossings(rule, standing);
        case "budget":
          return budgetCrossings(rule, standing);
        case "forecast":
          return [];
      }
    });
}

type UsageRule = Extract<AlertRule, { kind: "usage" }>;

function percentCrossings(rule: UsageRule, { catalog, parts }: Standing): Crossing[] {
  const newest = parts.at(-1);
  invariant(newest !== undefined, "a period has a part");
  return newest.plan.prices.flatMap((price) => {
    const meter = catalog.meters.find(({ name }) => name === price.metricName);
    if (meter === undefined || (rule.metricName !== undefined && rule.metricName !== price.metricName)) {
      return [];
    }
    const included = includedUnits(price, meter.scale);
    const current = newest.quantities.get(meter.name) ?? 0n;
    if (included === null || included === 0n) {
      return [];
    }
    return rule.thresholds
      .filter((threshold) => current * 100n >= BigInt(threshold) * included)
      .map((threshold) => ({
        ruleId: rule.id,
        kind: rule.kind,
        metricName: meter.name,
        measure: "percent" as const,
        threshold,
        current: formatScaled(current, meter.scale),
        whole: formatScaled(included, meter.scale),
        currency: null,
      }));
  });
}

function quantityCrossings(rule: UsageRule, { catalog, parts }: Standing): Crossing[] {
  const meter = catalog.meters.find(({ name }) => name === rule.metricName);
  const current = meter && wholeQuantity(parts, meter);
  if (meter === undefined || current === undefined) {
    return [];
  }
  return rule.thresholds
    .filter((threshold) => isReached(current, meter.scale, threshold))
    .map((threshold) => ({
      ruleId: rule.id,
      kind: rule.kind,
      metricName: meter.name,
      measure: "quantity" as const,
      threshold,
      current: formatScaled(current, meter.scale),
      whole: null,
      currency: null,
    }));
}

function spendCrossings(rule: Extract<AlertRule, { kind: "spend" }>, { rating }: Standing): Crossing[] {
  const { currency, totalMinor } = rating;
  return rule.thresholds
    .filter((threshold) => isReached(totalMinor, currency.decimals, threshold))
    .map((threshold) => ({
      ruleId: rule.id,
      kind: rule.kind,
      metricName: "",
      measure: "amount" as const,
      threshold,
      current: formatMinor(totalMinor, currency),
      whole: null,
      currency: currency.code,
    }));
}

function budgetCrossings(
  rule: Extract<AlertRule, { kind: "budget" }>,
  { rating, budgetMinor }: Standing,
): Crossing[] {
  const { currency, totalMinor } = rating;
  if (budgetMinor === null || totalMinor <= 0n) {
    return [];
  }
  return rule.thresholds
    .filter((threshold) => totalMinor * 100n >= BigInt(threshold) * budgetMinor)
    .map((threshold) => ({
      ruleId: rule.id,
      kind: rule.kind,
      metricName: "",
      measure: "percent" as const,
      threshold,
      current: formatMinor(totalMinor, currency),
      whole: formatMinor(budgetMinor, currency),
      currency: currency.code,
    }));
}

/** Whether `scaled / 10^scale` is at least the decimal. */
function isReached(scaled: bigint, scale: number, threshold: string): boolean {
  const decimal = parseDecimal(threshold);
  invariant(decimal !== undefined, "a threshold is a decimal");
  return scaled * 10n ** BigInt(decimal.scale) >= decimal.coefficient * 10n ** BigInt(scale);
}
