import * as z from "zod";
import { nameSchema } from "./meter.ts";
import { quantitySchema } from "./quantity.ts";
import { unitPriceSchema } from "./unit-price.ts";

/** Most tiers of a price. */
export const MAX_TIERS = 100;
/** Most prices of a plan, and most that a customer has of its own. */
export const MAX_PRICES = 100;

const AMOUNT = "must be an amount in major units such as 99.00, not negative, with at most 3 decimals";
const MODEL = "must be graduated, volume, stairstep, package, perUnit or flat";

/** An amount in major units, kept as decimal string; its decimals are checked against the currency. */
export const amountSchema = z
  .union([z.number(), z.string()], { error: AMOUNT })
  .transform((input, context) => {
    const text = String(input);
    if (!/^\d{1,15}(\.\d{1,3})?$/.test(text)) {
      context.addIssue({ code: "custom", message: AMOUNT });
      return z.NEVER;
    }
    return text;
  });

/** Where a tier ends, itself included; null: nowhere. */
export const tierBoundSchema = quantitySchema.nullable();

const tierSchema = z
  .strictObject({
    upTo: tierBoundSchema,
    unitPrice: unitPriceSchema.optional(),
    flatFee: unitPriceSchema.optional(),
  })
  .refine(({ unitPrice, flatFee }) => unitPrice !== undefined || flatFee !== undefined, {
    path: ["unitPrice"],
    error: "a tier needs a unitPrice, a flatFee or both; 0 for a free one",
  });

const stepSchema = z.strictObject({ upTo: tierBoundSchema, flatFee: unitPriceSchema });

function tiersOf<TierSchema extends z.ZodType>(tier: TierSchema): z.ZodArray<TierSchema> {
  return z.array(tier).min(1).max(MAX_TIERS);
}

/** What prices of all models may say; amounts are those of a whole period. */
const common = {
  metricName: nameSchema,
  includedFree: quantitySchema.optional(),
  minSpend: amountSchema.optional(),
  maxSpend: amountSchema.optional(),
  chargeWhenZero: z.boolean().optional(),
};

const graduatedSchema = z.strictObject({
  ...common,
  model: z.literal("graduated"),
  tiers: tiersOf(tierSchema),
});
const volumeSchema = z.strictObject({ ...common, model: z.literal("volume"), tiers: tiersOf(tierSchema) });
const stairstepSchema = z.strictObject({
  ...common,
  model: z.literal("stairstep"),
  tiers: tiersOf(stepSchema),
});
const packageSchema = z.strictObject({
  ...common,
  model: z.literal("package"),
  packageSize: quantitySchema,
  packagePrice: unitPriceSchema,
});
const perUnitSchema = z.strictObject({ ...common, model: z.literal("perUnit"), unitPrice: unitPriceSchema });
const flatSchema = z.strictObject({ ...common, model: z.literal("flat"), flatFee: unitPriceSchema });

/** One metric's price in a plan. `unitPrice`, `flatFee`, `packagePrice` are in minor units, spends in major ones. */
export const priceSchema = z.discriminatedUnion(
  "model",
  [graduatedSchema, volumeSchema, stairstepSchema, packageSchema, perUnitSchema, flatSchema],
  { error: ({ code }) => (code === "invalid_union" ? MODEL : undefined) },
);

export type Price = z.infer<typeof priceSchema>;
export type GraduatedPrice = z.infer<typeof graduatedSchema>;
export type VolumePrice = z.infer<typeof volumeSchema>;
export type StairstepPrice = z.infer<typeof stairstepSchema>;
export type PackagePrice = z.infer<typeof packageSchema>;
export type PerUnitPrice = z.infer<typeof perUnitSchema>;
export type FlatPrice = z.infer<typeof flatSchema>;
export type TieredPrice = GraduatedPrice | VolumePrice | StairstepPrice;

/** A tier of any model as the document has it: what is not said is zero. */
export interface Tier {
  upTo: string | null;
  unitPrice?: string | undefined;
  flatFee?: string | undefined;
}
