import { demoCatalog } from "../../local/demo-catalog.ts";
import { DAY_MS, HOUR_MS } from "../../src/domain/window.ts";
import * as adjustments from "../../src/ledger/adjustments.ts";
import * as billingPeriods from "../../src/ledger/billing-periods.ts";
import * as catalogUse from "../../src/ledger/catalog-use.ts";
import * as catalogVersions from "../../src/ledger/catalog-versions.ts";
import * as counterCheck from "../../src/ledger/counter-check.ts";
import * as customers from "../../src/ledger/customers.ts";
import * as dayCheck from "../../src/ledger/day-check.ts";
import { repairDays } from "../../src/ledger/day-repair.ts";
import * as flushClaims from "../../src/ledger/flush-claims.ts";
import { removeOldHours } from "../../src/ledger/hour-retention.ts";
import * as integrityFindings from "../../src/ledger/integrity-findings.ts";
import * as invoiceSteps from "../../src/ledger/invoice-steps.ts";
import { INVOICE_STATUSES } from "../../src/ledger/invoice-status.ts";
import * as invoices from "../../src/ledger/invoices.ts";
import * as jobRuns from "../../src/ledger/job-runs.ts";
import { insertNotification } from "../../src/ledger/notifications.ts";
import * as redisLosses from "../../src/ledger/redis-losses.ts";
import * as spool from "../../src/ledger/spool.ts";
import { readPeriodAdjustments, readUsageDays } from "../../src/ledger/period-evidence.ts";
import { readPeriodUsage } from "../../src/ledger/period-usage.ts";
import { readUsage } from "../../src/ledger/usage-reading.ts";
import { writeClaim } from "../../src/ledger/usage-records.ts";
import { readUsageSeries, type SeriesChoice } from "../../src/ledger/usage-series.ts";
import { catalogSchema } from "../../src/rating/catalog.ts";
import { MAX_WINDOWS } from "../../src/usage/series-windows.ts";
import { ACCESS_CALLS } from "./access-calls.ts";
import { ALERT_CALLS } from "./alert-calls.ts";
import { callsBucket } from "./bucket.ts";
import { FILLED_MS as NOW_MS, FILLED_MONTH as MONTH, MONTH_BEFORE } from "./filled-ledger.ts";
import { FORECAST_CALLS } from "./forecast-calls.ts";
import { newInvoice } from "./invoice-fixture.ts";
import { call, LATER, LONGEST_PAGE, PAGE, several, type LedgerCall } from "./ledger-call.ts";
import { PERIOD_CALLS } from "./period-calls.ts";
import { STRIPE_CALLS } from "./stripe-calls.ts";
import { identified, measured } from "./measurement.ts";
import { NOTIFICATION_CALLS } from "./notification-calls.ts";

const MONTH_RANGE = { fromMs: MONTH_BEFORE.startMs, toMs: MONTH_BEFORE.endMs };
const PERIODS = { current: MONTH, before: MONTH_BEFORE };
const LIVE = [callsBucket("2026-11-23T11:00", 7, { customerId: "cus_7" })];
const HOURS = several(500, (n) => callsBucket("2026-11-23T11:00", 7, { customerId: `cus_${n}` }));
const RECENT = several(100, (n) => ({ number: 1700 + n, claimId: `claim-${(1700 + n) * 16 + 3}` }));
const CLAIM = { shard: 3, born: "life-2", number: 9001, claimId: "fresh", fences: 0, recent: RECENT };
const JOB_RUN = { job: "minute", scheduledMs: NOW_MS, startedMs: NOW_MS, finishedMs: NOW_MS, outcome: {} };
const STEP = ["inv_201", "create"] as const;

const ADJUSTMENT = {
  customerId: "cus_7",
  adjustmentId: "adj_new",
  metricName: "api_calls",
  quantity: "-1",
  atMs: NOW_MS,
  reason: "Counted twice",
};

