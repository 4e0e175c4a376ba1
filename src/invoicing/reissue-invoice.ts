import { closeWithInvoice, getInvoice, type Invoice } from "../ledger/invoices.ts";
import { billClosing, type BillDeps } from "./bill-closing.ts";
import { CatalogVersions } from "./catalog-versions.ts";
import { repairPeriod } from "./repair-period.ts";

/** What comes in between has it computed anew, so often. */
const MAX_TRIES = 3;

export type ReissueDeps = Pick<BillDeps, "database" | "randomId" | "sendZeroInvoices">;

/**
 * Makes a new invoice, under a new number, in place of a void one: of the same period, from what the ledger says of it now
 * and the customer's present settings, less what later invoices have billed of it. It is sent like any other.
 *
 * Made once: of two at once, and of a repeat, one is kept.
 */
export async function reissueInvoice(deps: ReissueDeps, voided: Invoice, nowMs: number): Promise<void> {
  const { database } = deps;
  const { customerId, period } = voided;
  const repair: BillDeps["repair"] = (own) => repairPeriod(database, customerId, own);
  const versions = new CatalogVersions(database);
  await repair(period);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const billed = await billClosing({ ...deps, versions, repair }, { customerId, ...period }, nowMs);
    const isMade =
      billed !== undefined &&
      (await closeWithInvoice(database, billed.invoice, nowMs, billed.basis, voided.invoiceId));
    if (isMade || typeof (await getInvoice(database, voided.invoiceId))?.voiding?.replacedBy === "string") {
      return;
    }
  }
  throw new Error(`${voided.invoiceId} cannot be made anew: its period has another invoice, or changes`);
}
