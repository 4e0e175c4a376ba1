import { heldVersion } from "../catalog/held-version.ts";
import { rulesInForce } from "../domain/alert-rule.ts";
import { invariant } from "../domain/invariant.ts";
import { currencyOf, formatMinor, parseMajor } from "../domain/money.ts";
import { quantityAt } from "../domain/quantity.ts";
import { DAY_MS, isoTime } from "../domain/window.ts";
import { alertKey, readForAlerts, type AlertReading } from "../ledger/alert-reading.ts";
import { insertAlerts, type NewAlert } from "../ledger/alerts.ts";
import {
  customersToForecast,
  putForecasts,
  readMetricDays,
  type MetricDay,
  type StoredForecast,
} from "../ledger/forecasts.ts";
import type { Catalog } from "../rating/catalog.ts";
import { pricedParts, type PricedPart } from "../rating/rate-period.ts";
import { rateParts } from "../rating/rate.ts";
import { alertData, NOTIFICATION_TYPES } from "./alert-notification.ts";
import { forecastBudget, type BudgetForecast } from "./budget-forecast.ts";
import type { AlertDeps, AlertReport } from "./check-alerts.ts";
import type { Crossing } from "./crossings.ts";
import { dailyQuantities } from "./daily-quantities.ts";
import { FORECAST_DAYS, projectUsage, type Projection } from "./forecast.ts";
import { splitRefused } from "./split-page.ts";

/** Customers read together: 100 of four metrics are some 40,000 days. */
const PAGE = 100;
/** Most customers of one run; the next hour goes on. */
const MAX_PER_RUN = 2000;

/**
 * Forecasts the running periods of customers with a budget, each once a day, and warns of those whose low end passes it.
 *
 * A forecast that is not made today is made by a later run of the day. A customer that cannot be priced is logged, so is one
 * whose data the ledger refuses, and keeps
 * none of the others from it.
 */
export async function checkForecasts(deps: AlertDeps, nowMs: number): Promise<AlertReport> {
  const report: AlertReport = { checked: 0, fired: 0, told: 0, failed: 0 };
  let afterId = "";
  while (report.checked < MAX_PER_RUN) {
    const customerIds = await customersToForecast(deps.database, nowMs, afterId, PAGE);
    const last = customerIds.at(-1);
    if (last === undefined) {
      break;
    }
    await splitRefused(
      customerIds,
      (some) => checkPage(deps, some, nowMs, report),
      (customerId, error) => {
        report.failed += 1;
        deps.log({ level: "error", event: "forecast_failed", customerId, error });
      },
    );
    afterId = last;
  }
  return report;
}

async function checkPage(
  deps: AlertDeps,
  customerIds: readonly string[],
  nowMs: number,
  report: AlertReport,
): Promise<void> {
  const moments = customerIds.map((customerId) => ({ customerId, timeMs: nowMs }));
  const days = await readMetricDays(deps.database, customerIds, nowMs - FORECAST_DAYS * DAY_MS);
  const alerts: NewAlert[] = [];
  const forecasts: StoredForecast[] = [];
  for (const reading of await readForAlerts(deps.database, moments, nowMs)) {
    report.checked += 1;
    if (reading.catalogVersion === undefined || reading.budget === null) {
      continue;
    }
    const { catalog } = await heldVersion(deps, reading.catalogVersion);
    try {
      const made = forecastOne(catalog, reading, days.get(reading.customerId) ?? [], nowMs);
      forecasts.push(made.stored);
      alerts.push(...made.crossings.map((crossing) => alertOf(deps, reading, catalog, crossing, made)));
    } catch (error) {
      report.failed += 1;
      deps.log({ level: "error", event: "forecast_failed", customerId: reading.customerId, error });
    }
  }
  if (alerts.length > 0) {
    const { fired, told } = await insertAlerts(deps.database, alerts, nowMs);
    report.fired += fired;
    report.told += told;
  }
  // Last: what died before it is done again, and an alert that is there already is not made twice.
  await putForecasts(deps.database, forecasts, nowMs);
}

