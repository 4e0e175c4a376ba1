import {
  ceiling,
  isLess,
  isZero,
  minus,
  over,
  plus,
  rational,
  roundedByDefinition,
  times,
  type Rational,
} from "./rational-rating.ts";

/** A tier of any model as the catalog document has it. */
export interface PricedTier {
  upTo: string | null;
  unitPrice?: string;
  flatFee?: string;
}

/** A price of any model as the catalog document has it. */
export interface DocumentPrice {
  metricName: string;
  model: "graduated" | "volume" | "stairstep" | "package" | "perUnit" | "flat";
  tiers?: PricedTier[];
  unitPrice?: string;
  flatFee?: string;
  packageSize?: string;
  packagePrice?: string;
  includedFree?: string;
  minSpend?: string;
  maxSpend?: string;
  chargeWhenZero?: boolean;
}

/** A plan as the catalog document has it. */
export interface DocumentPlan {
  baseFee: string;
  minSpend?: string;
  maxSpend?: string;
  prices: DocumentPrice[];
}

/** A part of a period: quantities by metric, in the meter's unit. */
export interface DocumentPart {
  plan: DocumentPlan;
  quantities: Record<string, string>;
  days: number;
  periodDays: number;
}

/** Decimals of each currency and its smallest charge in minor units, as Stripe documents them. */
export const CURRENCIES: Record<string, { decimals: number; unit: bigint }> = {
  usd: { decimals: 2, unit: 1n },
  jpy: { decimals: 0, unit: 1n },
  kwd: { decimals: 3, unit: 10n },
  isk: { decimals: 2, unit: 100n },
  ugx: { decimals: 2, unit: 100n },
};

const ZERO = rational("0");

/** What a price says a quantity costs, before rounding and spends, in minor units: the models as the contract has them. */
export function amountByDefinition(price: DocumentPrice, quantity: string): Rational {
  const used = isLess(rational(quantity), ZERO) ? ZERO : rational(quantity);
  if (isZero(used) && price.chargeWhenZero !== true) {
    return ZERO;
  }
  const included = rational(price.includedFree ?? "0");
  const past = isLess(included, used) ? minus(used, included) : ZERO;
  switch (price.model) {
    case "graduated":
      return graduated(price.tiers ?? [], used);
    case "volume":
    case "stairstep":
      return volume(price.tiers ?? [], used);
    case "package":
      return times(
        { numerator: ceiling(over(past, rational(price.packageSize ?? ""))), denominator: 1n },
        rational(price.packagePrice ?? ""),
      );
    case "perUnit":
      return times(past, rational(price.unitPrice ?? ""));
    case "flat":
      return isZero(past) && !isZero(included) ? ZERO : rational(price.flatFee ?? "");
  }
}

function graduated(tiers: readonly PricedTier[], used: Rational): Rational {
  return tiers.reduce((sum, tier, index) => {
    const lower = index === 0 ? ZERO : rational(tiers[index - 1]?.upTo ?? "");
    const isReached = index === 0 || isLess(lower, used);
    const upper = tier.upTo === null || isLess(used, rational(tier.upTo)) ? used : rational(tier.upTo);
    const part = isReached ? times(minus(upper, lower), rational(tier.unitPrice ?? "0")) : ZERO;
    return plus(sum, plus(part, isReached ? rational(tier.flatFee ?? "0") : ZERO));
  }, ZERO);
}

function volume(tiers: readonly PricedTier[], used: Rational): Rational {
  const tier = tiers.find(({ upTo }) => upTo === null || !isLess(rational(upTo), used));
  return plus(times(used, rational(tier?.unitPrice ?? "0")), rational(tier?.flatFee ?? "0"));
}

/** The amounts of a bill's lines by ref, in order, and their sum, in minor units. */
export function billByDefinition(
  code: string,
  parts: readonly DocumentPart[],
): { lines: [string, bigint][]; total: bigint } {
  const lines = parts.flatMap((part, index) => partLines(code, part, index === 0 ? "" : `@${index}`));
  return { lines, total: lines.reduce((sum, [, minor]) => sum + minor, 0n) };
}

function partLines(code: string, part: DocumentPart, suffix: string): [string, bigint][] {
  const lines: [string, bigint][] = [];
  const baseFee = shareOf(code, part.plan.baseFee, part.days, part.periodDays);
  if (baseFee !== 0n) {
    lines.push([`base_fee${suffix}`, baseFee]);
  }
  for (const price of part.plan.prices) {
    const quantity = part.quantities[price.metricName] ?? "0";
    const minor = roundedByDefinition(amountByDefinition(price, quantity), CURRENCIES[code]?.unit);
    lines.push([`metric:${price.metricName}${suffix}`, minor]);
    const isOwed = price.chargeWhenZero === true || isLess(ZERO, rational(quantity));
    const spends = { minSpend: isOwed ? price.minSpend : undefined, maxSpend: price.maxSpend };
    lines.push(...boundLine(code, spends, part, minor, `metric:${price.metricName}:`, suffix));
  }
  const sum = lines.reduce((whole, [, minor]) => whole + minor, 0n);
  return [...lines, ...boundLine(code, part.plan, part, sum, "plan_", suffix)];
}

function boundLine(
  code: string,
  { minSpend, maxSpend }: { minSpend?: string | undefined; maxSpend?: string | undefined },
  { days, periodDays }: DocumentPart,
  minor: bigint,
  prefix: string,
  suffix: string,
): [string, bigint][] {
  const least = minSpend === undefined ? 0n : shareOf(code, minSpend, days, periodDays);
  const most = maxSpend === undefined ? minor : shareOf(code, maxSpend, days === 0 ? 1 : days, periodDays);
  if (minor < least) {
    return [[`${prefix}min_spend${suffix}`, least - minor]];
  }
  return minor > most ? [[`${prefix}max_spend${suffix}`, most - minor]] : [];
}

/** An amount in major units by days, in minor units. */
function shareOf(code: string, amount: string, days: number, periodDays: number): bigint {
  const { decimals = 2, unit = 1n } = CURRENCIES[code] ?? {};
  const minor = times(rational(amount), { numerator: 10n ** BigInt(decimals), denominator: 1n });
  return roundedByDefinition(
    times(minor, { numerator: BigInt(days), denominator: BigInt(periodDays) }),
    unit,
  );
}
