import { readFileSync } from "node:fs";
import { decimalText, plus, rational, times } from "./rational-rating.ts";
import type { DocumentPrice, PricedTier } from "./rational-bill.ts";

/** A pricing case as our copy has it; amounts are in major units, tiers are `[up to, unit amount, flat amount]`. */
export interface Vector {
  id: string;
  model: string;
  tiers?: [string | null, string, string][];
  /** `[size, most blocks of the tier, price of a block]`. */
  blocks?: [string, string | null, string][];
  /** `[size, price, free units]`. */
  package?: [string, string, string];
  /** Or what was priced before and what is now: the difference is meant. */
  quantity: string | [string, string];
  expected: string;
  min?: string;
  max?: string;
  zero?: string;
}

/** A case as a price of ours, or why it is none. */
export type Told = { price: DocumentPrice } | { skipped: string };

const COPY = new URL("../unit/rating/vectors.jsonl", import.meta.url);

/**
 * The cases that OpenMeter's, Kill Bill's and Lotus's own tests and the price pages of Stripe, Cloudflare, AWS, Zuplo and
 * Autumn state, as collected in November 2026: their figures only.
 */
export function readVectors(): Vector[] {
  return readFileSync(COPY, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Vector);
}

/** Tells a case in our catalog's words; `chargeWhenZero` as asked. */
export function toldVector(vector: Vector, chargeWhenZero: boolean): Told {
  const shape = shapeOf(vector);
  if ("skipped" in shape) {
    return shape;
  }
  return {
    price: {
      metricName: "units",
      ...shape,
      chargeWhenZero,
      ...(vector.min !== undefined && { minSpend: vector.min }),
      ...(vector.max !== undefined && { maxSpend: vector.max }),
    },
  };
}

function shapeOf({
  model,
  tiers,
  blocks,
  package: packaged,
}: Vector): Omit<DocumentPrice, "metricName"> | { skipped: string } {
  const [family = ""] = model.split("_");
  if (packaged !== undefined) {
    const [packageSize, amount, includedFree] = packaged;
    return { model: "package", packageSize, packagePrice: inCents(amount), includedFree };
  }
  if (blocks !== undefined) {
    return blockShape(family as "graduated" | "volume", blocks);
  }
  if (model.startsWith("per_unit")) {
    return { model: "perUnit", unitPrice: inCents(tiers?.[0]?.[1] ?? "") };
  }
  return {
    model: family as "graduated" | "volume",
    tiers: opened(
      (tiers ?? []).map(([upTo, unit, flat]) => ({ upTo, unitPrice: inCents(unit), flatFee: inCents(flat) })),
    ),
  };
}

function blockShape(
  model: "graduated" | "volume",
  blocks: readonly [string, string | null, string][],
): Omit<DocumentPrice, "metricName"> | { skipped: string } {
  if (blocks.every(([size]) => size === "1")) {
    let end = rational("0");
    const tiers = blocks.map(([, most, price]): PricedTier => {
      end = plus(end, rational(most ?? "0"));
      return { upTo: most === null ? null : String(end.numerator), unitPrice: inCents(price) };
    });
    return { model, tiers: opened(tiers) };
  }
  const [only] = blocks;
  return blocks.length === 1 && only !== undefined
    ? { model: "package", packageSize: only[0], packagePrice: inCents(only[2]) }
    : { skipped: "packages priced in tiers: no model of ours" };
}

/** Ours has a price for any quantity: a last tier that ends is taken as open. No case goes past it. */
function opened(tiers: PricedTier[]): PricedTier[] {
  return tiers.map((tier, index) => (index === tiers.length - 1 ? { ...tier, upTo: null } : tier));
}

/** Moves the decimal point: major units of the case to minor units of the catalog. */
export function inCents(amount: string): string {
  const { numerator, denominator } = times(rational(amount), rational("100"));
  return decimalText((numerator * 10n ** 12n) / denominator, 12);
}
