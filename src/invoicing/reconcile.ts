import type Stripe from "stripe";
import type { Database } from "../ledger/database.ts";
import { HOUR_MS } from "../domain/window.ts";
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

/** An invoice is compared about once a day. */
const COMPARED_EVERY_MS = 20 * HOUR_MS;

/**
 * Compares the ledger's invoices with Stripe's, in both directions, as much as one run may. May run twice at once.
 *
 * `isAsked`: also those that were compared today.
 */
export async function reconcile(
  { database, stripe }: ReconcileDeps,
  nowMs: number,
  isAsked = false,
): Promise<ReconciliationReport> {
  const sinceMs = isAsked ? null : nowMs - COMPARED_EVERY_MS;
  const client = await stripe();
  return {
    invoices: await checkInvoices(client, database, nowMs, sinceMs),
    stripeInvoices: await findStrangeInvoices(client, database, nowMs),
  };
}
