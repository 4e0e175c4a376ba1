import { forecastBudget, type PriceQuantities } from "../../src/alerts/budget-forecast.ts";
import { projectUsage, type Projection } from "../../src/alerts/forecast.ts";
import type { Period } from "../../src/domain/period.ts";
import { DAY_MS } from "../../src/domain/window.ts";
import { projectQuantity } from "../../src/usage/projection.ts";
import type { Series } from "./generated-years.ts";

/** Who forecasts: ours; ours without the interval; linear by the time elapsed. */
export const FORECASTERS = ["ours", "middle", "naive"] as const;
export type Forecaster = (typeof FORECASTERS)[number];

/** How one period under one budget went. */
export interface Outcome {
  isCrossed: boolean;
  /** Days from the first alert to the crossing; 0 where none came before it. Of a period that did not cross: 0. */
  leadDays: Record<Forecaster, number>;
  /** Alerted, and the period ended within its budget. */
  isFalseAlarm: Record<Forecaster, boolean>;
}

/** One daily check of one period, beside how the period ended. */
export interface Check {
  projection: Projection;
  total: bigint;
  /** What the naive design projects. */
  naive: bigint;
  /** Whole days before today. */
  known: readonly bigint[];
  dayOfPeriod: number;
  /** Days to the end, today counted by what is left of it. */
  restDays: number;
}

export const METRIC = "api_calls";

/** Plays a period with one check a day, always at the same time of day, under each of the budgets. */
export function playPeriod(
  series: Series,
  period: Period,
  checkMs: number,
  budgets: readonly bigint[],
  price: PriceQuantities,
): { outcomes: Outcome[]; checks: Check[] } {
  const [first, end] = [dayOf(series, period.startMs), dayOf(series, period.endMs)];
  const total = sumOf(series.days.slice(first, end));
  const firedMs = budgets.map(() => new Map<Forecaster, number>());
  const checks: Check[] = [];
  let before = 0n;
  for (let day = first; day < end; day += 1) {
    const quantity = series.days[day] ?? 0n;
    if (day >= series.firstDay) {
      const nowMs = series.startMs + day * DAY_MS + checkMs;
      const today = (quantity * BigInt(checkMs)) / BigInt(DAY_MS);
      const used = before + today;
      const known = series.days.slice(series.firstDay, day);
      const projection = projectUsage({ aggregation: "sum", used, days: [...known, today] }, period, nowMs);
      const naive = projectQuantity(used, "sum", period, nowMs);
      const restDays = (period.endMs - nowMs) / DAY_MS;
      checks.push({ projection, total, naive, known, dayOfPeriod: day - first, restDays });
      const naiveMinor = price(new Map([[METRIC, naive]]));
      const pricedOnce = remembered(price);
      for (const [index, budgetMinor] of budgets.entries()) {
        const forecast = forecastBudget(new Map([[METRIC, projection]]), pricedOnce, budgetMinor, nowMs);
        const fired: Record<Forecaster, boolean> = {
          ours: forecast.willExceed,
          middle: forecast.projectedMinor > budgetMinor,
          naive: naiveMinor > budgetMinor,
        };
        for (const name of FORECASTERS) {
          if (fired[name] && firedMs[index]?.has(name) === false) {
            firedMs[index].set(name, nowMs);
          }
        }
      }
    }
    before += quantity;
  }
  return {
    checks,
    outcomes: budgets.map((budgetMinor, index) =>
      outcomeOf(firedMs[index] ?? new Map(), crossingMs(series, period, budgetMinor, price)),
    ),
  };
}

/** The same price, asked once for each quantity: the budgets of one check ask for the same. */
function remembered(price: PriceQuantities): PriceQuantities {
  const costs = new Map<bigint, bigint>();
  return (quantities) => {
    const quantity = quantities.get(METRIC) ?? 0n;
    const cost = costs.get(quantity) ?? price(quantities);
    costs.set(quantity, cost);
    return cost;
  };
}

function outcomeOf(firedMs: ReadonlyMap<Forecaster, number>, crossedMs: number | undefined): Outcome {
  const each = <T>(of: (atMs: number | undefined) => T): Record<Forecaster, T> => ({
    ours: of(firedMs.get("ours")),
    middle: of(firedMs.get("middle")),
    naive: of(firedMs.get("naive")),
  });
  return {
    isCrossed: crossedMs !== undefined,
    leadDays: each((atMs) =>
      crossedMs === undefined || atMs === undefined ? 0 : Math.max(0, crossedMs - atMs) / DAY_MS,
    ),
    isFalseAlarm: each((atMs) => crossedMs === undefined && atMs !== undefined),
  };
}

/** When the period's cost passed the budget, usage spread evenly over its day; undefined when it never did. */
function crossingMs(
  series: Series,
  period: Period,
  budgetMinor: bigint,
  price: PriceQuantities,
): number | undefined {
  const passes = (quantity: bigint): boolean => price(new Map([[METRIC, quantity]])) > budgetMinor;
  let sum = 0n;
  for (let day = dayOf(series, period.startMs); day < dayOf(series, period.endMs); day += 1) {
    const quantity = series.days[day] ?? 0n;
    if (passes(sum + quantity)) {
      let [within, past] = [0n, quantity];
      while (past - within > 1n) {
        const middle = (within + past) / 2n;
        [within, past] = passes(sum + middle) ? [within, middle] : [middle, past];
      }
      return series.startMs + day * DAY_MS + Math.floor((DAY_MS * Number(past)) / Number(quantity));
    }
    sum += quantity;
  }
  return undefined;
}

/** A period's real quantity. */
export function totalOf(series: Series, period: Period): bigint {
  return sumOf(series.days.slice(dayOf(series, period.startMs), dayOf(series, period.endMs)));
}

function dayOf(series: Series, timeMs: number): number {
  return (timeMs - series.startMs) / DAY_MS;
}

function sumOf(days: readonly bigint[]): bigint {
  return days.reduce((sum, quantity) => sum + quantity, 0n);
}
