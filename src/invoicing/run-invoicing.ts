import type { Database } from "../ledger/database.ts";
import { DAY_MS, HOUR_MS } from "../domain/window.ts";
import type { Log } from "../log.ts";
import { countDuePeriods, duePeriods, markUnclosed } from "../ledger/billing-periods.ts";
import { countUnsent, markUnsent, unsentInvoices } from "../ledger/invoices.ts";
import {
  customersToExtend,
  extendPeriods,
  insertEarlierPeriods,
  PERIODS_AHEAD_MS,
} from "../ledger/period-rows.ts";
import { CatalogVersions } from "./catalog-versions.ts";
import { closePeriod, type CloseDeps } from "./close-period.ts";
import type { SendDeps } from "./run-step.ts";
import { sendInvoice } from "./send-invoice.ts";
import { finishVoids } from "./void-invoice.ts";

/** Most periods closed and most invoices sent by one run: well within a Worker's subrequests. */
const MAX_PER_RUN = 500;
/** Customers worked on at the same time; none waits for another's failure. */
const PARALLEL = 5;
/** Most customers given their next period in one statement. */
const PERIOD_PAGE = 1000;
/** How long after a month's end its usage may still come in: late window, a day in the spool, some ticks. */
const EARLIER_USAGE_MS = 50 * HOUR_MS;
/** How long after its first put a customer is asked for such usage: what is flushed late is in the ledger by then. */
const NEW_CUSTOMER_MS = 62 * DAY_MS;
/** Most such statements of one run; the next goes on. */
const MAX_PERIOD_PAGES = 100;

export interface InvoicingDeps extends CloseDeps, SendDeps {
  graceHours: number;
  log: Log;
}

export interface InvoicingReport {
  closed: number;
  sent: number;
  blocked: number;
  /** Invoices that were to be void, and are. */
  voided: number;
  failed: number;
  /** Due periods and unsent invoices that are left for the next run. */
  remaining: number;
}

/** Extends periods, closes what is due and sends what is unsent, as much as one run may. May run twice at once. */
export async function runInvoicing(deps: InvoicingDeps, nowMs: number): Promise<InvoicingReport> {
  const report: InvoicingReport = { closed: 0, sent: 0, blocked: 0, voided: 0, failed: 0, remaining: 0 };
  await insertEarlierPeriods(deps.database, EARLIER_USAGE_MS, nowMs - NEW_CUSTOMER_MS);
  await extendAll(deps.database, nowMs);
  const endedByMs = nowMs - deps.graceHours * HOUR_MS;
  const versions = new CatalogVersions(deps.database);
  await eachInParallel(
    await duePeriods(deps.database, endedByMs, nowMs - DAY_MS, MAX_PER_RUN),
    async (period) => {
      try {
        // Awaited before the sum is read: others add to it meanwhile.
        const isClosed = await closePeriod(deps, period, versions, nowMs);
        report.closed += isClosed ? 1 : 0;
      } catch (error) {
        report.failed += 1;
        deps.log({ level: "error", event: "period_not_closed", customerId: period.customerId, error });
        await markUnclosed(deps.database, period, nowMs);
      }
    },
  );
  // Before what is unsent: an invoice made in place of a void one goes out with the others.
  const voids = await finishVoids(deps, nowMs);
  report.voided = voids.voided;
  report.failed += voids.failed;
  await eachInParallel(await unsentInvoices(deps.database, MAX_PER_RUN), async (invoice) => {
    try {
      const outcome = await sendInvoice(deps, invoice, nowMs);
      if (outcome !== "voided") {
        report[outcome] += 1;
      }
    } catch (error) {
      report.failed += 1;
      deps.log({ level: "error", event: "invoice_not_sent", customerId: invoice.customerId, error });
      await markUnsent(deps.database, invoice.invoiceId, nowMs);
    }
  });
  report.remaining = (await countDuePeriods(deps.database, endedByMs)) + (await countUnsent(deps.database));
  return report;
}

/** Gives every customer whose last period ends soon, or has ended, those that follow. */
async function extendAll(database: Database, nowMs: number): Promise<void> {
  const untilMs = nowMs + PERIODS_AHEAD_MS;
  for (let pages = 0; pages < MAX_PERIOD_PAGES; pages += 1) {
    const customerIds = await customersToExtend(database, untilMs, PERIOD_PAGE);
    if (customerIds.length === 0) {
      return;
    }
    await extendPeriods(database, customerIds, untilMs);
  }
}

async function eachInParallel<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const lanes = Array.from({ length: PARALLEL }, async () => {
    for (const item of queue) {
      await work(item);
    }
  });
  await Promise.all(lanes);
}