interface MadeForecast {
  stored: StoredForecast;
  forecast: BudgetForecast;
  crossings: Crossing[];
}

function forecastOne(
  catalog: Catalog,
  reading: AlertReading,
  days: readonly MetricDay[],
  nowMs: number,
): MadeForecast {
  const parts = pricedParts(catalog, reading);
  const newest = parts?.at(-1);
  if (parts === undefined || newest === undefined) {
    throw new Error("a plan of the period is not in the catalog that prices it");
  }
  const { currency } = rateParts(catalog, parts);
  const budgetMinor = parseMajor(reading.budget ?? "", currency);
  invariant(budgetMinor !== undefined, "a budget is an amount of the catalog's currency");
  const projections = projectPart(catalog, newest, days, reading.period, nowMs);
  const price = (quantities: ReadonlyMap<string, bigint>): bigint =>
    rateParts(catalog, [...parts.slice(0, -1), { ...newest, quantities }]).totalMinor;
  const forecast = forecastBudget(projections, price, budgetMinor, nowMs);
  const budget = formatMinor(budgetMinor, currency);
  const warns = forecast.willExceed && !forecast.isExceeded;
  const crossings = rulesInForce(reading.rules)
    .filter(({ id, kind, enabled }) => {
      const key = alertKey(id, "", "amount", budget);
      return warns && enabled && kind === "forecast" && !reading.fired.has(key);
    })
    .map((rule) => ({
      ruleId: rule.id,
      kind: "forecast" as const,
      metricName: "",
      measure: "amount" as const,
      threshold: budget,
      current: formatMinor(forecast.currentMinor, currency),
      whole: budget,
      currency: currency.code,
    }));
  const { lowMinor, projectedMinor, highMinor } = forecast;
  const stored = {
    customerId: reading.customerId,
    periodStartMs: reading.period.startMs,
    currency: currency.code,
    lowMinor,
    projectedMinor,
    highMinor,
  };
  return { stored, forecast, crossings };
}

/** What the part in which the period ends comes to by then, metric by metric. */
function projectPart(
  catalog: Catalog,
  part: PricedPart,
  days: readonly MetricDay[],
  period: AlertReading["period"],
  nowMs: number,
): Map<string, Projection> {
  const projections = new Map<string, Projection>();
  for (const { metricName } of part.plan.prices) {
    const meter = catalog.meters.find(({ name }) => name === metricName);
    if (meter !== undefined) {
      const own = days
        .filter((day) => day.metricName === metricName)
        .map(({ dayMs, value }) => ({ dayMs, quantity: quantityAt(value, meter.scale) ?? 0n }));
      const known = {
        aggregation: meter.aggregation,
        used: part.quantities.get(metricName) ?? 0n,
        days: dailyQuantities(own, nowMs),
      };
      projections.set(metricName, projectUsage(known, period, nowMs));
    }
  }
  return projections;
}

function alertOf(
  deps: AlertDeps,
  { customerId, period }: AlertReading,
  catalog: Catalog,
  crossing: Crossing,
  { forecast, stored }: MadeForecast,
): NewAlert {
  const print = (minor: bigint): string => formatMinor(minor, currencyOf(stored.currency));
  return {
    ...crossing,
    alertId: `alt_${deps.randomId()}`,
    customerId,
    period,
    type: NOTIFICATION_TYPES.forecast,
    data: {
      ...alertData(crossing, customerId, period, catalog),
      projected: print(forecast.projectedMinor),
      projectedLow: print(forecast.lowMinor),
      projectedHigh: print(forecast.highMinor),
      ...(forecast.passesOnMs === null ? {} : { passesOn: isoTime(forecast.passesOnMs).slice(0, 10) }),
    },
  };
}
