import { DAY_MS } from "../../src/domain/window.ts";
import { readForAlerts } from "../../src/ledger/alert-reading.ts";
import * as alerts from "../../src/ledger/alerts.ts";
import { FILLED_MS as NOW_MS, FILLED_MONTH as MONTH } from "./filled-ledger.ts";
import { call, several, type LedgerCall } from "./ledger-call.ts";

const PAGE = 101;
const LONGEST_PAGE = 1001;
const LATER = { timeMs: NOW_MS - 10 * DAY_MS, id: "x" };
const THRESHOLDS = ["80", "90", "100"];
const NEW_ALERTS = several(1000, (n) => ({
  alertId: `alt_new_${n}`,
  customerId: `cus_${n}`,
  ruleId: "default_usage",
  kind: "usage" as const,
  metricName: "m_1",
  measure: "percent" as const,
  threshold: THRESHOLDS[n % 3] ?? "",
  period: MONTH,
  current: "100",
  whole: "100",
  currency: null,
  type: "usage.threshold_reached",
  data: { customerId: `cus_${n}` },
}));
const RULES = [{ id: "own", kind: "spend" as const, enabled: true, thresholds: ["100"] }];

/** The functions of the ledger that alerts are checked and listed by. */
export const ALERT_CALLS: readonly LedgerCall[] = [
  call(readForAlerts, "one customer", [{ customerId: "cus_7", timeMs: NOW_MS }], NOW_MS),
  call(
    readForAlerts,
    "a page of customers",
    several(1500, (n) => ({ customerId: `cus_${n}`, timeMs: NOW_MS })),
    NOW_MS,
  ),
  call(
    readForAlerts,
    "a page of unknown customers",
    several(1500, (n) => ({ customerId: `unknown_${n}`, timeMs: NOW_MS })),
    NOW_MS,
  ),
  call(alerts.insertAlerts, "one", NEW_ALERTS.slice(0, 1), NOW_MS),
  call(alerts.insertAlerts, "a page", NEW_ALERTS, NOW_MS),
  call(alerts.listAlerts, "the first page", {}, PAGE, undefined),
  call(alerts.listAlerts, "the longest page", {}, LONGEST_PAGE, undefined),
  call(alerts.listAlerts, "a later page", {}, PAGE, LATER),
  call(alerts.listAlerts, "since a moment", { fromMs: NOW_MS - 40 * DAY_MS }, LONGEST_PAGE, LATER),
  call(alerts.listAlerts, "a customer's", { customerId: "cus_7" }, PAGE, undefined),
  call(
    alerts.listAlerts,
    "the longest page of a customer's",
    { customerId: "cus_7", fromMs: NOW_MS - 40 * DAY_MS },
    LONGEST_PAGE,
    undefined,
  ),
  call(alerts.putAlertRules, "new ones", "cus_7", RULES, NOW_MS),
  call(alerts.putAlertRules, "others", "cus_8", RULES, NOW_MS),
  call(alerts.getAlertRules, "one customer's", "cus_8"),
];
