import { formatScaled } from "../domain/decimal.ts";
import { invariant } from "../domain/invariant.ts";
import type { Meter } from "../domain/meter.ts";
import { currencyOf, parseMajor, roundToMinor, type Currency } from "../domain/money.ts";
import type { Catalog, Plan, Price } from "./catalog.ts";
import { rateGraduated } from "./graduated.ts";
import type { Line } from "./line.ts";

/** A customer's period, priced: Σ lines = total, exactly. */
export interface Rating {
  currency: Currency;
  lines: Line[];
  totalMinor: bigint;
}

/**
 * Prices a period's quantities by a plan: the base fee, then one line per price in the plan's order.
 *
 * `quantities` are totals per metric at the meter's scale; a metric that is missing has none. A metric without a
 * price in the plan costs nothing.
 */
export function rate(catalog: Catalog, plan: Plan, quantities: ReadonlyMap<string, bigint>): Rating {
  const currency = currencyOf(catalog.currency);
  const lines: Line[] = [];
  const base = baseFeeLine(plan, currency);
  if (base.amountMinor !== 0n) {
    lines.push(base);
  }
  for (const price of plan.prices) {
    const meter = catalog.meters.find(({ name }) => name === price.metricName);
    invariant(meter !== undefined, `meter of a price: ${price.metricName}`);
    lines.push(ratePrice(price, meter, quantities.get(price.metricName) ?? 0n, currency));
  }
  return { currency, lines, totalMinor: lines.reduce((sum, line) => sum + line.amountMinor, 0n) };
}

/**
 * Prices one metric's quantity: the line that an invoice would carry for it.
 *
 * A quantity below zero, which adjustments can bring about, is shown as it is and costs what none costs.
 */
export function ratePrice(price: Price, meter: Meter, quantity: bigint, currency: Currency): Line {
  const rated = rateGraduated(price, quantity < 0n ? 0n : quantity, meter.scale);
  return {
    ref: `metric:${price.metricName}`,
    metricName: price.metricName,
    description: `${meter.displayName}: ${formatScaled(quantity, meter.scale)} ${meter.unit}`,
    quantity,
    scale: meter.scale,
    amountMinor: roundToMinor(rated.amount, rated.amountScale, currency),
    amountScale: rated.amountScale,
    tiers: rated.tiers,
  };
}

function baseFeeLine(plan: Plan, currency: Currency): Line {
  const amountMinor = parseMajor(plan.baseFee, currency);
  invariant(amountMinor !== undefined, `base fee of plan ${plan.name}`);
  return {
    ref: "base_fee",
    metricName: null,
    description: `${plan.displayName}: base fee`,
    quantity: 1n,
    scale: 0,
    amountMinor,
    amountScale: 0,
    tiers: [],
  };
}
