import { checkAfterFlush, noAlerts } from "../alerts/after-flush.ts";
import type { AlertDeps } from "../alerts/check-alerts.ts";
import type { RedisClient } from "../counters/redis.ts";
import type { Period } from "../domain/period.ts";
import { DAY_MS } from "../domain/window.ts";
import { flushCustomer } from "../flush/flush-customer.ts";
import { flushStores } from "../flush/flush-stores.ts";
import type { CustomerPeriod } from "../ledger/billing-periods.ts";
import { billAndClose } from "./bill-closing.ts";
import type { CatalogVersions } from "./catalog-versions.ts";
import { repairPeriod } from "./repair-period.ts";

/** A bucket lives for eight days after it was made: of a short period's predecessors some may still wait to be flushed. */
const BUCKET_LIFE_MS = 10 * DAY_MS;

export interface CloseDeps extends AlertDeps {
  redis: RedisClient;
  /** Whether an invoice of nothing goes to Stripe as well. */
  sendZeroInvoices: boolean;
}

/**
 * Closes one due period: its usage into the ledger, priced with what earlier ones are trued up by, and the invoice written.
 *
 * Answers false when another run has closed it meanwhile, or when it was adjusted again and again meanwhile and has to wait
 * for the next run. May be repeated.
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
  const fromMs = Math.min(startMs, nowMs - BUCKET_LIFE_MS);
  await flushCustomer({ stores, randomId: deps.randomId, onWritten }, customerId, fromMs, endMs, nowMs);
  const repair = (own: Period): Promise<void> => repairPeriod(deps.database, customerId, own);
  await repair(period);
  return billAndClose({ ...deps, versions, repair }, period, nowMs);
}
