import { divideHalfAwayFromZero } from "../domain/decimal.ts";
import type { Meter } from "../domain/meter.ts";
import type { Currency } from "../domain/money.ts";
import type { Catalog, Plan } from "./catalog.ts";
import { compilePlan, compilePrice, type CompiledPlan, type CompiledPrice } from "./compile.ts";
import type { Line, LineKind } from "./line.ts";
import type { Price } from "../domain/price.ts";

/** A customer's period, priced: Σ lines = total, exactly. */
export interface Rating {
  currency: Currency;
  lines: Line[];
  totalMinor: bigint;
}

/** A part of a period that one plan prices: all of it, unless the plan changed inside. */
export interface RatedPart {
  plan: Plan;
  /** Totals per metric at the meter's scale, of this part alone; a metric that is missing has none. */
  quantities: ReadonlyMap<string, bigint>;
  /** Days of the period that the plan is charged for, of how many: base fee and minimum spends are pro rata. */
  days: number;
  /** Days that maximum spends are for. */
  cappedDays: number;
  periodDays: number;
  /** Follows the ref of each line; empty for the part with which the period starts. */
  refSuffix: string;
  /** Which part it is, for people; empty when it is the whole. */
  span: string;
}

const WHOLE = { days: 1, cappedDays: 1, periodDays: 1, refSuffix: "", span: "" };

/** Prices a whole period's quantities by one plan. */
export function rate(catalog: Catalog, plan: Plan, quantities: ReadonlyMap<string, bigint>): Rating {
  return rateParts(catalog, [{ ...WHOLE, plan, quantities }]);
}

/**
 * Prices a period part by part: each starts its tiers anew, and has its share of base fee and spends by days.
 *
 * Of a part: the base fee, then one line per price in the plan's order, each followed by what its minimum or maximum spend
 * adds or takes, then what the plan's own does. A metric without a price in the plan costs nothing.
 */
export function rateParts(catalog: Catalog, parts: readonly RatedPart[]): Rating {
  const lines: Line[] = [];
  let totalMinor = 0n;
  for (const part of parts) {
    totalMinor += ratePart(compilePlan(catalog, part.plan), part, lines);
  }
  const [first] = parts;
  if (first === undefined) {
    throw new Error("a period has a part");
  }
  return { currency: compilePlan(catalog, first.plan).currency, lines, totalMinor };
}

/** What one price alone costs for a quantity, with its minimum and maximum spend, in minor units. */
export function priceMinor(price: Price, meter: Meter, quantity: bigint, currency: Currency): bigint {
  const plan = compilePrice(price, meter, currency);
  const usage = usageLine(plan, quantity, currency, "", "");
  return usage.amountMinor + boundMinor(plan, quantity, usage.amountMinor, ALL);
}

/** Adds a part's lines; answers what they come to. */
function ratePart(plan: CompiledPlan, part: RatedPart, lines: Line[]): bigint {
  const { currency } = plan;
  const share = shareOf(part, currency);
  const { refSuffix, span } = part;
  let sum = share.of(plan.baseFeeMinor);
  if (sum !== 0n) {
    const days = part.days === part.periodDays ? "" : `${part.days} of ${part.periodDays} days`;
    const label = [span, days].filter((text) => text !== "").join(", ");
    lines.push(feeLine("base_fee", `base_fee${refSuffix}`, null, plan.label, label, sum));
  }
  for (const price of plan.prices) {
    const quantity = part.quantities.get(price.metricName) ?? 0n;
    const line = usageLine(price, quantity, currency, refSuffix, span);
    lines.push(line);
    const bound = boundMinor(price, quantity, line.amountMinor, share);
    if (bound !== 0n) {
      const kind = bound > 0n ? "min_spend" : "max_spend";
      const ref = `metric:${price.metricName}:${kind}${refSuffix}`;
      lines.push(feeLine(kind, ref, price.metricName, price.label, span, bound));
    }
    sum += line.amountMinor + bound;
  }
  const bound = withinSpend(sum, share.of(plan.minMinor), share.ofMaximum(plan.maxMinor));
  if (bound !== 0n) {
    const kind = bound > 0n ? "plan_min_spend" : "plan_max_spend";
    lines.push(feeLine(kind, `${kind}${refSuffix}`, null, plan.label, span, bound));
  }
  return sum + bound;
}

function usageLine(
  price: CompiledPrice,
  quantity: bigint,
  currency: Currency,
  refSuffix: string,
  span: string,
): Line {
  const { amount, tiers } = price.rate(quantity);
  return {
    ref: `metric:${price.metricName}${refSuffix}`,
    kind: "usage",
    metricName: price.metricName,
    label: price.label,
    unit: price.unit,
    span,
    quantity,
    scale: price.scale,
    amountMinor: amount === 0n ? 0n : divideHalfAwayFromZero(amount, price.divisor) * currency.roundingUnit,
    amountScale: price.amountScale,
    tiers,
  };
}

/** What a price's minimum or maximum spend adds to its amount; nothing used owes no minimum, unless it says so. */
function boundMinor(price: CompiledPrice, quantity: bigint, amountMinor: bigint, share: Share): bigint {
  const isOwed = quantity > 0n || price.chargeWhenZero;
  return withinSpend(amountMinor, isOwed ? share.of(price.minMinor) : 0n, share.ofMaximum(price.maxMinor));
}

/** What brings an amount between a minimum and a maximum: above zero, below it, or zero when it is there. */
function withinSpend(amountMinor: bigint, minMinor: bigint, maxMinor: bigint | null): bigint {
  if (amountMinor < minMinor) {
    return minMinor - amountMinor;
  }
  return maxMinor !== null && amountMinor > maxMinor ? maxMinor - amountMinor : 0n;
}

/** A part's share of a whole period's amounts, by days, rounded once, half away from zero. */
interface Share {
  of(minor: bigint): bigint;
  /** Of a maximum by its own days: a part that no day is charged for is not free. */
  ofMaximum(minor: bigint | null): bigint | null;
}

const ALL: Share = { of: (minor) => minor, ofMaximum: (minor) => minor };

function shareOf({ days, cappedDays, periodDays }: RatedPart, currency: Currency): Share {
  if (days === periodDays) {
    return ALL;
  }
  const divisor = BigInt(periodDays) * currency.roundingUnit;
  const share = (minor: bigint, shareDays: number): bigint =>
    divideHalfAwayFromZero(minor * BigInt(shareDays), divisor) * currency.roundingUnit;
  return {
    of: (minor) => share(minor, days),
    ofMaximum: (minor) => (minor === null ? null : share(minor, cappedDays)),
  };
}

function feeLine(
  kind: LineKind,
  ref: string,
  metricName: string | null,
  label: string,
  span: string,
  amountMinor: bigint,
): Line {
  const fixed = { unit: "", quantity: 1n, scale: 0, amountScale: 0, tiers: [] };
  return { ...fixed, kind, ref, metricName, label, span, amountMinor };
}
