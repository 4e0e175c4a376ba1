import { DAY_MS } from "../../src/domain/window.ts";
import { FORECAST_DAYS } from "../../src/alerts/forecast.ts";
import * as forecasts from "../../src/ledger/forecasts.ts";
import { FILLED_MS as NOW_MS, FILLED_MONTH as MONTH } from "./filled-ledger.ts";
import { call, several, type LedgerCall } from "./ledger-call.ts";

const PAGE_OF_CUSTOMERS = several(200, (n) => `cus_${7 * n}`);
const FORECASTS = PAGE_OF_CUSTOMERS.map((customerId) => ({
  customerId,
  periodStartMs: MONTH.startMs,
  currency: "usd",
  lowMinor: 40_000n,
  projectedMinor: 50_000n,
  highMinor: 60_000n,
}));

/** The functions of the ledger that forecasts are made and read by. */
export const FORECAST_CALLS: readonly LedgerCall[] = [
  call(forecasts.customersToForecast, "the first page", NOW_MS, "", 200),
  call(forecasts.customersToForecast, "a later page", NOW_MS, "cus_5", 200),
  call(forecasts.readMetricDays, "a page", PAGE_OF_CUSTOMERS, NOW_MS - FORECAST_DAYS * DAY_MS),
  call(forecasts.putForecasts, "a page", FORECASTS, NOW_MS),
  call(forecasts.putForecasts, "a page again", FORECASTS, NOW_MS + DAY_MS),
  call(forecasts.getForecast, "one", "cus_7"),
];