/** So many windows up to the filled ledger's moment. */
function usageOf(
  [windows, windowMs]: readonly [number, number],
  changes: Partial<SeriesChoice>,
): SeriesChoice {
  const endMs = Math.ceil(NOW_MS / windowMs) * windowMs;
  return {
    metricName: "api_calls",
    aggregation: "sum",
    customerId: undefined,
    bounds: several(windows + 1, (n) => endMs - (windows + 1 - n) * windowMs),
    isDaily: windowMs === DAY_MS,
    groupBy: [],
    filters: [],
    after: undefined,
    limit: PAGE,
    ...changes,
  };
}

const OF_REGION = { groupBy: ["region"], filters: [["region", "eu"]] } as const;

const CUSTOMERS = [
  call(customers.putCustomer, "a new one", "cus_new", {}, NOW_MS, PERIODS),
  call(customers.putCustomer, "a known one", "cus_7", {}, NOW_MS, PERIODS),
  call(customers.getCustomer, "one", "cus_7"),
  call(customers.listCustomers, "the first page", PAGE, undefined),
  call(customers.listCustomers, "the longest page", LONGEST_PAGE, undefined),
  call(customers.listCustomers, "a later page", PAGE, LATER),
  call(customers.deleteCustomer, "one", "cus_new", NOW_MS),
  call(customers.existingCustomers, "one", ["cus_7"]),
  call(
    customers.existingCustomers,
    "many",
    several(1000, (n) => `cus_${n}`),
  ),
  call(adjustments.getAdjustment, "one", "cus_7", "adj_7"),
  call(adjustments.insertAdjustment, "one", ADJUSTMENT, "admin", NOW_MS),
  call(adjustments.listAdjustments, "the first page", "cus_7", PAGE, undefined),
  call(adjustments.listAdjustments, "a later page", "cus_7", PAGE, LATER),
];

const CATALOG = [
  call(catalogVersions.latestCatalog, "it"),
  call(catalogVersions.getCatalogVersion, "one", 7),
  call(catalogVersions.listCatalogVersions, "the first page", PAGE, undefined),
  call(catalogVersions.listCatalogVersions, "a later page", PAGE, 7),
  call(catalogVersions.catalogInForce, "of two plans", MONTH_BEFORE, NOW_MS, ["payg", "flat99"]),
  call(catalogVersions.publishedMeters, "all"),
  call(catalogUse.plansInUse, "all"),
  call(catalogUse.plansToBill, "all"),
  call(catalogUse.ownPricedMeters, "some", ["m_1", "m_2"]),
  call(catalogUse.customerInCurrency, "any"),
  call(catalogVersions.insertCatalog, "one", 20, catalogSchema.parse(demoCatalog), NOW_MS, "admin"),
];

const CURRENT = { startFromMs: 0, startToMs: NOW_MS, endAfterMs: NOW_MS, otherwiseMs: NOW_MS, nowMs: NOW_MS };

const USAGE = [
  call(readUsageDays, "a month's", { customerId: "cus_7", ...MONTH }, 1000),
  call(readPeriodAdjustments, "a month's", { customerId: "cus_7", ...MONTH }, 1000),
  call(readPeriodUsage, "a page of customers", { fromMs: MONTH.startMs, toMs: MONTH.endMs }, "cus_5", 1000),
  call(readUsage, "the current period", "cus_7", CURRENT, []),
  call(readUsage, "with what is live", "cus_7", CURRENT, LIVE),
  ...[
    { range: "a day's hours", windows: [24, HOUR_MS] as const },
    { range: "as many hours as can be", windows: [MAX_WINDOWS, HOUR_MS] as const },
    { range: "30 days", windows: [30, DAY_MS] as const },
    { range: "as many days as can be", windows: [MAX_WINDOWS, DAY_MS] as const },
  ].flatMap(({ range, windows }) => [
    call(readUsageSeries, range, usageOf(windows, {}), []),
    call(readUsageSeries, `${range} by customer`, usageOf(windows, { groupBy: ["customer"] }), []),
    call(readUsageSeries, `${range} of a dimension`, usageOf(windows, OF_REGION), []),
    call(readUsageSeries, `${range} of a customer`, usageOf(windows, { customerId: "cus_7" }), LIVE),
  ]),
];

