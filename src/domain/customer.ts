import * as z from "zod";
import { nameSchema } from "./meter.ts";
import { MAX_PRICES, priceSchema } from "./price.ts";
import { customerIdText, isStorableText, STORABLE, storableText } from "./text.ts";

const MAX_METADATA_KEYS = 50;
/** Days a customer has to pay an invoice that is sent, unless its settings say otherwise. */
export const DEFAULT_DAYS_UNTIL_DUE = 30;

export const customerIdSchema = customerIdText();

/**
 * What is known of a customer, as it is put.
 *
 * `budget` is in major units of the catalog's currency; `plan` absent means the catalog's default plan; `prices` take the
 * place of the plan's for their metrics, and are added to them for others.
 */
export const customerSettingsSchema = z.strictObject({
  name: storableText(256).optional(),
  email: z.email().max(256).optional(),
  stripeCustomerId: z
    .string()
    .regex(/^cus_[A-Za-z0-9_]{1,250}$/, "must be a Stripe customer id: cus_…")
    .optional(),
  plan: nameSchema.optional(),
  prices: z.array(priceSchema).max(MAX_PRICES).optional(),
  budget: z
    .union([z.number(), z.string()])
    .transform(String)
    .pipe(z.string().regex(/^\d{1,15}(\.\d{1,3})?$/, "must be an amount such as 500.00"))
    .optional(),
  /** Day of the month on which billing periods start; the last day where a month is shorter. */
  billingAnchorDay: z.int().min(1).max(31).optional(),
  collectionMethod: z.enum(["charge_automatically", "send_invoice"]).optional(),
  daysUntilDue: z.int().min(1).max(365).optional(),
  metadata: z
    .record(storableText(), z.string().max(1000).refine(isStorableText, STORABLE))
    .refine(
      (metadata) => Object.keys(metadata).length <= MAX_METADATA_KEYS,
      `at most ${MAX_METADATA_KEYS} keys`,
    )
    .optional(),
});

export type CustomerSettings = z.infer<typeof customerSettingsSchema>;

export interface Customer {
  customerId: string;
  settings: CustomerSettings;
  createdAtMs: number;
}
