import { heldVersion } from "../catalog/held-version.ts";
import type { CatalogMemory } from "../catalog/current-catalog.ts";
import { rulesInForce } from "../domain/alert-rule.ts";
import { parseMajor } from "../domain/money.ts";
import { DAY_MS } from "../domain/window.ts";
import { alertKey, readForAlerts, type AlertReading, type CustomerMoment } from "../ledger/alert-reading.ts";
import { insertAlerts, type NewAlert } from "../ledger/alerts.ts";
import type { Database } from "../ledger/database.ts";
import type { Log } from "../log.ts";
import type { Catalog } from "../rating/catalog.ts";
import { plansOf, pricedParts } from "../rating/rate-period.ts";
import { rateParts } from "../rating/rate.ts";
import { alertData, NOTIFICATION_TYPES } from "./alert-notification.ts";
import { crossings } from "./crossings.ts";
import { splitRefused } from "./split-page.ts";

/** Most customers checked by one statement: a flush brings at least a thousand at once, and no more than this. */
export const CHECK_PAGE = 1500;

export interface AlertDeps {
  database: Database;
  catalogMemory: CatalogMemory;
  /** Fresh randomness with each call. */
  randomId: () => string;
  log: Log;
}

export interface AlertReport {
  /** Customers' periods that were looked at. */
  checked: number;
  fired: number;
  /** Notifications that were made. */
  told: number;
  /** Periods that could not be priced, and customers whose data the ledger refused; they are logged. */
  failed: number;
}

/**
 * Checks the periods that contain the moments against their customers' rules, and writes down what was crossed.
 *
 * Whatever runs twice, at once or half, each threshold fires once in its period. At most two statements for
 * {@link CHECK_PAGE} customers, one when nothing is new; a catalog that memory does not hold is read once. A period that
 * cannot be priced, or a customer whose data the ledger refuses, keeps none of the others from being checked.
 */
export async function checkAlerts(
  deps: AlertDeps,
  moments: readonly CustomerMoment[],
  nowMs: number,
): Promise<AlertReport> {
  const report: AlertReport = { checked: 0, fired: 0, told: 0, failed: 0 };
  for (const page of pagesOf(moments)) {
    await splitRefused(
      page,
      (customers) => checkPage(deps, customers.flat(), nowMs, report),
      ([moment], error) => {
        report.failed += 1;
        deps.log({
          level: "error",
          event: "alerts_not_checked",
          ...(moment && { customerId: moment.customerId }),
          error,
        });
      },
    );
  }
  return report;
}

/** Reports nothing unless all of it is done: a page that the ledger refuses comes again in parts. */
async function checkPage(
  deps: AlertDeps,
  page: readonly CustomerMoment[],
  nowMs: number,
  report: AlertReport,
): Promise<void> {
  const readings = await readForAlerts(deps.database, page, nowMs);
  const catalogs = await catalogsOf(deps, readings);
  const found: NewAlert[] = [];
  const faults: { customerId: string; error: unknown }[] = [];
  for (const reading of readings) {
    try {
      found.push(...newAlerts(deps, reading, catalogs.get(reading.catalogVersion?.version)));
    } catch (error) {
      faults.push({ customerId: reading.customerId, error });
    }
  }
  if (found.length > 0) {
    const { fired, told } = await insertAlerts(deps.database, found, nowMs);
    report.fired += fired;
    report.told += told;
  }
  report.checked += readings.length;
  report.failed += faults.length;
  for (const fault of faults) {
    deps.log({ level: "error", event: "alerts_not_checked", ...fault });
  }
}

/** The catalogs that price a page's periods, by their numbers. */
async function catalogsOf(
  deps: AlertDeps,
  readings: readonly AlertReading[],
): Promise<Map<number | undefined, Catalog>> {
  const catalogs = new Map<number | undefined, Catalog>();
  for (const { catalogVersion: name } of readings) {
    if (name !== undefined && !catalogs.has(name.version)) {
      catalogs.set(name.version, (await heldVersion(deps, name)).catalog);
    }
  }
  return catalogs;
}

/** What a period has reached and was not told of yet; nothing before a catalog is published. Throws when it has no price. */
function newAlerts(deps: AlertDeps, reading: AlertReading, catalog: Catalog | undefined): NewAlert[] {
  const parts = catalog && pricedParts(catalog, reading);
  if (catalog === undefined && plansOf(reading).every((plan) => plan === null)) {
    return [];
  }
  if (catalog === undefined || parts === undefined) {
    throw new Error(`no catalog has the period's plans ${plansOf(reading).join(", ")}`);
  }
  const rating = rateParts(catalog, parts);
  const budgetMinor = reading.budget === null ? null : (parseMajor(reading.budget, rating.currency) ?? null);
  const { customerId, period, fired, rules } = reading;
  return crossings(rulesInForce(rules), { catalog, parts, rating, budgetMinor })
    .filter(
      ({ ruleId, metricName, measure, threshold }) =>
        !fired.has(alertKey(ruleId, metricName, measure, threshold)),
    )
    .map((crossing) => ({
      ...crossing,
      alertId: `alt_${deps.randomId()}`,
      customerId,
      period,
      type: NOTIFICATION_TYPES[crossing.kind],
      data: alertData(crossing, customerId, period, catalog),
    }));
}

/** Customers with their moments. Periods begin at midnight: of a customer's moments one a day is enough. */
function pagesOf(moments: readonly CustomerMoment[]): CustomerMoment[][][] {
  const days = new Map<string, Map<number, CustomerMoment>>();
  for (const { customerId, timeMs } of moments) {
    const dayMs = Math.floor(timeMs / DAY_MS) * DAY_MS;
    const own = days.get(customerId) ?? new Map<number, CustomerMoment>();
    days.set(customerId, own.set(dayMs, { customerId, timeMs: dayMs }));
  }
  const customers = [...days.values()].map((own) => [...own.values()]);
  const pages: CustomerMoment[][][] = [];
  for (let start = 0; start < customers.length; start += CHECK_PAGE) {
    pages.push(customers.slice(start, start + CHECK_PAGE));
  }
  return pages;
}
