import { DAY_MS, HOUR_MS, MINUTE_MS } from "../domain/window.ts";

/** What a place's clocks show: UTC plus an offset that changes with time. */
export interface TimeZone {
  offsetMs: (timeMs: number) => number;
}

/** The end of a date printed with its offset: `GMT`, `GMT-05:00`; before 1972 also with seconds. */
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/** The zone of an IANA name, in any case; undefined when there is none. */
export function timeZoneOf(name: string): TimeZone | undefined {
  const format = offsetFormat(name);
  return format && { offsetMs: (timeMs) => parseOffset(format.format(timeMs)) };
}

/**
 * First moment of a date of the zone, the date given as the midnight that it would have in UTC.
 *
 * Where clocks skip midnight, or the whole date, it is the moment at which they go on.
 */
export function startOfDate(zone: TimeZone, dateMs: number): number {
  const before = dateMs - zone.offsetMs(dateMs - DAY_MS);
  const after = dateMs - zone.offsetMs(dateMs + DAY_MS);
  const earlier = Math.min(before, after);
  return earlier + zone.offsetMs(earlier) >= dateMs ? earlier : Math.max(before, after);
}

function offsetFormat(name: string): Intl.DateTimeFormat | undefined {
  // Intl takes offsets such as +02:00 too; they are no zones.
  if (!/^[A-Za-z]/.test(name)) {
    return undefined;
  }
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  } catch {
    return undefined;
  }
}

function parseOffset(text: string): number {
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = OFFSET.exec(text) ?? [];
  const sizeMs = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * 1000;
  return sign === "-" ? -sizeMs : sizeMs;
}
