import { demoCatalog } from "../../local/demo-catalog.ts";
import { periodContaining } from "../../src/domain/period.ts";
import { insertCatalog } from "../../src/ledger/catalog-versions.ts";
import { putCustomer } from "../../src/ledger/customers.ts";
import type { Database } from "../../src/ledger/database.ts";
import { closeWithInvoice, type NewInvoice } from "../../src/ledger/invoices.ts";
import { readClosing } from "../../src/ledger/true-up-reach.ts";
import { catalogSchema } from "../../src/rating/catalog.ts";
import { withMonthBefore } from "./ledger-fixture.ts";

export const INVOICED = periodContaining(Date.parse("2026-11-23"));
export const CLOSED_MS = INVOICED.endMs + 25 * 3_600_000;

/** A customer with its first period, and a catalog: what an invoice refers to. */
export async function prepareClose(database: Database, customerId = "cus_acme"): Promise<void> {
  await insertCatalog(database, 0, catalogSchema.parse(demoCatalog), INVOICED.startMs, "test");
  await putCustomer(database, customerId, {}, INVOICED.startMs, withMonthBefore(INVOICED));
}

/** An invoice of two lines as a close writes it. */
export function newInvoice(invoiceId: string, changes: Partial<NewInvoice> = {}): NewInvoice {
  return {
    invoiceId,
    customerId: "cus_acme",
    period: INVOICED,
    status: "draft",
    currency: "usd",
    catalogVersion: 1,
    snapshot: {
      stripeCustomerId: "cus_S1",
      collectionMethod: "charge_automatically",
      daysUntilDue: null,
      plan: "payg",
    },
    subtotalMinor: 234_001n,
    totalMinor: 234_001n,
    lines: [
      {
        ref: "base_fee",
        metricName: null,
        description: "Base fee",
        quantity: "1",
        amountMinor: 1n,
        tiers: [],
      },
      {
        ref: "metric:api_calls",
        metricName: "api_calls",
        description: "API Calls: 10000000 calls",
        quantity: "10000000",
        amountMinor: 234_000n,
        tiers: [{ from: "0", to: null, quantity: "10000000", unitPrice: "0.0234", amount: "2340.00" }],
      },
    ],
    ...changes,
  };
}

/** Closes an invoice's period by what the ledger says at this moment. */
export async function closeNow(database: Database, invoice: NewInvoice, nowMs: number): Promise<boolean> {
  const { customerId, period } = invoice;
  const { basis } = await readClosing(database, { customerId, ...period });
  return closeWithInvoice(database, invoice, nowMs, basis);
}