const LISTS = [
  call(invoices.getInvoice, "one", "inv_7"),
  call(invoices.listInvoices, "the first page", {}, PAGE, undefined),
  call(invoices.listInvoices, "the longest page", {}, LONGEST_PAGE, undefined),
  call(invoices.listInvoices, "a later page", {}, PAGE, LATER),
  call(invoices.listInvoices, "a customer's", { customerId: "cus_7" }, LONGEST_PAGE, undefined),
  call(invoices.listInvoices, "a month's", { periodStart: MONTH_RANGE }, PAGE, undefined),
  call(invoices.listInvoices, "no month's", { periodStart: { fromMs: 0, toMs: DAY_MS } }, PAGE, undefined),
  ...INVOICE_STATUSES.flatMap((status) => [
    call(invoices.listInvoices, `${status} ones`, { status }, PAGE, undefined),
    call(invoices.listInvoices, `the longest page of ${status} ones`, { status }, LONGEST_PAGE, undefined),
    call(
      invoices.listInvoices,
      `a month's ${status} ones`,
      { status, periodStart: MONTH_RANGE },
      PAGE,
      LATER,
    ),
  ]),
  call(jobRuns.listJobRuns, "the first page", undefined, PAGE, undefined),
  call(jobRuns.listJobRuns, "a later page", undefined, PAGE, { ...LATER, id: "7" }),
  ...["minute", "hourly", "integrity", "unknown"].flatMap((job) => [
    call(jobRuns.listJobRuns, `${job} ones`, job, PAGE, undefined),
    call(jobRuns.listJobRuns, `the longest page of ${job} ones`, job, LONGEST_PAGE, undefined),
  ]),
  call(jobRuns.firstRunWithout, "a flush", "minute", "flush"),
  call(jobRuns.lastRunWith, "the last one", ["days", "counters"]),
  call(integrityFindings.readFindings, "a page", 100),
  call(redisLosses.readLosses, "a page", 100),
];

const NOTICE = insertNotification({ type: "t", subject: "new", customerId: null, data: {} }, NOW_MS);

const FLUSH: LedgerCall[] = [
  call(spool.insertSpooled, "one", {
    spoolId: "s",
    receivedAtMs: NOW_MS,
    groups: [identified("i", measured())],
  }),
  call(spool.pendingSpooled, "a page", NOW_MS - DAY_MS, NOW_MS, 1000),
  call(
    spool.markUnreplayed,
    "a page",
    several(200, (n) => `spool-${n}`),
    NOW_MS,
  ),
  call(
    spool.deleteSpooled,
    "a page",
    several(200, (n) => `spool-${n}`),
  ),
  call(spool.countExpiredSpooled, "all", NOW_MS - DAY_MS),
  call(flushClaims.readShards, "all"),
  call(writeClaim, "accepted", CLAIM, HOURS, NOW_MS),
  call(writeClaim, "set back", { ...CLAIM, claimId: "another" }, HOURS, NOW_MS),
  call(flushClaims.readUnreached, "all"),
  call(
    flushClaims.meetShards,
    "all",
    several(16, () => ({ born: "life-2" })),
  ),
  call(
    flushClaims.fenceShards,
    "all",
    several(16, () => ({ born: "life-2", number: 4 })),
  ),
  call(redisLosses.noteLoss, "one", { lossId: "l", kind: "set_back", shard: 3, noticedMs: NOW_MS }),
  call(redisLosses.noteFenced, "one", "l", NOW_MS),
  call(jobRuns.insertJobRun, "one", JOB_RUN),
  { name: insertNotification.name, asked: "one", call: ({ query }) => query(NOTICE.text, NOTICE.params) },
];

