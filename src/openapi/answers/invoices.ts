import * as z from "zod";
import { INVOICE_STATUSES, STEPS } from "../../ledger/invoice-status.ts";
import { named } from "../named.ts";
import { keptCatalog } from "./prices.ts";
import { decimal, moment, pageOf, period } from "./values.ts";

/** A line of an invoice. */
export const line = named(
  "InvoiceLine",
  z.object({
    ref: z.string(),
    metric: z.string().nullable(),
    description: z.string(),
    quantity: decimal,
    amount: decimal,
    tiers: z.array(
      z.object({
        from: decimal,
        to: decimal.nullable(),
        quantity: decimal,
        unitPrice: decimal,
        flatFee: decimal.optional(),
        packages: z.object({ count: decimal, size: decimal, price: decimal }).optional(),
        amount: decimal,
      }),
    ),
    trueUpOf: moment.optional().describe("Start of the earlier period that the line corrects."),
  }),
);

const bill = { currency: z.string(), lines: z.array(line), subtotal: decimal, total: decimal };

/** What was billed. */
export const invoice = named(
  "Invoice",
  z.object({
    id: z.string(),
    number: z.string(),
    customerId: z.string(),
    period,
    status: z.enum(INVOICE_STATUSES),
    catalogVersion: z.int(),
    ...bill,
    stripeCustomerId: z.string().nullable().optional(),
    voidReason: z.string().optional(),
    voidRequestedBy: z.string().optional(),
    voidRequestedAt: moment.optional(),
    replacedBy: z.string().optional(),
    replaces: z.string().optional(),
    stripeInvoiceId: z.string().nullable(),
    steps: z.array(
      z.object({
        step: z.enum(STEPS),
        startedAt: moment,
        finishedAt: moment.nullable(),
        outcome: z.record(z.string(), z.unknown()).nullable(),
      }),
    ),
  }),
);
export const invoicePage = pageOf("InvoicePage", invoice);

/** Why a line has its amount. */
export const lineExplanation = named(
  "LineExplanation",
  z.object({
    invoiceId: z.string(),
    number: z.string(),
    currency: z.string(),
    line,
    catalogVersion: z.int(),
    span: period.nullable(),
    plan: z.string().nullable(),
    price: z.record(z.string(), z.unknown()).nullable(),
    reasons: z.array(z.object({ text: z.string(), amount: decimal })),
    days: z.array(
      z.object({
        day: z.string().nullable().describe("Null: what has come since the line was priced."),
        used: decimal,
        adjusted: decimal,
        total: decimal,
        cost: decimal,
      }),
    ),
  }),
);

/** All that an invoice was computed from. */
export const invoiceExport = named(
  "InvoiceExport",
  z.object({
    format: z.literal("edgemeter.invoice/1"),
    invoice: z.object({
      id: z.string(),
      number: z.string(),
      customerId: z.string(),
      period,
      catalogVersion: z.int(),
      ...bill,
    }),
    catalog: keptCatalog,
    usage: z.record(z.string(), z.unknown()).nullable(),
    trueUps: z.array(z.record(z.string(), z.unknown())),
    rounding: z.object({ rule: z.string(), currency: z.string(), decimals: z.int(), unitMinor: z.string() }),
    days: z.array(z.record(z.string(), z.unknown())),
    adjustments: z.array(z.record(z.string(), z.unknown())),
    isCut: z.boolean(),
  }),
);

const count = z.int().min(0);

/** What a run has done. */
export const invoicingReport = named(
  "InvoicingReport",
  z.object({
    closed: count,
    sent: count,
    blocked: count,
    voided: count,
    failed: count,
    remaining: count.describe("Left for the next run."),
  }),
);
