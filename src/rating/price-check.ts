import { formatScaled } from "../domain/decimal.ts";
import type { Meter } from "../domain/meter.ts";
import { formatMinor, parseMajor, type Currency } from "../domain/money.ts";
import type { Price, Tier } from "../domain/price.ts";
import { quantityAt } from "../domain/quantity.ts";
import type { Place } from "./fault-place.ts";
import { freeUpTo, isTiered } from "./free-units.ts";

/** Tells every fault of a price that its shape alone does not show. */
export function checkPrice(price: Price, meter: Meter, place: Place): void {
  if (isTiered(price)) {
    checkTiers(price.tiers, meter, place.at("tiers"));
    checkIncluded(price.tiers, price.includedFree, meter, place);
  } else if (price.includedFree !== undefined && place.isSound(["includedFree"])) {
    checkQuantity(price.includedFree, meter, place.at("includedFree"));
  }
  if (price.model === "package" && place.isSound(["packageSize"])) {
    if (checkQuantity(price.packageSize, meter, place.at("packageSize")) === 0n) {
      place.fault(["packageSize"], "must be more than 0: how many units a package has");
    }
  }
}

/** Tells what is wrong with the minimum and maximum spend of a price or a plan. */
export function checkSpends(
  { minSpend, maxSpend }: { minSpend?: string | undefined; maxSpend?: string | undefined },
  currency: Currency,
  place: Place,
): void {
  const min = minSpend === undefined ? undefined : checkAmount(minSpend, "minSpend", currency, place);
  const max = maxSpend === undefined ? undefined : checkAmount(maxSpend, "maxSpend", currency, place);
  if (min !== undefined && max !== undefined && max < min) {
    place.fault(["maxSpend"], `must not be less than the minSpend, ${formatMinor(min, currency)}`);
  }
}

/** An amount in minor units; undefined, and told, when the currency cannot be charged in it. */
export function checkAmount(
  amount: string,
  member: string,
  currency: Currency,
  place: Place,
): bigint | undefined {
  if (!place.isSound([member])) {
    return undefined;
  }
  const minor = parseMajor(amount, currency);
  if (minor === undefined || minor % currency.roundingUnit !== 0n) {
    const least = formatMinor(currency.roundingUnit, currency);
    place.fault(
      [member],
      `must be a multiple of ${least}, the least that can be charged in ${currency.code}`,
    );
    return undefined;
  }
  return minor;
}

function checkTiers(tiers: readonly Tier[], meter: Meter, place: Place): void {
  if (!Array.isArray(tiers)) {
    return;
  }
  let previous = 0n;
  for (const [index, tier] of tiers.entries()) {
    if (place.isSound([index, "upTo"])) {
      const isLast = index === tiers.length - 1;
      previous = checkBound(tier.upTo, previous, isLast, meter, place.at(index, "upTo"));
    }
  }
}

/** Answers where the next tier starts. */
function checkBound(
  bound: string | null,
  previous: bigint,
  isLast: boolean,
  meter: Meter,
  place: Place,
): bigint {
  if (bound === null) {
    if (!isLast) {
      place.fault([], "only the last tier is open (null): say up to which quantity this one goes");
    }
    return previous;
  }
  if (isLast) {
    place.fault([], "the last tier must be open (null), so that every quantity has a price");
  }
  const upTo = checkQuantity(bound, meter, place);
  if (upTo !== undefined && upTo <= previous) {
    place.fault([], `must be more than ${formatScaled(previous, meter.scale)}, where the tier starts`);
  }
  return upTo === undefined || upTo < previous ? previous : upTo;
}

function checkIncluded(
  tiers: readonly Tier[],
  includedFree: string | undefined,
  meter: Meter,
  place: Place,
): void {
  if (includedFree === undefined || !place.isSound(["includedFree"])) {
    return;
  }
  const included = checkQuantity(includedFree, meter, place.at("includedFree"));
  const free = place.isSound(["tiers"]) ? freeUpTo(tiers, meter.scale) : undefined;
  if (included !== undefined && free !== undefined && free !== included) {
    const stated = free === null ? "without end" : `up to ${formatScaled(free, meter.scale)}`;
    const remedy = "change one of them, or leave includedFree out";
    place.fault(["includedFree"], `disagrees with the tiers, whose units are free ${stated}: ${remedy}`);
  }
}

/** A quantity at the meter's scale; undefined, and told, when it is finer than that. */
function checkQuantity(text: string, meter: Meter, place: Place): bigint | undefined {
  const quantity = quantityAt(text, meter.scale);
  if (quantity === undefined) {
    const decimals = meter.scale === 0 ? "whole numbers" : `at most ${meter.scale} decimals`;
    place.fault([], `is finer than ${meter.name} is counted: ${decimals}`);
  }
  return quantity;
}
