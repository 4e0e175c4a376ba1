import { invariant } from "../domain/invariant.ts";
import type { Period } from "../domain/period.ts";
import type { CustomerPeriod } from "../ledger/billing-periods.ts";
import type { Database } from "../ledger/database.ts";
import { closeWithInvoice, type NewInvoice } from "../ledger/invoices.ts";
import { readClosing, type Closing } from "../ledger/true-up-reach.ts";
import { readUsage, type PeriodChoice, type UsageReading } from "../ledger/usage-reading.ts";
import { billPeriod, type PricedTrueUp } from "../rating/bill.ts";
import { pricedParts } from "../rating/rate-period.ts";
import type { CatalogVersion } from "../rating/catalog.ts";
import { trueUpLines, trueUpOfItself } from "../rating/true-up.ts";
import type { CatalogVersions } from "./catalog-versions.ts";
import { computeInvoice } from "./compute-invoice.ts";

/** What comes in between has a period billed anew, so often. */
const MAX_TRIES = 3;

export interface BillDeps {
  database: Database;
  /** Fresh randomness with each call. */
  randomId: () => string;
  versions: CatalogVersions;
  /** Whether an invoice of nothing goes to Stripe as well. */
  sendZeroInvoices: boolean;
  /** Makes the days of a period of the customer what their hours say. */
  repair: (period: Period) => Promise<void>;
}

/**
 * Bills a period from what is in the ledger, and closes it. Answers false when it is billed already, or when what it rests on
 * changes again and again meanwhile.
 */
export async function billAndClose(deps: BillDeps, period: CustomerPeriod, nowMs: number): Promise<boolean> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const billed = await billClosing(deps, period, nowMs);
    if (billed === undefined) {
      return false;
    }
    if (await closeWithInvoice(deps.database, billed.invoice, nowMs, billed.basis)) {
      return true;
    }
  }
  return false;
}

/**
 * The invoice of a period from what the ledger says of it now, with what earlier periods are trued up by, and what that rests
 * on: both go to the close together. Undefined when the period has an invoice.
 */
export async function billClosing(
  deps: BillDeps,
  period: CustomerPeriod,
  nowMs: number,
): Promise<{ invoice: NewInvoice; basis: string } | undefined> {
  const { customerId, startMs, endMs } = period;
  // Before usage is read: what comes in between is not billed yet, and the period is not closed.
  const closing = await readSoundly(deps, period);
  if (closing.isBilled) {
    return undefined;
  }
  const reading = await readUsage(deps.database, customerId, exactly(period, nowMs), []);
  const version = await deps.versions.of(reading);
  const plan = pricedParts(version.catalog, reading)?.at(-1)?.plan;
  invariant(plan !== undefined, "the version was chosen by the period's plans");
  const trueUps = (await changedOf(deps, closing)).filter(
    // An invoice is in one currency.
    ({ catalog }) => catalog.currency === version.catalog.currency,
  );
  const itself = trueUpOfThePeriod(version, reading, closing);
  if (itself !== undefined) {
    trueUps.push(itself);
  }
  const bill = billPeriod(version.catalog, reading, trueUps);
  invariant(bill !== undefined, "the version was chosen by the period's plans");
  const base = {
    invoiceId: `inv_${deps.randomId()}`,
    customerId,
    period: { startMs, endMs },
    catalogVersion: version.version,
  };
  // A deleted customer's last period is billed by the settings it had.
  const settings = reading.settings ?? {};
  const from = { usage: reading, trueUps };
  const invoice = computeInvoice(base, settings, plan.name, from, bill, deps.sendZeroInvoices);
  return { invoice, basis: closing.basis };
}

/** Reads what the bill rests on; where that would true up a period, from days that are what their hours say. */
async function readSoundly(deps: BillDeps, period: CustomerPeriod): Promise<Closing> {
  const closing = await readClosing(deps.database, period);
  const changed = closing.isBilled ? [] : await changedOf(deps, closing);
  const [first] = changed;
  const last = changed.at(-1);
  if (first === undefined || last === undefined) {
    return closing;
  }
  // At once, with whatever lies between them: a run has so many requests.
  await deps.repair({ startMs: first.usage.period.startMs, endMs: last.usage.period.endMs });
  return readClosing(deps.database, period);
}

/** What later invoices have billed of the period; there is something only where it is invoiced anew. */
function trueUpOfThePeriod(
  { version, catalog }: CatalogVersion,
  { period, changes, lifetime, totals }: UsageReading,
  { corrected }: Closing,
): PricedTrueUp | undefined {
  const usage = { period, changes, lifetime, totals };
  const same = corrected.filter(({ currency }) => currency === catalog.currency);
  const trueUp = trueUpOfItself(catalog, { catalogVersion: version, usage }, same);
  return trueUp && { ...trueUp, catalog };
}

/** The earlier periods that have come to more, or less, than they were billed. */
async function changedOf({ versions }: BillDeps, { reach }: Closing): Promise<PricedTrueUp[]> {
  const changed: PricedTrueUp[] = [];
  for (const trueUp of reach) {
    const { catalog } = await versions.numbered(trueUp.catalogVersion);
    if (trueUpLines(catalog, trueUp).length > 0) {
      changed.push({ ...trueUp, catalog });
    }
  }
  return changed;
}

function exactly({ startMs }: CustomerPeriod, nowMs: number): PeriodChoice {
  return {
    startFromMs: startMs,
    startToMs: startMs,
    endAfterMs: startMs,
    otherwiseMs: startMs,
    nowMs,
  };
}
