import * as z from "zod";
import { meterSchema, nameSchema } from "../domain/meter.ts";
import { storableText } from "../domain/text.ts";
import { checkCatalog } from "./catalog-check.ts";
import type { FaultPath } from "./fault-place.ts";
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

/** Most faults of shape beside which the rules are looked at, too. */
const MAX_SHAPE_FAULTS = 100;

/** The catalog document: meters and plans, validated whole; every fault is told with its path. */
export const catalogSchema = z
  .strictObject({
    currency: z.string().regex(/^[a-z]{3}$/, "must be an ISO 4217 code in lower case, e.g. usd"),
    defaultPlan: nameSchema,
    meters: z.array(meterSchema).min(1).max(200),
    plans: z.array(planSchema).min(1).max(200),
  })
  .superRefine(
    (catalog, context) => {
      checkCatalog(catalog, faultyPaths(context.issues), (path, message) =>
        context.addIssue({ code: "custom", path, message }),
      );
    },
    { when: isWorthRules },
  );

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

/** Also when the shape is wrong somewhere, so that all faults are told at once; not of what has no bounds. */
function isWorthRules({ value, issues }: z.core.ParsePayload): boolean {
  const isBounded = issues.every((issue) => issue.code !== "too_big" || issue.origin !== "array");
  return typeof value === "object" && value !== null && isBounded && issues.length <= MAX_SHAPE_FAULTS;
}

/** Where the shape is not what the type says; what a member too many leaves as it is. */
function faultyPaths(issues: z.core.ParsePayload["issues"]): FaultPath[] {
  return issues
    .filter(({ code }) => code !== "unrecognized_keys")
    .map(({ path }) => (path ?? []) as FaultPath);
}
