import { formatScaled } from "../domain/decimal.ts";
import { invariant } from "../domain/invariant.ts";
import { formatAmount, formatMinor, type Currency } from "../domain/money.ts";
import { parseQuantity } from "../domain/quantity.ts";
import type { Price } from "../domain/price.ts";
import type { Catalog } from "./catalog.ts";
import type { Line, LineKind, TierDetail } from "./line.ts";
import { mergeQuantities, pricedParts, type PeriodUsage, type PricedPart } from "./rate-period.ts";
import { rateParts } from "./rate.ts";
import { PRICE_SCALE } from "../domain/unit-price.ts";

/** A part of why a line has its amount; `amount` in major units, exact. The reasons of a line add up to its amount. */
export interface Reason {
  text: string;
  amount: string;
}

/** What a metric had on one UTC day, in the meter's unit: merged usage, and adjustments, which are added after merging. */
export interface DayUsage {
  day: string;
  used: string | null;
  adjusted: string;
}

/** A day of a line: what came on it, what there was by its end, and what that cost, rounded as the line is. */
export interface ExplainedDay {
  /** Null: what has come since the line was priced, or has gone, and is not in it. */
  day: string | null;
  used: string;
  adjusted: string;
  total: string;
  cost: string;
}

/** A line of a period's rating with the part and the price that it comes from. */
export interface FoundLine {
  line: Line;
  part: PricedPart;
  /** Null of lines that are of no metric. */
  price: Price | null;
  currency: Currency;
  /** The other lines of the part. */
  siblings: readonly Line[];
}

/** Finds the line of a ref in what a period comes to; undefined when it has none of that ref. */
export function findLine(catalog: Catalog, usage: PeriodUsage, ref: string): FoundLine | undefined {
  for (const part of pricedParts(catalog, usage) ?? []) {
    const { lines, currency } = rateParts(catalog, [part]);
    const line = lines.find((candidate) => candidate.ref === ref);
    if (line !== undefined) {
      const price = part.plan.prices.find(({ metricName }) => metricName === line.metricName) ?? null;
      return { line, part, price, currency, siblings: lines.filter((other) => other !== line) };
    }
  }
  return undefined;
}

/** What a line's amount is made of: its tiers and its rounding, or the fees and spends that it comes from. */
export function reasonsOf(found: FoundLine): Reason[] {
  const { line, part, currency } = found;
  switch (line.kind) {
    case "base_fee":
      return [
        {
          text: `base fee ${part.plan.baseFee} for ${part.days} of ${part.periodDays} days`,
          amount: formatMinor(line.amountMinor, currency),
        },
      ];
    case "usage":
      return usageReasons(found);
    case "min_spend":
    case "max_spend":
    case "plan_min_spend":
    case "plan_max_spend":
      return spendReasons(found, line.kind);
  }
}

function usageReasons({ line, currency }: FoundLine): Reason[] {
  const exact = line.tiers.reduce((sum, { amount }) => sum + amount, 0n);
  const rounding = line.amountMinor * 10n ** BigInt(line.amountScale) - exact;
  const tiers = line.tiers.map((tier) => ({
    text: tierReason(tier, line),
    amount: formatAmount(tier.amount, line.amountScale, currency),
  }));
  return rounding === 0n
    ? tiers
    : [...tiers, { text: "rounded once", amount: formatAmount(rounding, line.amountScale, currency) }];
}

/** In minor units. */
function priceText(value: bigint): string {
  return formatScaled(value, PRICE_SCALE);
}

function tierReason({ from, to, quantity, unitPrice, flatFee, packages }: TierDetail, line: Line): string {
  const units = (value: bigint): string => formatScaled(value, line.scale);
  const range = to === null ? `above ${units(from)}` : `above ${units(from)} up to ${units(to)}`;
  const fee = flatFee === 0n ? "" : ` and a fee of ${priceText(flatFee)}`;
  const rate =
    packages === null
      ? `at ${priceText(unitPrice)} each`
      : `in ${packages.count} packages of ${units(packages.size)} at ${priceText(packages.price)} each`;
  return `${range}: ${units(quantity)} ${line.unit} ${rate}${fee} (prices in minor units)`;
}

/** What was to be reached, less what there was. */
function spendReasons({ line, currency, siblings }: FoundLine, kind: LineKind): Reason[] {
  const isOfPlan = kind === "plan_min_spend" || kind === "plan_max_spend";
  const counted = siblings.filter(
    (other) => isOfPlan || (other.kind === "usage" && other.metricName === line.metricName),
  );
  const counting = counted.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const bound = kind === "min_spend" || kind === "plan_min_spend" ? "minimum" : "maximum";
  return [
    {
      text: `${bound} spend, by the days that it is for`,
      amount: formatMinor(counting + line.amountMinor, currency),
    },
    ...counted
      .filter(({ amountMinor }) => amountMinor !== 0n)
      .map(({ ref, amountMinor }) => ({
        text: `less what ${ref} comes to`,
        amount: formatMinor(-amountMinor, currency),
      })),
  ];
}

/**
 * A usage line day by day, in the order given; the last day ends at the line's quantity and amount.
 *
 * What the days do not have of it, or have beside it, is a last row without a day.
 */
export function explainDays(catalog: Catalog, found: FoundLine, days: readonly DayUsage[]): ExplainedDay[] {
  const { line, currency } = found;
  const meter = catalog.meters.find(({ name }) => name === line.metricName);
  invariant(meter !== undefined && line.kind === "usage", "a usage line is of a meter");
  const read = (text: string): bigint => parseQuantity(text, meter.scale);
  const print = (quantity: bigint): string => formatScaled(quantity, meter.scale);
  let merged: bigint | undefined;
  let adjusted = 0n;
  const explained: ExplainedDay[] = days.map((day) => {
    if (day.used !== null) {
      const used = read(day.used);
      merged = merged === undefined ? used : mergeQuantities(merged, used, meter.aggregation);
    }
    adjusted += read(day.adjusted);
    const total = (merged ?? 0n) + adjusted;
    return {
      day: day.day,
      used: day.used ?? "0",
      adjusted: day.adjusted,
      total: print(total),
      cost: formatMinor(costOf(catalog, found, total), currency),
    };
  });
  const total = (merged ?? 0n) + adjusted;
  if (total !== line.quantity) {
    explained.push({
      day: null,
      used: print(line.quantity - total),
      adjusted: "0",
      total: print(line.quantity),
      cost: formatMinor(line.amountMinor, currency),
    });
  }
  return explained;
}

/** What the line would come to with another quantity. */
function costOf(catalog: Catalog, { line, part, price: own }: FoundLine, quantity: bigint): bigint {
  invariant(own !== null && line.metricName !== null, "a usage line has a price");
  const { lines } = rateParts(catalog, [
    { ...part, plan: { ...part.plan, prices: [own] }, quantities: new Map([[line.metricName, quantity]]) },
  ]);
  return lines.find(({ ref }) => ref === line.ref)?.amountMinor ?? 0n;
}
