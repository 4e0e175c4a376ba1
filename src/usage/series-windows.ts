import { DAY_MS, HOUR_MS, hourStart } from "../domain/window.ts";
import { startOfDate, type TimeZone } from "./time-zone.ts";

/** How long a point of a usage series lasts. */
export const SERIES_WINDOWS = ["hour", "day", "month"] as const;
export type SeriesWindow = (typeof SERIES_WINDOWS)[number];

/** Most windows of one answer. */
export const MAX_WINDOWS = 1000;

/** How far a series goes back unless it is told: a day by the hour, else 30 days. */
export function defaultReachMs(window: SeriesWindow): number {
  return window === "hour" ? DAY_MS : 30 * DAY_MS;
}

/**
 * Bounds of all windows that have a part in `[fromMs, toMs)`, oldest first: window `i` is `[bounds[i], bounds[i + 1])`.
 *
 * Days and months are the zone's, so that a day has 23 or 25 hours where clocks change. Usage is kept by the hour of UTC:
 * a zone in which a bound is not at a whole hour, on its clocks and in UTC, is refused.
 */
export function windowBounds(
  window: SeriesWindow,
  zone: TimeZone,
  fromMs: number,
  toMs: number,
): number[] | "too_many_windows" | "unsupported_timezone" {
  const bounds: number[] = [];
  for (let anchorMs = firstAnchor(window, zone, fromMs); ; anchorMs = nextAnchor(window, anchorMs)) {
    const boundMs = window === "hour" ? anchorMs : startOfDate(zone, anchorMs);
    if (boundMs % HOUR_MS !== 0 || zone.offsetMs(boundMs) % HOUR_MS !== 0) {
      return "unsupported_timezone";
    }
    if (boundMs <= fromMs) {
      bounds[0] = boundMs;
    } else if (boundMs > (bounds.at(-1) ?? fromMs)) {
      // Not after the last: clocks skip this date, as Samoa's did on 30 December 2011.
      bounds.push(boundMs);
    }
    if (boundMs >= toMs) {
      return bounds;
    }
    if (bounds.length > MAX_WINDOWS) {
      return "too_many_windows";
    }
  }
}

/** True when every window consists of whole days of UTC, for which roll-ups are kept. */
export function areWholeDays(bounds: readonly number[]): boolean {
  return bounds.every((boundMs) => boundMs % DAY_MS === 0);
}

/** What the window of a moment is counted from: an hour, or a date as startOfDate takes it. */
function firstAnchor(window: SeriesWindow, zone: TimeZone, timeMs: number): number {
  if (window === "hour") {
    return hourStart(timeMs);
  }
  const local = new Date(timeMs + zone.offsetMs(timeMs));
  return Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), window === "day" ? local.getUTCDate() : 1);
}

function nextAnchor(window: SeriesWindow, anchorMs: number): number {
  if (window !== "month") {
    return anchorMs + (window === "hour" ? HOUR_MS : DAY_MS);
  }
  const date = new Date(anchorMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
