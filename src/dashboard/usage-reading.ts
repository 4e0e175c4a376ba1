import type { Deps } from "../deps.ts";
import { formatScaled, parseDecimal, scaledTo } from "../domain/decimal.ts";
import type { Meter } from "../domain/meter.ts";
import { DAY_MS, HOUR_MS } from "../domain/window.ts";
import { usageSeries, type SeriesPage } from "../usage/series-query.ts";
import { windowBounds } from "../usage/series-windows.ts";
import { timeZoneOf } from "../usage/time-zone.ts";
import { MAX_SERIES, type ChartSeries } from "./charts/bar-chart.tsx";

/** Most groups that a chart is made from. */
const MAX_GROUPS = 100;

export interface ChartQuery {
  meter: Meter;
  customerId: string | undefined;
  fromMs: number;
  toMs: number;
  window: "hour" | "day";
  /** A dimension of the meter; undefined for the whole. */
  groupBy: string | undefined;
}

export interface ChartData {
  series: ChartSeries[];
  isStale: boolean;
  /** Groups that are in no series of their own, and could not be added up. */
  leftOut: number;
}

/** Usage as a chart shows it; the largest groups each, what is left of sums and counts together. */
export async function readChart(deps: Deps, query: ChartQuery, nowMs: number): Promise<ChartData> {
  const zone = timeZoneOf("UTC");
  const bounds = zone && windowBounds(query.window, zone, query.fromMs, query.toMs);
  if (bounds === undefined || typeof bounds === "string") {
    return { series: [], isStale: false, leftOut: 0 };
  }
  const page = await usageSeries(
    deps,
    {
      metricName: query.meter.name,
      customerId: query.customerId,
      bounds,
      groupBy: query.groupBy === undefined ? [] : [query.groupBy],
      filters: [],
      isFilled: true,
      after: undefined,
      limit: MAX_GROUPS,
    },
    nowMs,
  );
  return typeof page === "string" || "unknownDimension" in page
    ? { series: [], isStale: false, leftOut: 0 }
    : chartOf(query, page);
}

function chartOf({ meter, groupBy }: ChartQuery, page: SeriesPage): ChartData {
  const isAdded = meter.aggregation === "sum" || meter.aggregation === "count";
  const whole = page.series.map((group) => ({
    name: groupBy === undefined ? meter.displayName : (group.dimensions[groupBy] ?? "(none)"),
    points: group.points,
    total: group.points.reduce((sum, { value }) => sum + scaledValue(value, meter.scale), 0n),
  }));
  const ordered = whole.toSorted((left, right) => (left.total < right.total ? 1 : -1));
  const isCut = ordered.length > MAX_SERIES;
  const shown = ordered.slice(0, isCut ? MAX_SERIES - 1 : MAX_SERIES);
  const rest = ordered.slice(shown.length);
  const others = isAdded && rest.length > 0 ? [merged(rest, meter.scale)] : [];
  return { series: [...shown, ...others], isStale: page.isStale, leftOut: isAdded ? 0 : rest.length };
}

function merged(groups: readonly ChartSeries[], scale: number): ChartSeries {
  const points = (groups[0]?.points ?? []).map(({ start }, index) => {
    const sum = groups.reduce(
      (total, group) => total + scaledValue(group.points[index]?.value ?? "0", scale),
      0n,
    );
    return { start, value: formatScaled(sum, scale) };
  });
  return { name: `${groups.length} others`, points };
}

function scaledValue(value: string, scale: number): bigint {
  const decimal = parseDecimal(value);
  return (decimal && scaledTo(decimal, scale)) ?? 0n;
}

/** What the running hour has had per minute so far, a whole number rounded down; undefined in its first minute. */
export async function readRate(deps: Deps, meter: Meter, nowMs: number): Promise<string | undefined> {
  const hourMs = nowMs - (nowMs % HOUR_MS);
  const minutes = BigInt(Math.floor((nowMs - hourMs) / 60_000));
  if (minutes === 0n) {
    return undefined;
  }
  const query = { meter, customerId: undefined, fromMs: hourMs, toMs: nowMs + 1, window: "hour" } as const;
  const { series } = await readChart(deps, { ...query, groupBy: undefined }, nowMs);
  const total = scaledValue(series[0]?.points.at(-1)?.value ?? "0", meter.scale);
  return (total / (minutes * 10n ** BigInt(meter.scale))).toString();
}

/** The last so many days of UTC, today included. */
export function lastDays(days: number, nowMs: number): { fromMs: number; toMs: number } {
  const todayMs = nowMs - (nowMs % DAY_MS);
  return { fromMs: todayMs - (days - 1) * DAY_MS, toMs: todayMs + DAY_MS };
}
