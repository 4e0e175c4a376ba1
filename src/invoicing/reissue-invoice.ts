import { invariant } from "../domain/invariant.ts";
import { countAdjustments } from "../ledger/adjustments.ts";
import type { Database } from "../ledger/database.ts";
import { closeWithInvoice, getInvoice, type Invoice, type NewInvoice } from "../ledger/invoices.ts";
import { readUsage } from "../ledger/usage-reading.ts";
import { pricedParts } from "../rating/rate-period.ts";
import { rateParts } from "../rating/rate.ts";
import { CatalogVersions } from "./close-period.ts";
import { computeInvoice } from "./compute-invoice.ts";

/** Adjustments that come in between have it computed anew, so often. */
const MAX_TRIES = 3;

export interface ReissueDeps {
  database: Database;
  /** Fresh randomness with each call. */
  randomId: () => string;
}

/**
 * Makes a new invoice, under a new number, in place of a void one: of the same period, from what the ledger says of it now
 * and the customer's present settings. It is sent like any other.
 *
 * Made once: of two at once, and of a repeat, one is kept.
 */
export async function reissueInvoice(deps: ReissueDeps, voided: Invoice, nowMs: number): Promise<void> {
  const { database } = deps;
  const period = { customerId: voided.customerId, ...voided.period };
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const adjustments = await countAdjustments(database, period);
    const invoice = await recompute(deps, voided, nowMs);
    if (await closeWithInvoice(database, invoice, nowMs, adjustments, voided.invoiceId)) {
      return;
    }
    const now = await getInvoice(database, voided.invoiceId);
    if (typeof now?.voiding?.replacedBy === "string") {
      return;
    }
  }
  throw new Error(`${voided.invoiceId} cannot be made anew: its period has another invoice, or changes`);
}

async function recompute(
  { database, randomId }: ReissueDeps,
  { customerId, period }: Invoice,
  nowMs: number,
): Promise<NewInvoice> {
  const { startMs, endMs } = period;
  const exactly = {
    startFromMs: startMs,
    startToMs: startMs,
    endAfterMs: startMs,
    otherwiseMs: startMs,
    nowMs,
  };
  const reading = await readUsage(database, customerId, exactly, []);
  const { catalog, version } = await new CatalogVersions(database).of(reading);
  const parts = pricedParts(catalog, reading);
  const plan = parts?.at(-1)?.plan;
  invariant(parts !== undefined && plan !== undefined, "the version was chosen by the period's plans");
  const base = {
    invoiceId: `inv_${randomId()}`,
    customerId,
    period: { startMs, endMs },
    catalogVersion: version,
  };
  return computeInvoice(base, reading.settings ?? {}, plan.name, reading, rateParts(catalog, parts));
}
