import { shardOf } from "../counters/keys.ts";
import type { RedisClient } from "../counters/redis.ts";
import type { CustomerSettings } from "../domain/customer.ts";
import { invariant } from "../domain/invariant.ts";
import { flushCustomer } from "../flush/flush-customer.ts";
import { flushStores } from "../flush/flush-stores.ts";
import { countAdjustments } from "../ledger/adjustments.ts";
import type { CustomerPeriod } from "../ledger/billing-periods.ts";
import { catalogInForce } from "../ledger/catalog-versions.ts";
import type { Database } from "../ledger/database.ts";
import { repairDays } from "../ledger/day-repair.ts";
import { closeWithInvoice } from "../ledger/invoices.ts";
import { readUsage } from "../ledger/usage-reading.ts";
import { planOf, type CatalogVersion } from "../rating/catalog.ts";
import { rate } from "../rating/rate.ts";
import { metricQuantities } from "../rating/quantities.ts";
import { computeInvoice } from "./compute-invoice.ts";

/** Rows of hours that are compared in one transaction: a busy customer has ten times as many in a month. */
const REPAIRED_AT_ONCE = 100_000;

export interface CloseDeps {
  redis: RedisClient;
  database: Database;
  /** Fresh randomness with each call. */
  randomId: () => string;
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
  await flushCustomer({ stores, randomId: deps.randomId }, customerId, startMs, endMs, nowMs);
  await repairPeriod(deps.database, period);
  // Before they are read: one that comes in between is not billed yet, and the period is not closed.
  const adjustments = await countAdjustments(deps.database, period);
  const reading = await readUsage(deps.database, customerId, exactly(period), []);
  // A deleted customer's last period is billed by the settings it had.
  const settings: CustomerSettings = reading.settings ?? {};
  const version = await versions.at(endMs, settings.plan);
  const plan = planOf(version.catalog, settings.plan);
  invariant(plan !== undefined, `the version was chosen by its plan ${settings.plan}`);
  const rating = rate(version.catalog, plan, metricQuantities(reading.totals, version.catalog.meters));
  const base = {
    invoiceId: `inv_${deps.randomId()}`,
    customerId,
    period: { startMs, endMs },
    catalogVersion: version.version,
  };
  const invoice = computeInvoice(base, settings, plan.name, rating);
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
  readonly #known = new Map<string, CatalogVersion>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The version in force at a period's end, or the first after it that has the plan. */
  async at(endMs: number, planName: string | undefined): Promise<CatalogVersion> {
    const key = `${endMs} ${planName ?? ""}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known;
    }
    const found = await catalogInForce(this.#database, endMs, planName);
    if (found === undefined) {
      throw new Error(
        `no catalog since the period's end has a plan ${planName ?? ""}: put the customer on another`,
      );
    }
    this.#known.set(key, found);
    return found;
  }
}

function exactly(period: CustomerPeriod): Parameters<typeof readUsage>[2] {
  const { startMs, endMs } = period;
  return { startFromMs: startMs, startToMs: startMs, endAfterMs: startMs, otherwise: { startMs, endMs } };
}
