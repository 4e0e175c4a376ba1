import type Stripe from "stripe";
import type { Database } from "../ledger/database.ts";
import { checkInvoices, type InvoicesReport } from "./check-invoices.ts";
import { findStrangeInvoices, type StrangeReport } from "./find-strange-invoices.ts";

export interface ReconcileDeps {
  database: Database;
  stripe: () => Promise<Stripe>;
}

export interface ReconciliationReport {
  invoices: InvoicesReport;
  stripeInvoices: StrangeReport;
}

/** Compares the ledger's invoices with Stripe's, in both directions, as much as one run may. May run twice at once. */
export async function reconcile(
  { database, stripe }: ReconcileDeps,
  nowMs: number,
): Promise<ReconciliationReport> {
  const client = await stripe();
  return {
    invoices: await checkInvoices(client, database, nowMs),
    stripeInvoices: await findStrangeInvoices(client, database, nowMs),
  };
}
