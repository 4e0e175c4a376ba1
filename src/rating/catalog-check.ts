import { parseDecimal, scaledTo } from "../domain/decimal.ts";
import type { Meter } from "../domain/meter.ts";

interface GraduatedPrice {
  metricName: string;
  includedFree?: string | undefined;
  tiers: readonly { upTo: string | null; unitPrice: string }[];
}

type Fault = (path: (string | number)[], message: string) => void;

/** Tells every fault of a price that its shape alone does not show. */
export function checkPrice(price: GraduatedPrice, meter: Meter | undefined, fault: Fault): void {
  if (meter === undefined) {
    fault(["metricName"], `no meter is named ${price.metricName}`);
    return;
  }
  checkTiers(price, meter, fault);
  checkIncluded(price, meter, fault);
}

function checkTiers(price: GraduatedPrice, meter: Meter, fault: Fault): void {
  let previous = 0n;
  for (const [index, tier] of price.tiers.entries()) {
    const isLast = index === price.tiers.length - 1;
    if (tier.upTo === null) {
      if (!isLast) {
        fault(["tiers", index, "upTo"], "only the last tier is open (null)");
      }
      continue;
    }
    if (isLast) {
      fault(["tiers", index, "upTo"], "the last tier must be open: null");
    }
    const upTo = quantityAt(tier.upTo, meter.scale);
    if (upTo === undefined) {
      fault(
        ["tiers", index, "upTo"],
        `has more than the ${meter.scale} decimals that ${meter.name} is counted to`,
      );
      continue;
    }
    if (upTo <= previous) {
      fault(["tiers", index, "upTo"], "must be more than the tier before ends at");
    }
    previous = upTo;
  }
}

function checkIncluded(price: GraduatedPrice, meter: Meter, fault: Fault): void {
  if (price.includedFree === undefined) {
    return;
  }
  const included = quantityAt(price.includedFree, meter.scale);
  if (included === undefined) {
    fault(["includedFree"], `has more than the ${meter.scale} decimals that ${meter.name} is counted to`);
    return;
  }
  const free = freeUpTo(price, meter.scale);
  if (free !== included) {
    const stated = free === null ? "without end" : String(free ?? 0n);
    fault(
      ["includedFree"],
      `disagrees with the tiers, whose units are free up to ${stated} (in smallest units)`,
    );
  }
}

/** Where the leading zero-priced tiers end, at the meter's scale; null when they never do. */
export function freeUpTo(price: Pick<GraduatedPrice, "tiers">, scale: number): bigint | null | undefined {
  let free: bigint | undefined = 0n;
  for (const tier of price.tiers) {
    if (tier.unitPrice !== "0") {
      return free;
    }
    if (tier.upTo === null) {
      return null;
    }
    free = quantityAt(tier.upTo, scale);
  }
  return free;
}

function quantityAt(text: string, scale: number): bigint | undefined {
  const decimal = parseDecimal(text);
  return decimal && scaledTo(decimal, scale);
}
