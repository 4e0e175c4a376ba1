import * as fc from "fast-check";
import { currencyOf } from "../../src/domain/money.ts";
import { type Catalog, catalogSchema } from "../../src/rating/catalog.ts";
import { compilePrice, type CompiledPrice } from "../../src/rating/compile.ts";
import type { GraduatedPrice } from "../../src/domain/price.ts";
import { decimalText, type DocumentTier } from "./rational-rating.ts";

/** A price with the scale of its meter, and its tiers as a document has them. */
export interface PricedTiers {
  scale: number;
  tiers: DocumentTier[];
}

const PRICE_SCALE = 12;
const MAX_BOUND = 10n ** 12n;

/** Graduated tiers with rising bounds at a random scale; prices have up to 12 decimals. */
export const anyTiers: fc.Arbitrary<PricedTiers> = fc
  .record({
    scale: fc.nat(9),
    bounds: fc.uniqueArray(fc.oneof(fc.bigInt(1n, 20n), fc.bigInt(1n, MAX_BOUND)), { maxLength: 5 }),
    prices: fc.array(fc.oneof(fc.constant(0n), fc.bigInt(0n, 10n ** 16n)), { minLength: 6, maxLength: 6 }),
  })
  .map(({ scale, bounds, prices }) => {
    const rising = bounds.toSorted((left, right) => (left < right ? -1 : 1));
    const upTo: (string | null)[] = [...rising.map((bound) => decimalText(bound, scale)), null];
    const tiers = upTo.map((bound, index) => ({
      upTo: bound,
      unitPrice: decimalText(prices[index] ?? 0n, PRICE_SCALE),
    }));
    return { scale, tiers };
  });

/** A quantity in smallest units, often near the small bounds of {@link anyTiers}. */
export const anyQuantity: fc.Arbitrary<bigint> = fc.oneof(fc.bigInt(0n, 30n), fc.bigInt(0n, 2n ** 60n));

/** A valid document with one meter and one plan that prices it. */
export function documentOf(scale: number, tiers: readonly DocumentTier[]) {
  return {
    currency: "usd",
    defaultPlan: "payg",
    meters: [{ name: "units", displayName: "Units", unit: "units", aggregation: "sum", scale }],
    plans: [
      {
        name: "payg",
        displayName: "Pay as you go",
        baseFee: "0.00",
        prices: [{ metricName: "units", model: "graduated", tiers }],
      },
    ],
  };
}

/** The price of {@link documentOf} as the catalog has accepted it, ready to price quantities. */
export function priceOf({ scale, tiers }: PricedTiers): CompiledPrice {
  return compiledPrice(documentOf(scale, tiers));
}

/** The one price of a document, ready to price quantities. */
export function compiledPrice(document: unknown): CompiledPrice {
  const catalog = catalogSchema.parse(document);
  const price = catalog.plans[0]?.prices[0];
  const [meter] = catalog.meters;
  if (price === undefined || meter === undefined) {
    throw new Error("the document has one price");
  }
  return compilePrice(price, meter, currencyOf(catalog.currency));
}

/** The tiers of the first price, which is graduated, as the catalog gives them back. */
export function tiersOf(catalog: Catalog): GraduatedPrice["tiers"] {
  const price = catalog.plans[0]?.prices[0];
  if (price?.model !== "graduated") {
    throw new Error("the first price is graduated");
  }
  return price.tiers;
}

/** Paths of all faults of a document, as `plans.0.prices.0.tiers`; empty when it is valid. */
export function faultPaths(document: unknown): string[] {
  const parsed = catalogSchema.safeParse(document);
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join("."));
}

/** A document as its GET gives it back. */
export function givenBack(document: unknown): Catalog {
  return JSON.parse(JSON.stringify(catalogSchema.parse(document))) as Catalog;
}

export const OPEN_TIERS = [{ upTo: null, unitPrice: "1" }];

/** A valid document of one meter and two plans as plain JSON, to be spoiled by a test. */
export function validDocument() {
  const { meters, plans, ...rest } = documentOf(2, [
    { upTo: "10", unitPrice: "0" },
    { upTo: null, unitPrice: "0.5" },
  ]);
  const [plan] = plans;
  const second = { ...plan, name: "plus", prices: [] };
  return { ...rest, meters: meters as object[], plans: [plan as object, second as object] };
}

/** The valid document with other members in its meter. */
export function withMeter(changes: object) {
  const document = validDocument();
  return { ...document, meters: [{ ...document.meters[0], ...changes }] };
}

/** The same with plans that price nothing. */
export function unpriced(changes: object) {
  return { ...withMeter(changes), defaultPlan: "plus", plans: [validDocument().plans[1]] };
}

/** The valid document with other members in its default plan. */
export function withPlan(changes: object) {
  const document = validDocument();
  return { ...document, plans: [{ ...document.plans[0], ...changes }] };
}

/** A document of one price at two decimals, with other members. */
export function withPrice(changes: object) {
  const document = documentOf(2, OPEN_TIERS);
  const price = { metricName: "units", model: "graduated", tiers: OPEN_TIERS, ...changes };
  return { ...document, plans: [{ ...document.plans[0], prices: [price] }] };
}
