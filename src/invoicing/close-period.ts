import { checkAfterFlush, noAlerts } from "../alerts/after-flush.ts";
import type { AlertDeps } from "../alerts/check-alerts.ts";
import { shardOf } from "../counters/keys.ts";
import type { RedisClient } from "../counters/redis.ts";
import type { CustomerSettings } from "../domain/customer.ts";
import { invariant } from "../domain/invariant.ts";
import { flushCustomer } from "../flush/flush-customer.ts";
import { flushStores } from "../flush/flush-stores.ts";
import { countAdjustments } from "../ledger/adjustments.ts";
import type { CustomerPeriod } from "../ledger/billing-periods.ts";
import { getCatalogVersion } from "../ledger/catalog-versions.ts";
import type { Database } from "../ledger/database.ts";
import { repairDays } from "../ledger/day-repair.ts";
import { closeWithInvoice } from "../ledger/invoices.ts";
import { readUsage, type PeriodChoice, type UsageReading } from "../ledger/usage-reading.ts";
import type { CatalogVersion } from "../rating/catalog.ts";
import { plansOf, pricedParts } from "../rating/rate-period.ts";
import { rateParts } from "../rating/rate.ts";
import { computeInvoice } from "./compute-invoice.ts";

/** Rows of hours that are compared in one transaction: a busy customer has ten times as many in a month. */
const REPAIRED_AT_ONCE = 100_000;

export interface CloseDeps extends AlertDeps {
  redis: RedisClient;
}

/**
 * Closes one due period: its usage into the ledger, priced, and the invoice written.
 *
 * Answers false when another run has closed it meanwhile, or when it was adjusted meanwhile and has to wait for the next
 * run. May be repeated.
 */
export async function closePeriod(
  deps: CloseDeps,
  period: CustomerPeriod,
  versions: CatalogVersions,
  nowMs: number,
): Promise<boolean> {
  const { customerId, startMs, endMs } = period;
  const stores = flushStores(deps.redis, deps.database);
  // What is let go of here is not seen by the next tick: what it crosses is told now.
  const onWritten = checkAfterFlush(deps, noAlerts());
  await flushCustomer({ stores, randomId: deps.randomId, onWritten }, customerId, startMs, endMs, nowMs);
  await repairPeriod(deps.database, period);
  // Before they are read: one that comes in between is not billed yet, and the period is not closed.
  const adjustments = await countAdjustments(deps.database, period);
  const reading = await readUsage(deps.database, customerId, exactly(period, nowMs), []);
  // A deleted customer's last period is billed by the settings it had.
  const settings: CustomerSettings = reading.settings ?? {};
  const version = await versions.of(reading);
  const parts = pricedParts(version.catalog, reading);
  const plan = parts?.at(-1)?.plan;
  invariant(parts !== undefined && plan !== undefined, "the version was chosen by the period's plans");
  const base = {
    invoiceId: `inv_${deps.randomId()}`,
    customerId,
    period: { startMs, endMs },
    catalogVersion: version.version,
  };
  const invoice = computeInvoice(base, settings, plan.name, reading, rateParts(version.catalog, parts));
  return closeWithInvoice(deps.database, invoice, nowMs, adjustments);
}

/** An invoice is of the hours, whatever has happened to the days that they are summed up in. */
async function repairPeriod(
  database: Database,
  { customerId, startMs, endMs }: CustomerPeriod,
): Promise<void> {
  for (let doneMs = startMs; doneMs < endMs;) {
    const rest = { startMs: doneMs, endMs };
    ({ reachedMs: doneMs } = await repairDays(
      database,
      shardOf(customerId),
      customerId,
      rest,
      REPAIRED_AT_ONCE,
    ));
  }
}

/** The catalog versions of one run, each read once. */
export class CatalogVersions {
  readonly #database: Database;
  readonly #known = new Map<number, CatalogVersion>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The version that prices what was read. */
  async of({ catalog, changes }: UsageReading): Promise<CatalogVersion> {
    if (catalog === undefined) {
      const plans = plansOf({ changes }).join(", ");
      throw new Error(
        `no catalog that holds for the period, or came later, has all its plans, ${plans}: publish one that has`,
      );
    }
    const known =
      this.#known.get(catalog.version) ?? (await getCatalogVersion(this.#database, catalog.version));
    invariant(known !== undefined, "versions are never removed");
    this.#known.set(catalog.version, known);
    return known;
  }
}

function exactly(period: CustomerPeriod, nowMs: number): PeriodChoice {
  const { startMs, endMs } = period;
  return {
    startFromMs: startMs,
    startToMs: startMs,
    endAfterMs: startMs,
    otherwise: { startMs, endMs },
    nowMs,
  };
}
