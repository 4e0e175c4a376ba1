import { DAY_MS, HOUR_MS } from "../../src/domain/window.ts";
import { insertAdjustment } from "../../src/ledger/adjustments.ts";
import { putCustomer } from "../../src/ledger/customers.ts";
import { readLineUsage } from "../../src/ledger/line-usage.ts";
import * as periodRows from "../../src/ledger/period-rows.ts";
import { readClosing } from "../../src/ledger/true-up-reach.ts";
import { FILLED_MS as NOW_MS, FILLED_MONTH as MONTH, MONTH_BEFORE } from "./filled-ledger.ts";
import { call, several } from "./ledger-call.ts";

const LATE = {
  customerId: "cus_7",
  adjustmentId: "adj_late",
  metricName: "api_calls",
  quantity: "-1",
  atMs: MONTH_BEFORE.startMs - DAY_MS,
  reason: "Counted twice",
};
const PERIODS = { current: MONTH, before: MONTH_BEFORE };

/** What sees to billing periods, and to what is billed of closed ones. */
export const PERIOD_CALLS = [
  call(putCustomer, "another anchor day", "cus_7", { billingAnchorDay: 15 }, NOW_MS, PERIODS),
  call(insertAdjustment, "of a closed month", LATE, "admin", NOW_MS),
  call(readLineUsage, "of parts of days", "cus_7", "api_calls", {
    startMs: MONTH_BEFORE.startMs + 5 * HOUR_MS,
    endMs: MONTH_BEFORE.endMs - 5 * HOUR_MS,
  }),
  call(readClosing, "a month's", { customerId: "cus_7", ...MONTH_BEFORE }),
  call(periodRows.insertEarlierPeriods, "lately", 50 * HOUR_MS, NOW_MS - 62 * DAY_MS),
  call(periodRows.customersToExtend, "within a month", NOW_MS, 1000),
  call(periodRows.customersToExtend, "at its end", MONTH.endMs, 1000),
  call(
    periodRows.extendPeriods,
    "a page",
    several(1000, (n) => `cus_${n}`),
    MONTH.endMs,
  ),
];
