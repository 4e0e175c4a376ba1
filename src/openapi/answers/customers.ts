import * as z from "zod";
import { ALERT_KINDS } from "../../domain/alert-rule.ts";
import { named } from "../named.ts";
import { keptPrice } from "./prices.ts";
import { decimal, moment, pageOf, period } from "./values.ts";

const settings = {
  id: z.string(),
  name: z.string().optional(),
  email: z.string().optional(),
  stripeCustomerId: z.string().optional(),
  plan: z.string().optional(),
  prices: z.array(keptPrice).optional(),
  budget: decimal.optional(),
  billingAnchorDay: z.int().optional(),
  collectionMethod: z.enum(["charge_automatically", "send_invoice"]).optional(),
  daysUntilDue: z.int().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
};

/** A customer as it was put. */
export const putCustomer = named("PutCustomer", z.object(settings));

/** A customer that is read. */
export const customer = named("Customer", z.object({ ...settings, createdAt: moment }));
export const customerPage = pageOf("CustomerPage", customer);

/** A correction that is kept. */
export const keptAdjustment = named(
  "KeptAdjustment",
  z.object({
    id: z.string(),
    customerId: z.string(),
    metricName: z.string(),
    quantity: decimal,
    at: moment,
    reason: z.string(),
    createdAt: moment,
    createdBy: z.string(),
  }),
);
export const adjustmentPage = pageOf("AdjustmentPage", keptAdjustment);

const rule = { id: z.string(), enabled: z.boolean() };
const thresholds = z.array(decimal);

/** The rules that count for a customer. */
export const rulesInForce = named(
  "RulesInForce",
  z.object({
    rules: z.array(
      z.discriminatedUnion("kind", [
        z.object({
          ...rule,
          kind: z.literal("usage"),
          metricName: z.string().optional(),
          measure: z.enum(["percent", "quantity"]),
          thresholds,
        }),
        z.object({ ...rule, kind: z.literal("spend"), thresholds }),
        z.object({ ...rule, kind: z.literal("budget"), thresholds }),
        z.object({ ...rule, kind: z.literal("forecast") }),
      ]),
    ),
  }),
  { description: "The defaults among them; may be changed and put again." },
);

/** A threshold that was crossed. */
export const alert = named(
  "Alert",
  z.object({
    id: z.string(),
    customerId: z.string(),
    rule: z.string(),
    kind: z.enum(ALERT_KINDS),
    metric: z.string().nullable(),
    threshold: z.union([z.number(), decimal]).describe("A number where it is a percentage."),
    thresholdUnit: z.enum(["percent", "quantity", "amount"]),
    current: decimal,
    included: decimal.nullable(),
    budget: decimal.nullable(),
    currency: z.string().nullable(),
    period,
    firedAt: moment,
  }),
);
export const alertPage = pageOf("AlertPage", alert);
