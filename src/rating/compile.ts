import { powerOfTen } from "../domain/decimal.ts";
import { invariant } from "../domain/invariant.ts";
import type { Meter } from "../domain/meter.ts";
import { currencyOf, parseMajor, type Currency } from "../domain/money.ts";
import type { Catalog, Plan } from "./catalog.ts";
import { flat } from "./flat.ts";
import { graduated } from "./graduated.ts";
import { NOTHING, type RateQuantity } from "./line.ts";
import { packages } from "./package.ts";
import { perUnit } from "./per-unit.ts";
import type { Price } from "../domain/price.ts";
import { stairstep } from "./stairstep.ts";
import { PRICE_SCALE } from "../domain/unit-price.ts";
import { volume } from "./volume.ts";

/** A price read once, ready to price quantities. Amounts of spends are in minor units. */
export interface CompiledPrice {
  metricName: string;
  label: string;
  unit: string;
  scale: number;
  amountScale: number;
  /** What an amount is divided by to count the currency's rounding units. */
  divisor: bigint;
  rate: RateQuantity;
  chargeWhenZero: boolean;
  minMinor: bigint;
  maxMinor: bigint | null;
}

/** A plan read once, by one catalog's meters and currency. */
export interface CompiledPlan {
  label: string;
  currency: Currency;
  baseFeeMinor: bigint;
  minMinor: bigint;
  maxMinor: bigint | null;
  prices: CompiledPrice[];
}

const compiled = new WeakMap<Catalog, WeakMap<Plan, CompiledPlan>>();

/** Reads a plan's decimals once; catalogs and plans are never changed in place. */
export function compilePlan(catalog: Catalog, plan: Plan): CompiledPlan {
  const plans = compiled.get(catalog) ?? new WeakMap<Plan, CompiledPlan>();
  compiled.set(catalog, plans);
  const known = plans.get(plan);
  if (known !== undefined) {
    return known;
  }
  const currency = currencyOf(catalog.currency);
  const fresh = {
    label: plan.displayName,
    currency,
    baseFeeMinor: minorOf(plan.baseFee, currency),
    minMinor: minorOf(plan.minSpend ?? "0", currency),
    maxMinor: plan.maxSpend === undefined ? null : minorOf(plan.maxSpend, currency),
    prices: plan.prices.map((price) => {
      const meter = catalog.meters.find(({ name }) => name === price.metricName);
      invariant(meter !== undefined, `meter of a price: ${price.metricName}`);
      return compilePrice(price, meter, currency);
    }),
  };
  plans.set(plan, fresh);
  return fresh;
}

/** Reads one price by its meter. */
export function compilePrice(price: Price, meter: Meter, currency: Currency): CompiledPrice {
  const { name, scale, displayName, unit } = meter;
  const amountScale = scale + PRICE_SCALE;
  const chargeWhenZero = price.chargeWhenZero ?? false;
  return {
    metricName: name,
    label: displayName,
    unit,
    scale,
    amountScale,
    divisor: powerOfTen(amountScale) * currency.roundingUnit,
    rate: fromZero(modelOf(price, scale), chargeWhenZero),
    chargeWhenZero,
    minMinor: minorOf(price.minSpend ?? "0", currency),
    maxMinor: price.maxSpend === undefined ? null : minorOf(price.maxSpend, currency),
  };
}

/** Nothing used costs no fee, unless the price says so; below zero is priced as zero. */
function fromZero(rate: RateQuantity, chargeWhenZero: boolean): RateQuantity {
  return (quantity) => {
    if (quantity > 0n) {
      return rate(quantity);
    }
    return chargeWhenZero ? rate(0n) : NOTHING;
  };
}

function modelOf(price: Price, scale: number): RateQuantity {
  switch (price.model) {
    case "graduated":
      return graduated(price, scale);
    case "volume":
      return volume(price, scale);
    case "stairstep":
      return stairstep(price, scale);
    case "package":
      return packages(price, scale);
    case "perUnit":
      return perUnit(price, scale);
    case "flat":
      return flat(price, scale);
  }
}

function minorOf(amount: string, currency: Currency): bigint {
  const minor = parseMajor(amount, currency);
  invariant(minor !== undefined, `an amount of the catalog: ${amount}`);
  return minor;
}
