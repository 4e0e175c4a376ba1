import * as z from "zod";
import { meterSchema, nameSchema } from "../domain/meter.ts";
import { currencyOf } from "../domain/money.ts";
import { storableText } from "../domain/text.ts";
import { checkPlan } from "./catalog-check.ts";
import { amountSchema, MAX_PRICES, priceSchema } from "../domain/price.ts";

const planSchema = z.strictObject({
  name: nameSchema,
  displayName: storableText(),
  baseFee: amountSchema.default("0"),
  minSpend: amountSchema.optional(),
  maxSpend: amountSchema.optional(),
  prices: z.array(priceSchema).max(MAX_PRICES).default([]),
});

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
    for (const [index, plan] of catalog.plans.entries()) {
      checkPlan(plan, catalog.meters, currency, (below, message) =>
        fault(["plans", index, ...below], message),
      );
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
