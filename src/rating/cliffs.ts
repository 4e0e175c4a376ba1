import { parseQuantity } from "../domain/quantity.ts";
import { currencyOf, roundToMinor, type Currency } from "../domain/money.ts";
import type { Catalog, Plan } from "./catalog.ts";
import { compilePrice, type CompiledPrice } from "./compile.ts";
import { isTiered } from "./free-units.ts";

/** A bound of a price past which the smallest unit more costs less. Quantities are at the meter's scale. */
export interface Cliff {
  planName: string;
  metricName: string;
  scale: number;
  at: bigint;
  /** What the quantity at the bound costs, and what the smallest unit more. */
  amountMinor: bigint;
  pastMinor: bigint;
}

/** The cliffs of all prices of a catalog; only volume and stairstep prices can have any. */
export function findCliffs(catalog: Catalog): Cliff[] {
  return catalog.plans.flatMap((plan) => cliffsOfPlan(catalog, plan));
}

const found = new WeakMap<Plan, Cliff[]>();

/** The cliffs of a plan's prices, by its catalog's meters and currency. */
export function cliffsOfPlan(catalog: Catalog, plan: Plan): Cliff[] {
  const cliffs = found.get(plan) ?? findInPlan(catalog, plan);
  found.set(plan, cliffs);
  return cliffs;
}

function findInPlan(catalog: Catalog, plan: Plan): Cliff[] {
  const currency = currencyOf(catalog.currency);
  return plan.prices.flatMap((price) => {
    const meter = catalog.meters.find(({ name }) => name === price.metricName);
    if (meter === undefined || !isTiered(price) || price.model === "graduated") {
      return [];
    }
    const compiled = compilePrice(price, meter, currency);
    return price.tiers.flatMap(({ upTo }) => {
      const at = upTo === null ? undefined : parseQuantity(upTo, meter.scale);
      const isCliff = at !== undefined && compiled.rate(at).amount > compiled.rate(at + 1n).amount;
      return isCliff ? [{ planName: plan.name, ...amountsAt(compiled, at, currency) }] : [];
    });
  });
}

/** Whether the smallest unit past the cliff's bound costs less than a quantity, which has not reached it. */
export function isAboveCliff(cliff: Cliff, quantity: bigint, amountMinor: bigint): boolean {
  return quantity > 0n && quantity <= cliff.at && cliff.pastMinor < amountMinor;
}

function amountsAt(price: CompiledPrice, at: bigint, currency: Currency): Omit<Cliff, "planName"> {
  const minorAt = (quantity: bigint): bigint =>
    roundToMinor(price.rate(quantity).amount, price.amountScale, currency);
  return {
    metricName: price.metricName,
    scale: price.scale,
    at,
    amountMinor: minorAt(at),
    pastMinor: minorAt(at + 1n),
  };
}
