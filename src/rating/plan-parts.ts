import { invariant } from "../domain/invariant.ts";
import type { Period } from "../domain/period.ts";
import { DAY_MS, HOUR_MS } from "../domain/window.ts";
import { planOf, type Catalog, type Plan } from "./catalog.ts";
import type { Price } from "../domain/price.ts";

/** What a customer is priced by from a full hour on: a plan, null for the catalog's default, and prices of its own. */
export interface PlanChange {
  fromMs: number;
  planName: string | null;
  prices: readonly Price[] | null;
}

/** When a customer started and ended, epoch ms; null when it did not inside of what is priced. */
export interface Lifetime {
  startedMs: number | null;
  endedMs: number | null;
}

/** A part of a period, from one change of plan to the next. */
export interface PlanPart {
  startMs: number;
  endMs: number;
  planName: string | null;
  prices: readonly Price[] | null;
  /** Days of the period that its plan is charged for, of `periodDays`. */
  days: number;
  /** Days that its maximum spends are for: those, or where no day is charged for, the days that it touches. */
  cappedDays: number;
  periodDays: number;
}

/** What a customer without any change on record is priced by. */
const DEFAULT_PLAN = { planName: null, prices: null };

/**
 * Cuts a period at its changes of plan.
 *
 * `changes` are in order of time: the one in force when the period starts, or the customer's first ever, which reaches back
 * to the start, then those inside the period. A day is charged by the plan that is in force when it ends, from the day on
 * which the customer started to the one on which it ended: the days of all parts are never more than the period's.
 */
export function partsOfPeriod(
  period: Period,
  changes: readonly PlanChange[],
  { startedMs, endedMs }: Lifetime,
): PlanPart[] {
  const inForce = changes.length > 0 ? changes : [{ fromMs: period.startMs, ...DEFAULT_PLAN }];
  const periodDays = (period.endMs - period.startMs) / DAY_MS;
  return inForce.map(({ fromMs, planName, prices }, index) => {
    const startMs = index === 0 ? period.startMs : fromMs;
    const endMs = inForce[index + 1]?.fromMs ?? period.endMs;
    // A day that starts at D is the plan's when D's end is, and the customer was there on it.
    const firstDay = Math.max(dayOf(startMs), startedMs === null ? 0 : dayOf(startedMs));
    const lastDay = Math.min(dayOf(endMs), endedMs === null ? Infinity : dayOf(endedMs) + 1);
    const days = Math.max(0, lastDay - firstDay);
    // A maximum of no day would be zero, and what was used free.
    const cappedDays = days > 0 ? days : Math.ceil(endMs / DAY_MS) - dayOf(startMs);
    return { startMs, endMs, planName, prices, days, cappedDays, periodDays };
  });
}

function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/** The plan of a part with the customer's own prices in place of, or beside, the plan's; undefined when there is none. */
export function planOfPart(
  catalog: Catalog,
  { planName, prices }: Pick<PlanPart, "planName" | "prices">,
): Plan | undefined {
  const plan = planOf(catalog, planName ?? undefined);
  return plan === undefined || prices === null ? plan : withOwnPrices(catalog, plan, prices);
}

/** A price of a metric that the catalog no longer has prices nothing. */
function withOwnPrices(catalog: Catalog, plan: Plan, own: readonly Price[]): Plan {
  const priced = own.filter(({ metricName }) => catalog.meters.some(({ name }) => name === metricName));
  const kept = plan.prices.map(
    (price) => priced.find(({ metricName }) => metricName === price.metricName) ?? price,
  );
  const added = priced.filter(({ metricName }) =>
    plan.prices.every((price) => price.metricName !== metricName),
  );
  return { ...plan, prices: [...kept, ...added] };
}

/** What follows the refs of a part's lines, and what people are told of it; both empty for a whole period. */
export function namesOfPart(part: PlanPart, period: Period): { refSuffix: string; span: string } {
  const isFirst = part.startMs === period.startMs;
  const isLast = part.endMs === period.endMs;
  const refSuffix = isFirst ? "" : `@${hourText(part.startMs).replace(" ", "T")}`;
  if (isFirst) {
    return { refSuffix, span: isLast ? "" : `until ${hourText(part.endMs)} UTC` };
  }
  const from = `from ${hourText(part.startMs)}`;
  return { refSuffix, span: isLast ? `${from} UTC` : `${from} to ${hourText(part.endMs)} UTC` };
}

/** `2026-11-10 12:00`. */
function hourText(timeMs: number): string {
  invariant(timeMs % HOUR_MS === 0, "plans change at a full hour");
  return new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
}
