import * as z from "zod";
import { SERIES_WINDOWS } from "../../usage/series-windows.ts";
import { named } from "../named.ts";
import { line } from "./invoices.ts";
import { decimal, moment, period } from "./values.ts";

const included = decimal.nullable().describe("Null: every unit is free.");

/** What a customer has used in a period. */
export const customerUsage = named(
  "CustomerUsage",
  z.object({
    customerId: z.string(),
    plan: z.string(),
    currency: z.string(),
    period,
    asOf: moment,
    stale: z.boolean().describe("The counters could not be asked: the newest usage may be missing."),
    metrics: z.array(
      z.object({
        metric: z.string(),
        displayName: z.string(),
        unit: z.string(),
        current: decimal,
        included,
        percentUsed: z.int(),
        estimatedCost: decimal,
        projectedCost: decimal,
      }),
    ),
    totalCost: decimal,
    projectedTotal: decimal,
    budget: z.object({ amount: decimal, percentUsed: z.int() }).nullable(),
    parts: z
      .array(
        z.object({
          plan: z.string(),
          start: moment,
          end: moment,
          metrics: z.array(z.object({ metric: z.string(), quantity: decimal, included })),
        }),
      )
      .optional()
      .describe("Only where the plan changed inside the period."),
  }),
);

/** The invoice as it would be now. */
export const upcomingInvoice = named(
  "UpcomingInvoice",
  z.object({
    id: z.null(),
    number: z.null(),
    customerId: z.string(),
    period,
    status: z.literal("upcoming"),
    asOf: moment,
    stale: z.boolean(),
    currency: z.string(),
    catalogVersion: z.int(),
    lines: z.array(line),
    subtotal: decimal,
    total: decimal,
    stripeCustomerId: z.string().nullable(),
    stripeInvoiceId: z.null(),
    steps: z.array(z.unknown()).max(0),
  }),
);

/** Whether a customer may go on using a metric. */
export const limitCheck = named(
  "LimitCheck",
  z.object({
    allowed: z.boolean(),
    reason: z.string().optional(),
    limit: decimal.nullable().describe("Null: no limit is set."),
    used: decimal,
    remaining: decimal.nullable(),
    resetsAt: moment,
  }),
);

/** A metric over time. */
export const usageSeries = named(
  "UsageSeries",
  z.object({
    metric: z.string(),
    window: z.enum(SERIES_WINDOWS),
    timezone: z.string(),
    from: moment,
    to: moment,
    asOf: moment,
    stale: z.boolean(),
    data: z.array(
      z.object({
        customerId: z.string().optional(),
        dimensions: z.record(z.string(), z.string().nullable()),
        points: z.array(z.object({ start: z.string(), end: z.string(), value: decimal })),
      }),
    ),
    nextCursor: z.string().nullable(),
  }),
);
