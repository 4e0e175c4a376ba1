import {
  currentCatalog,
  holdCatalog,
  type CatalogDeps,
  type HeldCatalog,
} from "../catalog/current-catalog.ts";
import { RedisError } from "../counters/redis.ts";
import { readUnflushed } from "../counters/unflushed.ts";
import { FUTURE_LIMIT_MS } from "../domain/event.ts";
import type { Bucket } from "../domain/bucket.ts";
import { BUCKET_TTL_MS } from "../counters/keys.ts";
import type { CustomerSettings } from "../domain/customer.ts";
import { invariant } from "../domain/invariant.ts";
import { periodContaining, type Period } from "../domain/period.ts";
import { DAY_MS } from "../domain/window.ts";
import { catalogInForce } from "../ledger/catalog-versions.ts";
import { readUsage, type PeriodChoice } from "../ledger/usage-reading.ts";
import { planOf, type Plan } from "../rating/catalog.ts";
import { metricQuantities } from "../rating/quantities.ts";
import { rate, type Rating } from "../rating/rate.ts";
import { projectQuantity } from "./projection.ts";

/** A customer's period as it stands: quantities, and what they cost now and by the end if it goes on so. */
export interface CustomerUsage {
  customerId: string;
  catalog: HeldCatalog;
  plan: Plan;
  budget: string | undefined;
  period: Period;
  asOfMs: number;
  /** True when the counters could not be asked: events of the last minutes may be missing. */
  isStale: boolean;
  quantities: ReadonlyMap<string, bigint>;
  rating: Rating;
  projected: Rating;
}

/** The current period, or the one that starts in a calendar month (UTC, `monthMs` its first moment). */
export type AskedPeriod = { kind: "current" } | { kind: "month"; monthMs: number };

/**
 * A customer's usage and cost, every recorded event included.
 *
 * Counters first, ledger second: what a flush moves in between is seen twice and counted once. Undefined when the
 * customer is unknown and has no usage in the period, `no_catalog` when nothing was ever published.
 */
export async function customerUsage(
  deps: CatalogDeps,
  customerId: string,
  asked: AskedPeriod,
  nowMs: number,
): Promise<CustomerUsage | "no_catalog" | undefined> {
  const current = await currentCatalog(deps, nowMs);
  if (current === undefined) {
    return "no_catalog";
  }
  const live = await unflushedOrStale(deps, customerId, nowMs);
  const reading = await readUsage(deps.database, customerId, choicePeriod(asked, nowMs), live ?? []);
  // A deleted customer's own periods are billed by the settings it had; what comes later is an unknown customer's.
  const known = reading.isDeleted && !reading.hasPeriod ? undefined : reading.settings;
  if (known === undefined && reading.totals.length === 0) {
    return undefined;
  }
  const settings: CustomerSettings = known ?? {};
  const catalog = await catalogOf(deps, current, reading.period, settings.plan, nowMs);
  const plan = planOf(catalog.catalog, settings.plan);
  invariant(plan !== undefined, `plan of a customer is in the catalog: ${settings.plan}`);
  const quantities = metricQuantities(reading.totals, catalog.catalog.meters);
  return {
    customerId,
    catalog,
    plan,
    budget: settings.budget,
    period: reading.period,
    asOfMs: nowMs,
    isStale: live === undefined,
    quantities,
    rating: rate(catalog.catalog, plan, quantities),
    projected: rate(catalog.catalog, plan, projectAll(quantities, catalog, reading.period, nowMs)),
  };
}

/** What a period is priced by: the current catalog, unless it came after the period's end, or is for the next one only. */
async function catalogOf(
  deps: CatalogDeps,
  current: HeldCatalog,
  period: Period,
  planName: string | undefined,
  nowMs: number,
): Promise<HeldCatalog> {
  const isPast = period.endMs <= nowMs && current.publishedAtMs > period.endMs;
  const isForNext = current.effective === "nextPeriod" && current.publishedAtMs > period.startMs;
  if (!isPast && !isForNext && planOf(current.catalog, planName) !== undefined) {
    return current;
  }
  // Also for a plan so new that this isolate has not read it yet.
  const found = await catalogInForce(deps.database, period, nowMs, [planName]);
  return found === undefined ? current : holdCatalog(found);
}

async function unflushedOrStale(
  deps: CatalogDeps,
  customerId: string,
  nowMs: number,
): Promise<Bucket[] | undefined> {
  try {
    return await readUnflushed(
      deps.redis,
      customerId,
      nowMs - BUCKET_TTL_MS - DAY_MS,
      // Twice: the Worker that took the event may have a clock ahead of this one's.
      nowMs + 2 * FUTURE_LIMIT_MS,
    );
  } catch (error) {
    if (error instanceof RedisError) {
      return undefined;
    }
    throw error;
  }
}

function choicePeriod(asked: AskedPeriod, nowMs: number): PeriodChoice {
  if (asked.kind === "current") {
    return { startFromMs: 0, startToMs: nowMs, endAfterMs: nowMs, otherwise: periodContaining(nowMs) };
  }
  const month = periodContaining(asked.monthMs);
  return {
    startFromMs: month.startMs,
    startToMs: month.endMs - 1,
    endAfterMs: month.startMs,
    otherwise: month,
  };
}

function projectAll(
  quantities: ReadonlyMap<string, bigint>,
  catalog: HeldCatalog,
  period: Period,
  nowMs: number,
): Map<string, bigint> {
  const projected = new Map<string, bigint>();
  for (const [metricName, quantity] of quantities) {
    const aggregation = catalog.meters.get(metricName)?.aggregation ?? "last";
    projected.set(metricName, projectQuantity(quantity, aggregation, period, nowMs));
  }
  return projected;
}