const INVOICING = [
  call(billingPeriods.duePeriods, "within a month", NOW_MS - DAY_MS, NOW_MS - DAY_MS, 500),
  call(billingPeriods.duePeriods, "at its end", MONTH.endMs, NOW_MS - DAY_MS, 500),
  call(billingPeriods.countDuePeriods, "within a month", NOW_MS - DAY_MS),
  call(billingPeriods.markUnclosed, "one", { customerId: "cus_207", ...MONTH_BEFORE }, NOW_MS),
  call(
    invoices.closeWithInvoice,
    "one",
    newInvoice("inv_new", { customerId: "cus_207", period: MONTH_BEFORE }),
    NOW_MS,
    "",
  ),
  call(invoices.unsentInvoices, "a run's", 500),
  call(invoices.countUnsent, "all"),
  call(invoices.markUnsent, "one", "inv_201", NOW_MS),
  call(invoiceSteps.startStep, "one", ...STEP, "key", NOW_MS),
  call(invoiceSteps.renewStep, "one", ...STEP, "key", "another", NOW_MS),
  call(invoiceSteps.failStep, "one", ...STEP, { status: 500, code: "api_error" }),
  call(invoiceSteps.finishStep, "one", ...STEP, { outcome: {} }, NOW_MS),
  call(invoiceSteps.finishStep, "one again", ...STEP, { outcome: {} }, NOW_MS),
  call(invoices.setInReview, "one", newInvoice("inv_201"), NOW_MS),
];

const SINCE = { fromMs: NOW_MS - 8 * DAY_MS, flushedSinceMs: NOW_MS - 26 * HOUR_MS };
const NAMED = several(20, (n) => ({ customerId: `cus_${n}`, hourMs: NOW_MS - (NOW_MS % HOUR_MS) - HOUR_MS }));
const FOUND = {
  agreed: several(100, (n) => `agreed-${n}`),
  drifted: several(3, (n) => ({ subject: `drifted-${n}`, detail: {} })),
};

const UPKEEP = [
  call(integrityFindings.openFindings, "a run's", "days", 500),
  call(integrityFindings.settleFindings, "a run's", "days", FOUND, NOW_MS),
  call(dayCheck.changedDays, "a run's", NOW_MS - 12 * DAY_MS, SINCE.flushedSinceMs, 1, 2000),
  call(dayCheck.customersOfDay, "a run's", "2026-11-01", 1, 500),
  call(
    dayCheck.differingDays,
    "a page",
    several(250, (n) => ({ customerId: `cus_${n}`, day: "2026-11-22" })),
    "2026-10-26",
  ),
  call(repairDays, "a month", 7, "cus_7", MONTH, 100_000),
  call(counterCheck.heldHours, "a run's", SINCE, 1, 480, NAMED),
  call(counterCheck.compareBuckets, "a run's", HOURS),
  call(removeOldHours, "a run's", NOW_MS, 13, 20_000),
  call(flushClaims.pruneClaims, "a run's", NOW_MS - 8 * DAY_MS, 20_000),
  call(jobRuns.pruneJobRuns, "a run's", NOW_MS - 18 * DAY_MS, 20_000),
];

/** Every function of the ledger as requests and scheduled runs call it, in an order in which they can follow each other. */
export const LEDGER_CALLS: readonly LedgerCall[] = [
  ...CUSTOMERS,
  ...PERIOD_CALLS,
  ...CATALOG,
  ...USAGE,
  ...LISTS,
  ...FLUSH,
  ...INVOICING,
  ...ACCESS_CALLS,
  ...ALERT_CALLS,
  ...FORECAST_CALLS,
  ...NOTIFICATION_CALLS,
  ...STRIPE_CALLS,
  ...UPKEEP,
];
