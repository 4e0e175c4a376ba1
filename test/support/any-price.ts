import * as fc from "fast-check";
import { anyQuantity, anyTiers, compiledPrice } from "./catalog-fixture.ts";
import { CURRENCIES, type DocumentPart, type DocumentPrice, type PricedTier } from "./rational-bill.ts";
import { decimalText } from "./rational-rating.ts";
import type { CompiledPrice } from "../../src/rating/compile.ts";

/** A price with the scale of its meter. */
export interface ScaledPrice {
  scale: number;
  price: DocumentPrice;
}

const PRICE_SCALE = 12;

/** A price in minor units of up to 12 decimals, often zero. */
export const anyUnitPrice: fc.Arbitrary<string> = fc
  .oneof(
    fc.constant(0n),
    fc.bigInt(0n, 10n ** 16n),
    fc.bigInt(0n, 9n).map((cents) => cents * 10n ** 12n),
  )
  .map((price) => decimalText(price, PRICE_SCALE));

/** Tiers of which each has a unit price, a flat fee or both. */
const feeTiers: fc.Arbitrary<{ scale: number; tiers: PricedTier[] }> = fc
  .tuple(anyTiers, fc.array(fc.tuple(fc.nat(2), anyUnitPrice), { minLength: 6, maxLength: 6 }))
  .map(([{ scale, tiers }, fees]) => ({
    scale,
    tiers: tiers.map(({ upTo, unitPrice }, index) => {
      const [kind = 0, flatFee = "0"] = fees[index] ?? [];
      return [
        { upTo, unitPrice },
        { upTo, flatFee },
        { upTo, unitPrice, flatFee },
      ][kind]!;
    }),
  }));

const anyIncluded = fc.oneof(fc.constant(0n), fc.bigInt(0n, 30n), fc.bigInt(0n, 10n ** 12n));

/** A price of the model at a random scale, without spends and chargeWhenZero. */
export function anyPriceOf(model: DocumentPrice["model"]): fc.Arbitrary<ScaledPrice> {
  const metricName = "units";
  if (model === "graduated" || model === "volume") {
    return feeTiers.map(({ scale, tiers }) => ({ scale, price: { metricName, model, tiers } }));
  }
  if (model === "stairstep") {
    return anyTiers.map(({ scale, tiers }) => ({
      scale,
      price: {
        metricName,
        model,
        tiers: tiers.map(({ upTo, unitPrice }) => ({ upTo, flatFee: unitPrice })),
      },
    }));
  }
  const size = fc.oneof(fc.bigInt(1n, 20n), fc.bigInt(1n, 10n ** 12n));
  return fc
    .tuple(fc.nat(9), anyIncluded, size, anyUnitPrice)
    .map(([scale, included, packageSize, price]) => ({
      scale,
      price: {
        metricName,
        model,
        includedFree: decimalText(included, scale),
        ...(model === "package" && { packageSize: decimalText(packageSize, scale), packagePrice: price }),
        ...(model === "perUnit" && { unitPrice: price }),
        ...(model === "flat" && { flatFee: price }),
      },
    }));
}

export const MODELS = ["graduated", "volume", "stairstep", "package", "perUnit", "flat"] as const;

/** A price of any model, which may charge when nothing is used. */
export const anyPrice: fc.Arbitrary<ScaledPrice> = fc
  .tuple(fc.oneof(...MODELS.map(anyPriceOf)), fc.boolean())
  .map(([{ scale, price }, chargeWhenZero]) => ({
    scale,
    price: chargeWhenZero ? { ...price, chargeWhenZero } : price,
  }));

/** The document of one price, and of a meter for it. */
export function priceDocument({ scale, price }: ScaledPrice, currency = "usd") {
  return {
    currency,
    defaultPlan: "payg",
    meters: [{ name: price.metricName, displayName: "Units", unit: "units", aggregation: "sum", scale }],
    plans: [{ name: "payg", displayName: "Pay as you go", prices: [price] }],
  };
}

/** The price as the catalog has accepted it, ready to price quantities. */
export function compiled(scaled: ScaledPrice): CompiledPrice {
  return compiledPrice(priceDocument(scaled));
}

/** A bill's parts, with all of its prices' meters. */
export interface AnyBill {
  currency: string;
  meters: object[];
  parts: DocumentPart[];
}

/** Prices, spends, quantities, maybe negative, and days of one to three parts of a period, in any currency. */
export const anyBill: fc.Arbitrary<AnyBill> = fc
  .constantFrom(...Object.keys(CURRENCIES))
  .chain((currency) => {
    const amount = amountIn(currency);
    const metric = fc.record({
      scaled: anyPrice,
      spends: spendsIn(amount),
      quantity: fc.oneof(anyQuantity, fc.bigInt(-5n, 5n)),
    });
    const part = fc.record({
      baseFee: amount.map(([text]) => text),
      spends: spendsIn(amount),
      metrics: fc.array(metric, { maxLength: 4 }),
      days: fc.nat(31),
    });
    return fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => ({ currency, ...assembled(parts) }));
  });

interface PartDraft {
  baseFee: string;
  spends: Spends;
  metrics: { scaled: ScaledPrice; spends: Spends; quantity: bigint }[];
  days: number;
}

interface Spends {
  minSpend?: string;
  maxSpend?: string;
}

function assembled(drafts: readonly PartDraft[]): Pick<AnyBill, "meters" | "parts"> {
  const meters: object[] = [];
  const parts = drafts.map(({ baseFee, spends, metrics, days }): DocumentPart => {
    const named = metrics.map(({ scaled, spends: own, quantity }) => {
      const metricName = `units_${meters.length}`;
      const texts = { displayName: "Units", unit: "units", aggregation: "sum" };
      meters.push({ name: metricName, ...texts, scale: scaled.scale });
      return {
        price: { ...scaled.price, ...own, metricName },
        quantity: decimalText(quantity, scaled.scale),
      };
    });
    return {
      plan: { baseFee, ...spends, prices: named.map(({ price }) => price) },
      quantities: Object.fromEntries(named.map(({ price, quantity }) => [price.metricName, quantity])),
      days,
      periodDays: 31,
    };
  });
  return {
    meters:
      meters.length === 0 ? [{ name: "none", displayName: "None", unit: "x", aggregation: "sum" }] : meters,
    parts,
  };
}

/** An amount that the currency can be charged in, as text and in its smallest charges. */
function amountIn(currency: string): fc.Arbitrary<[string, bigint]> {
  const { decimals, unit } = CURRENCIES[currency]!;
  return fc
    .oneof(fc.bigInt(0n, 50n), fc.bigInt(0n, 10n ** 9n))
    .map((steps): [string, bigint] => [decimalText(steps * unit, decimals), steps]);
}

function spendsIn(amount: fc.Arbitrary<[string, bigint]>): fc.Arbitrary<Spends> {
  return fc.tuple(fc.nat(3), amount, amount).map(([kind, one, other]): Spends => {
    const [least, most] = one[1] <= other[1] ? [one[0], other[0]] : [other[0], one[0]];
    return [{}, { minSpend: least }, { maxSpend: most }, { minSpend: least, maxSpend: most }][kind]!;
  });
}
