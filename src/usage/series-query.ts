import { currentCatalog, rereadCatalog, type CatalogDeps } from "../catalog/current-catalog.ts";
import { BUCKET_TTL_MS } from "../counters/keys.ts";
import { RedisError } from "../counters/redis.ts";
import { readUnflushed } from "../counters/unflushed.ts";
import type { Bucket } from "../domain/bucket.ts";
import { FUTURE_LIMIT_MS } from "../domain/event.ts";
import type { Meter } from "../domain/meter.ts";
import { DAY_MS, isoTime } from "../domain/window.ts";
import { readUsageSeries, type SeriesGroup } from "../ledger/usage-series.ts";
import { areWholeDays } from "./series-windows.ts";
import { pointsOf, type UsageSeries } from "./usage-series.ts";

/** What is asked for; a metric's dimensions are checked against the catalog. */
export interface SeriesQuery {
  metricName: string;
  customerId: string | undefined;
  /** Bounds of the windows, as windowBounds gives them. */
  bounds: readonly number[];
  /** `customer`, or names of dimensions; each once. */
  groupBy: readonly string[];
  /** Dimension and value; an empty value stands for usage without that dimension, too. */
  filters: readonly (readonly [name: string, value: string])[];
  /** Gives every window a point. */
  isFilled: boolean;
  /** Key of the last group of the page before. */
  after: readonly string[] | undefined;
  limit: number;
}

/** A page of series. */
export interface SeriesPage {
  asOfMs: number;
  /** True when a customer's counters could not be asked: events of the last minutes may be missing. */
  isStale: boolean;
  series: UsageSeries[];
  /** Key to go on after; undefined on the last page. */
  nextKey: readonly string[] | undefined;
}

export type SeriesRefusal = "no_catalog" | "unknown_metric" | { unknownDimension: string };

/**
 * Usage of a metric over time, by group.
 *
 * Of one customer every recorded event is in it, counters first, ledger second. Over all customers it is the ledger's,
 * which a flush brings up to date every minute.
 */
export async function usageSeries(
  deps: CatalogDeps,
  query: SeriesQuery,
  nowMs: number,
): Promise<SeriesPage | SeriesRefusal> {
  const meter = await meterOf(deps, query.metricName, nowMs);
  if (typeof meter === "string") {
    return meter;
  }
  const unknownDimension = dimensionsOf(query).find((name) => !meter.dimensions.includes(name));
  if (unknownDimension !== undefined) {
    return { unknownDimension };
  }
  const live = await unflushedOrStale(deps, query, nowMs);
  const { aggregation } = meter;
  const isDaily = areWholeDays(query.bounds);
  const choice = { ...query, aggregation, isDaily, limit: query.limit + 1 };
  const groups = await readUsageSeries(deps.database, choice, live ?? []);
  const page = groups.slice(0, query.limit);
  return {
    asOfMs: nowMs,
    isStale: live === undefined,
    series: seriesOf(query, page),
    nextKey: groups.length > page.length ? page.at(-1)?.key : undefined,
  };
}

function dimensionsOf({ groupBy, filters }: SeriesQuery): string[] {
  return [...groupBy.filter((member) => member !== "customer"), ...filters.map(([name]) => name)];
}

/** A metric that this isolate does not know is looked up once more: it may have been published a moment ago. */
async function meterOf(
  deps: CatalogDeps,
  metricName: string,
  nowMs: number,
): Promise<Meter | "no_catalog" | "unknown_metric"> {
  const known = (await currentCatalog(deps, nowMs))?.meters.get(metricName);
  if (known !== undefined) {
    return known;
  }
  const catalog = await rereadCatalog(deps, nowMs);
  return catalog === undefined ? "no_catalog" : (catalog.meters.get(metricName) ?? "unknown_metric");
}

/** One customer's buckets of the range that may not be in the ledger yet; undefined when Redis is away. */
async function unflushedOrStale(
  { redis }: CatalogDeps,
  { customerId, metricName, bounds }: SeriesQuery,
  nowMs: number,
): Promise<Bucket[] | undefined> {
  if (customerId === undefined) {
    return [];
  }
  // What is older has expired; twice, since the Worker that took an event may have a clock ahead of this one's.
  const fromMs = Math.max(bounds[0] ?? 0, nowMs - BUCKET_TTL_MS - DAY_MS);
  const toMs = Math.min(bounds.at(-1) ?? 0, nowMs + 2 * FUTURE_LIMIT_MS);
  try {
    const buckets = await readUnflushed(redis, customerId, fromMs, toMs);
    return buckets.map((bucket) => ({
      ...bucket,
      series: bucket.series.filter(({ series }) => series.metricName === metricName),
    }));
  } catch (error) {
    if (error instanceof RedisError) {
      return undefined;
    }
    throw error;
  }
}

function seriesOf(query: SeriesQuery, groups: readonly SeriesGroup[]): UsageSeries[] {
  const times = query.bounds.map(isoTime);
  // The one group there is without grouping is there without usage, too.
  const isEmpty = query.isFilled && query.groupBy.length === 0 && groups.length === 0;
  const shown: readonly SeriesGroup[] = isEmpty ? [{ key: [], points: [] }] : groups;
  return shown.map(({ key, points }) => {
    const parts = query.groupBy.map((member, index) => [member, key[index] ?? ""] as const);
    const dimensions = parts.filter(([member]) => member !== "customer");
    return {
      customerId: query.customerId ?? parts.find(([member]) => member === "customer")?.[1],
      dimensions: Object.fromEntries(
        dimensions.map(([name, part]) => [name, part === "" ? null : part.slice(1)]),
      ),
      points: pointsOf(times, points, query.isFilled),
    };
  });
}
