import { currentCatalog, type CatalogDeps, type HeldCatalog } from "../catalog/current-catalog.ts";
import { heldVersion } from "../catalog/held-version.ts";
import { RedisError } from "../counters/redis.ts";
import { readUnflushed } from "../counters/unflushed.ts";
import { FUTURE_LIMIT_MS } from "../domain/event.ts";
import type { Bucket } from "../domain/bucket.ts";
import { BUCKET_TTL_MS } from "../counters/keys.ts";
import type { CustomerSettings } from "../domain/customer.ts";
import { invariant } from "../domain/invariant.ts";
import { periodContaining, type Period } from "../domain/period.ts";
import { DAY_MS } from "../domain/window.ts";
import { readUsage, type PeriodChoice } from "../ledger/usage-reading.ts";
import {
  plansOf,
  pricedParts,
  wholeQuantity,
  type PeriodUsage,
  type PricedPart,
} from "../rating/rate-period.ts";
import { rateParts, type Rating } from "../rating/rate.ts";
import { projectQuantity } from "./projection.ts";

/** A customer's period as it stands: quantities, and what they cost now and by the end if it goes on so. */
export interface CustomerUsage {
  customerId: string;
  catalog: HeldCatalog;
  /** The parts that the period's plans price, the newest last; one unless the plan changed inside. */
  parts: PricedPart[];
  settings: CustomerSettings;
  period: Period;
  asOfMs: number;
  /** True when the counters could not be asked: events of the last minutes may be missing. */
  isStale: boolean;
  /** Of the whole period, per metric at the meter's scale. */
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
  if (known === undefined && reading.totals.every((totals) => totals.length === 0)) {
    return undefined;
  }
  const usage = known === undefined ? withoutPlans(reading) : reading;
  const catalog = reading.catalog === undefined ? current : await heldVersion(deps, reading.catalog);
  const parts = pricedParts(catalog.catalog, usage);
  invariant(parts !== undefined, `plans of a customer are in the catalog: ${plansOf(usage).join()}`);
  return {
    customerId,
    catalog,
    parts,
    settings: known ?? {},
    period: reading.period,
    asOfMs: nowMs,
    isStale: live === undefined,
    quantities: wholeQuantities(parts, catalog),
    rating: rateParts(catalog.catalog, parts),
    projected: rateParts(
      catalog.catalog,
      parts.map((part) => ({ ...part, quantities: projectAll(part, catalog, nowMs) })),
    ),
  };
}

/** What a customer was priced by means nothing for usage that came after its end. */
function withoutPlans(usage: PeriodUsage): PeriodUsage {
  const changes = usage.changes.map(({ fromMs }) => ({ fromMs, planName: null, prices: null }));
  return { ...usage, changes, lifetime: { startedMs: null, endedMs: null } };
}

function wholeQuantities(parts: readonly PricedPart[], catalog: HeldCatalog): Map<string, bigint> {
  const whole = new Map<string, bigint>();
  for (const meter of catalog.catalog.meters) {
    const quantity = wholeQuantity(parts, meter);
    if (quantity !== undefined) {
      whole.set(meter.name, quantity);
    }
  }
  return whole;
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
    return { startFromMs: 0, startToMs: nowMs, endAfterMs: nowMs, otherwiseMs: nowMs, nowMs };
  }
  const month = periodContaining(asked.monthMs);
  return {
    startFromMs: month.startMs,
    startToMs: month.endMs - 1,
    endAfterMs: month.startMs,
    // The last moment of the month: in a period that starts in it.
    otherwiseMs: month.endMs - 1,
    nowMs,
  };
}

function projectAll(part: PricedPart, catalog: HeldCatalog, nowMs: number): Map<string, bigint> {
  const projected = new Map<string, bigint>();
  for (const [metricName, quantity] of part.quantities) {
    const aggregation = catalog.meters.get(metricName)?.aggregation ?? "last";
    projected.set(metricName, projectQuantity(quantity, aggregation, part, nowMs));
  }
  return projected;
}
