import * as z from "zod";
import { decimalFromNumber, formatScaled, parseDecimal, scaledTo } from "../domain/decimal.ts";
import { MAX_SCALE, meterSchema, nameSchema } from "../domain/meter.ts";
import { currencyOf, parseMajor } from "../domain/money.ts";
import { storableText } from "../domain/text.ts";
import { checkPrice } from "./catalog-check.ts";
import { unitPriceSchema } from "./unit-price.ts";

const MAX_QUANTITY_LENGTH = 32;

/** A quantity in the meter's unit, given as number or decimal string, kept as decimal string. */
const quantitySchema = z.union([z.number(), z.string()]).transform((input, context) => {
  const decimal = typeof input === "number" ? decimalFromNumber(input) : parseDecimal(input);
  const isTaken = decimal !== undefined && decimal.coefficient >= 0n && decimal.scale <= MAX_SCALE;
  const text = isTaken ? formatScaled(decimal.coefficient, decimal.scale) : "";
  if (text === "" || text.length > MAX_QUANTITY_LENGTH) {
    context.addIssue({
      code: "custom",
      message: `must be a quantity such as 10000 or 2.5, not negative, of at most ${MAX_QUANTITY_LENGTH} digits`,
    });
    return z.NEVER;
  }
  return text;
});

/** An amount in major units, kept as decimal string; its decimals are checked against the currency. */
const amountSchema = z
  .union([z.number(), z.string()])
  .transform(String)
  .refine((text) => /^\d{1,15}(\.\d{1,3})?$/.test(text), {
    error: "must be an amount such as 99.00, not negative",
    abort: true,
  });

const tierSchema = z.strictObject({ upTo: quantitySchema.nullable(), unitPrice: unitPriceSchema });

const priceSchema = z.strictObject({
  metricName: nameSchema,
  model: z.literal("graduated", "only the model `graduated` is there yet"),
  includedFree: quantitySchema.optional(),
  tiers: z.array(tierSchema).min(1).max(100),
});

const planSchema = z.strictObject({
  name: nameSchema,
  displayName: storableText(),
  baseFee: amountSchema.default("0"),
  prices: z.array(priceSchema).max(100).default([]),
});

export type Tier = z.infer<typeof tierSchema>;
export type Price = z.infer<typeof priceSchema>;
export type Plan = z.infer<typeof planSchema>;

/** The catalog document: meters and plans, validated whole; every fault is told with its path. */
export const catalogSchema = z
  .strictObject({
    currency: z.string().regex(/^[a-z]{3}$/, "must be an ISO 4217 code in lower case, e.g. usd"),
    defaultPlan: nameSchema,
    meters: z.array(meterSchema).min(1).max(200),
    plans: z.array(planSchema).min(1).max(200),
  })
  .superRefine((catalog, context) => {
    const fault = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: "custom", path, message });
    const currency = currencyOf(catalog.currency);
    checkUnique(catalog.meters, ["meters"], fault);
    checkUnique(catalog.plans, ["plans"], fault);
    if (!catalog.plans.some((plan) => plan.name === catalog.defaultPlan)) {
      fault(["defaultPlan"], `no plan is named ${catalog.defaultPlan}`);
    }
    for (const [planIndex, plan] of catalog.plans.entries()) {
      const feeMinor = parseMajor(plan.baseFee, currency);
      if (feeMinor === undefined || feeMinor % currency.roundingUnit !== 0n) {
        fault(["plans", planIndex, "baseFee"], `is finer than ${catalog.currency} can be charged`);
      }
      for (const [priceIndex, price] of plan.prices.entries()) {
        const path = ["plans", planIndex, "prices", priceIndex];
        const meter = catalog.meters.find(({ name }) => name === price.metricName);
        checkPrice(price, meter, (below, message) => fault([...path, ...below], message));
        if (plan.prices.findIndex(({ metricName }) => metricName === price.metricName) !== priceIndex) {
          fault([...path, "metricName"], `${price.metricName} is priced twice in this plan`);
        }
      }
    }
  });

export type Catalog = z.infer<typeof catalogSchema>;

/** A published catalog. */
export interface CatalogVersion {
  version: number;
  catalog: Catalog;
  publishedAtMs: number;
}

/** The plan a customer is on; undefined when the catalog has no plan of that name. */
export function planOf(catalog: Catalog, planName: string | undefined): Plan | undefined {
  return catalog.plans.find(({ name }) => name === (planName ?? catalog.defaultPlan));
}

/** A quantity that the schema has accepted, at the meter's scale. */
export function parseQuantity(text: string, scale: number): bigint {
  const decimal = parseDecimal(text);
  const scaled = decimal && scaledTo(decimal, scale);
  if (scaled === undefined) {
    throw new Error(`not a quantity of ${scale} decimals: ${text}`);
  }
  return scaled;
}

function checkUnique(
  named: readonly { name: string }[],
  path: (string | number)[],
  fault: (path: (string | number)[], message: string) => void,
): void {
  const seen = new Set<string>();
  for (const [index, { name }] of named.entries()) {
    if (seen.has(name)) {
      fault([...path, index, "name"], `${name} is there twice`);
    }
    seen.add(name);
  }
}
