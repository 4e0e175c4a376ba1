import { formatScaled } from "../domain/decimal.ts";
import type { Meter } from "../domain/meter.ts";
import { parseMajor, type Currency } from "../domain/money.ts";
import { freeUpTo, isTiered } from "./free-units.ts";
import type { Price, Tier } from "../domain/price.ts";
import { quantityAt } from "../domain/quantity.ts";

/** Takes one fault, with its path below what is checked. */
export type Fault = (path: (string | number)[], message: string) => void;

interface CheckedPlan {
  baseFee: string;
  minSpend?: string | undefined;
  maxSpend?: string | undefined;
  prices: readonly Price[];
}

/** Tells every fault of a plan that its shape alone does not show. */
export function checkPlan(
  plan: CheckedPlan,
  meters: readonly Meter[],
  currency: Currency,
  fault: Fault,
): void {
  checkAmount(plan.baseFee, "baseFee", currency, fault);
  checkSpends(plan, currency, fault);
  checkPrices(plan.prices, meters, currency, (path, message) => fault(["prices", ...path], message));
}

/** Tells every fault of a list of prices, a plan's or a customer's own. */
export function checkPrices(
  prices: readonly Price[],
  meters: readonly Meter[],
  currency: Currency,
  fault: Fault,
): void {
  for (const [index, price] of prices.entries()) {
    const meter = meters.find(({ name }) => name === price.metricName);
    checkPrice(price, meter, currency, (path, message) => fault([index, ...path], message));
    if (prices.findIndex(({ metricName }) => metricName === price.metricName) !== index) {
      fault([index, "metricName"], `${price.metricName} is priced twice here`);
    }
  }
}

function checkPrice(price: Price, meter: Meter | undefined, currency: Currency, fault: Fault): void {
  checkSpends(price, currency, fault);
  if (meter === undefined) {
    fault(["metricName"], `no meter is named ${price.metricName}`);
    return;
  }
  if (isTiered(price)) {
    checkTiers(price.tiers, meter, fault);
    checkIncluded(price.tiers, price.includedFree, meter, fault);
  } else if (price.includedFree !== undefined && quantityAt(price.includedFree, meter.scale) === undefined) {
    fault(["includedFree"], tooFine(meter));
  }
  if (price.model === "package") {
    const size = quantityAt(price.packageSize, meter.scale);
    if (size === undefined || size === 0n) {
      fault(["packageSize"], size === undefined ? tooFine(meter) : "must be more than 0");
    }
  }
}

function checkSpends(
  { minSpend, maxSpend }: { minSpend?: string | undefined; maxSpend?: string | undefined },
  currency: Currency,
  fault: Fault,
): void {
  const min = minSpend === undefined ? 0n : checkAmount(minSpend, "minSpend", currency, fault);
  const max = maxSpend === undefined ? undefined : checkAmount(maxSpend, "maxSpend", currency, fault);
  if (min !== undefined && max !== undefined && max < min) {
    fault(["maxSpend"], "is less than the minSpend");
  }
}

function checkAmount(amount: string, member: string, currency: Currency, fault: Fault): bigint | undefined {
  const minor = parseMajor(amount, currency);
  if (minor === undefined || minor % currency.roundingUnit !== 0n) {
    fault([member], `is finer than ${currency.code} can be charged`);
  }
  return minor;
}

function checkTiers(tiers: readonly Tier[], meter: Meter, fault: Fault): void {
  let previous = 0n;
  for (const [index, tier] of tiers.entries()) {
    const isLast = index === tiers.length - 1;
    const path = ["tiers", index, "upTo"];
    if (tier.upTo === null) {
      if (!isLast) {
        fault(path, "only the last tier is open (null)");
      }
      continue;
    }
    if (isLast) {
      fault(path, "the last tier must be open: null");
    }
    const upTo = quantityAt(tier.upTo, meter.scale);
    if (upTo === undefined) {
      fault(path, tooFine(meter));
      continue;
    }
    if (upTo <= previous) {
      fault(path, "must be more than the tier before ends at");
    }
    previous = upTo;
  }
}

function checkIncluded(
  tiers: readonly Tier[],
  includedFree: string | undefined,
  meter: Meter,
  fault: Fault,
): void {
  if (includedFree === undefined) {
    return;
  }
  const included = quantityAt(includedFree, meter.scale);
  if (included === undefined) {
    fault(["includedFree"], tooFine(meter));
    return;
  }
  const free = freeUpTo(tiers, meter.scale);
  if (free !== included) {
    const stated = free === null ? "without end" : `up to ${formatScaled(free ?? 0n, meter.scale)}`;
    fault(["includedFree"], `disagrees with the tiers, whose units are free ${stated}`);
  }
}

function tooFine(meter: Meter): string {
  return `has more than the ${meter.scale} decimals that ${meter.name} is counted to`;
}
