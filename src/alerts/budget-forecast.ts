import { invariant } from "../domain/invariant.ts";
import { DAY_MS } from "../domain/window.ts";
import type { Projection } from "./forecast.ts";

/** Prices a period's quantities per metric, in minor units; more of a metric is taken not to cost less. */
export type PriceQuantities = (quantities: ReadonlyMap<string, bigint>) => bigint;

/** What a customer's period is expected to cost, in minor units: an estimate, never billed. */
export interface BudgetForecast {
  /** What the period costs now. */
  currentMinor: bigint;
  lowMinor: bigint;
  projectedMinor: bigint;
  highMinor: bigint;
  /** Even the low end passes the budget. True as well when the budget is passed already. */
  willExceed: boolean;
  isExceeded: boolean;
  /** When it will, the start of the UTC day on which the projection passes the budget; null when it has already. */
  passesOnMs: number | null;
}

/**
 * Prices the low, middle and high projections of all metrics together and holds them against the budget.
 *
 * All metrics at their low ends at once is rarer than each alone: over several metrics the interval is wider than it
 * says, and an alert comes rather later than too early. `nowMs` and the period are those of the projections.
 */
export function forecastBudget(
  projections: ReadonlyMap<string, Projection>,
  price: PriceQuantities,
  budgetMinor: bigint,
  nowMs: number,
): BudgetForecast {
  const priceOf = (choose: (projection: Projection) => bigint): bigint =>
    price(new Map([...projections].map(([metricName, projection]) => [metricName, choose(projection)])));
  const currentMinor = priceOf(({ used }) => used);
  // In order also where a price model lets more cost less at the edge of a tier.
  const [lowMinor = 0n, projectedMinor = 0n, highMinor = 0n] = [
    priceOf(({ low }) => low),
    priceOf(({ mid }) => mid),
    priceOf(({ high }) => high),
  ].toSorted((left, right) => (left < right ? -1 : Number(left > right)));
  const isExceeded = currentMinor > budgetMinor;
  const willExceed = lowMinor > budgetMinor || isExceeded;
  return {
    currentMinor,
    lowMinor,
    projectedMinor,
    highMinor,
    willExceed,
    isExceeded,
    passesOnMs: willExceed && !isExceeded ? passingDay(projections, priceOf, budgetMinor, nowMs) : null,
  };
}

function passingDay(
  projections: ReadonlyMap<string, Projection>,
  priceOf: (choose: (projection: Projection) => bigint) => bigint,
  budgetMinor: bigint,
  nowMs: number,
): number | null {
  const [first] = projections.values();
  const days = first?.dayEnds.length ?? 0;
  for (let day = 0; day < days; day += 1) {
    const costMinor = priceOf(({ dayEnds }) => {
      const quantity = dayEnds[day];
      invariant(
        quantity !== undefined && dayEnds.length === days,
        "projections are of one period and moment",
      );
      return quantity;
    });
    if (costMinor > budgetMinor) {
      return (Math.floor(nowMs / DAY_MS) + day) * DAY_MS;
    }
  }
  return null;
}
