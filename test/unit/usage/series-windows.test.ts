import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HOUR_MS, isoTime } from "../../../src/domain/window.ts";
import {
  areWholeDays,
  MAX_WINDOWS,
  windowBounds,
  type SeriesWindow,
} from "../../../src/usage/series-windows.ts";
import { timeZoneOf, type TimeZone } from "../../../src/usage/time-zone.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);

function zone(name: string): TimeZone {
  const found = timeZoneOf(name);
  if (found === undefined) {
    throw new Error(`no zone ${name}`);
  }
  return found;
}

/** Bounds as `2026-11-01T00`, or the refusal. */
function bounds(window: SeriesWindow, name: string, from: string, to: string): string[] | string {
  const found = windowBounds(window, zone(name), utc(from), utc(to));
  return typeof found === "string" ? found : found.map((boundMs) => isoTime(boundMs).slice(0, 13));
}

test.each([
  {
    name: "whole hours",
    window: "hour",
    from: "2026-11-01T00:00",
    to: "2026-11-01T02:00",
    expected: ["2026-11-01T00", "2026-11-01T01", "2026-11-01T02"],
  },
  {
    name: "a moment past an hour on both sides",
    window: "hour",
    from: "2026-11-01T00:59:59.999",
    to: "2026-11-01T02:00:00.001",
    expected: ["2026-11-01T00", "2026-11-01T01", "2026-11-01T02", "2026-11-01T03"],
  },
  {
    name: "one moment before midnight",
    window: "day",
    from: "2026-11-30T23:59:59.999",
    to: "2026-12-01T00:00",
    expected: ["2026-11-30T00", "2026-12-01T00"],
  },
  {
    name: "one moment from midnight on",
    window: "day",
    from: "2026-12-01T00:00",
    to: "2026-12-01T00:00:00.001",
    expected: ["2026-12-01T00", "2026-12-02T00"],
  },
  {
    name: "a leap day",
    window: "day",
    from: "2028-02-28T12:00",
    to: "2028-03-01T00:00",
    expected: ["2028-02-28T00", "2028-02-29T00", "2028-03-01T00"],
  },
  {
    name: "months over a year's end",
    window: "month",
    from: "2026-12-31T23:00",
    to: "2027-02-01T00:00",
    expected: ["2026-12-01T00", "2027-01-01T00", "2027-02-01T00"],
  },
] as const)("windows: all that the range has a part in: $name", ({ window, from, to, expected }) => {
  expect(bounds(window, "UTC", from, to)).toEqual(expected);
});

test.each([
  {
    name: "23 hours where clocks go forward",
    zoneName: "Europe/Berlin",
    from: "2026-03-28T23:00",
    to: "2026-03-30T22:00",
    expected: ["2026-03-28T23", "2026-03-29T22", "2026-03-30T22"],
  },
  {
    name: "25 hours where they go back",
    zoneName: "Europe/Berlin",
    from: "2026-10-24T22:00",
    to: "2026-10-26T23:00",
    expected: ["2026-10-24T22", "2026-10-25T23", "2026-10-26T23"],
  },
  {
    name: "west of UTC",
    zoneName: "America/New_York",
    from: "2026-11-01T04:00",
    to: "2026-11-02T05:00",
    expected: ["2026-11-01T04", "2026-11-02T05"],
  },
  {
    name: "from 01:00 where clocks skip midnight",
    zoneName: "Africa/Cairo",
    from: "2026-04-23T12:00",
    to: "2026-04-24T12:00",
    expected: ["2026-04-22T22", "2026-04-23T22", "2026-04-24T21"],
  },
  {
    name: "from the earlier of two midnights",
    zoneName: "America/Havana",
    from: "2026-11-01T04:00",
    to: "2026-11-01T06:00",
    expected: ["2026-11-01T04", "2026-11-02T05"],
  },
  {
    name: "none for a date that was skipped",
    zoneName: "Pacific/Apia",
    from: "2011-12-29T12:00",
    to: "2011-12-31T12:00",
    expected: ["2011-12-29T10", "2011-12-30T10", "2011-12-31T10", "2012-01-01T10"],
  },
  {
    name: "14 hours ahead",
    zoneName: "Pacific/Kiritimati",
    from: "2026-10-31T10:00",
    to: "2026-11-01T10:00",
    expected: ["2026-10-31T10", "2026-11-01T10"],
  },
])("days of a zone: $name", ({ zoneName, from, to, expected }) => {
  expect(bounds("day", zoneName, from, to)).toEqual(expected);
});

test("months of a zone: begin at its midnight, in summer and winter", () => {
  expect(bounds("month", "Europe/Berlin", "2026-03-01T00:00", "2026-04-15T00:00")).toEqual([
    "2026-02-28T23",
    "2026-03-31T22",
    "2026-04-30T22",
  ]);
});

test.each([
  { zoneName: "Asia/Kolkata", from: "2026-11-01T00:00", refused: true },
  { zoneName: "Asia/Kathmandu", from: "2026-11-01T00:00", refused: true },
  { zoneName: "Australia/Lord_Howe", from: "2026-07-01T00:00", refused: true },
  { zoneName: "Australia/Lord_Howe", from: "2026-12-01T00:00", refused: false },
  // Clocks went back to half hours on 5 April.
  { zoneName: "Australia/Lord_Howe", from: "2026-04-04T14:00", refused: true },
  { zoneName: "Africa/Monrovia", from: "1971-01-01T00:00", refused: true },
  { zoneName: "Africa/Monrovia", from: "1973-01-01T00:00", refused: false },
  { zoneName: "Etc/GMT+5", from: "2026-11-01T00:00", refused: false },
])("a zone off whole hours: $zoneName at $from is refused: $refused", ({ zoneName, from, refused }) => {
  const to = isoTime(utc(from) + 24 * HOUR_MS).slice(0, 16);
  for (const window of ["hour", "day", "month"] as const) {
    expect(bounds(window, zoneName, from, to) === "unsupported_timezone", window).toBe(refused);
  }
});

test.each(["", "Nowhere/Town", "+02:00", "-05", " UTC", "UTC\u0000", "Europe/Berlin "])(
  "a zone: %j is none",
  (name) => {
    expect(timeZoneOf(name)).toBeUndefined();
  },
);

test.each([
  { name: "as many as one may ask for", hours: MAX_WINDOWS, expected: MAX_WINDOWS + 1 },
  { name: "a moment more", hours: MAX_WINDOWS, more: 1, expected: "too_many_windows" },
])("windows: $name", ({ hours, more = 0, expected }) => {
  const fromMs = utc("2026-11-01T00:00");
  const found = windowBounds("hour", zone("UTC"), fromMs, fromMs + hours * HOUR_MS + more);
  expect(typeof found === "string" ? found : found.length).toBe(expected);
});

test("whole days of UTC: also another zone's while its clocks show UTC", () => {
  const day = (name: string, from: string, to: string) => {
    const found = windowBounds("day", zone(name), utc(from), utc(to));
    return typeof found !== "string" && areWholeDays(found);
  };
  expect(day("UTC", "2026-06-01T00:00", "2026-07-01T00:00")).toBe(true);
  expect(day("Europe/London", "2026-01-01T00:00", "2026-02-01T00:00")).toBe(true);
  expect(day("Europe/London", "2026-03-01T00:00", "2026-04-01T00:00")).toBe(false);
});

/** A zone's date of a moment, by another part of Intl than offsets are read with. */
function dateTexts(name: string, window: SeriesWindow): (timeMs: number) => string {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: name,
    year: "numeric",
    month: "2-digit",
    ...(window === "day" && { day: "2-digit" }),
  });
  return (timeMs) => format.format(timeMs);
}

/** Bounds found by walking over every hour and looking where the date changes, onwards. */
function walkedBounds(window: SeriesWindow, name: string, fromMs: number, toMs: number): number[] {
  const textOf = dateTexts(name, window);
  const reach = (window === "day" ? 3 : 33) * 24 * HOUR_MS;
  const found: number[] = [];
  let newest = "";
  for (let hourMs = fromMs - reach; hourMs < toMs + reach; hourMs += HOUR_MS) {
    const text = textOf(hourMs);
    if (text > newest) {
      newest = text;
      found.push(hourMs);
    }
  }
  const first = found.findLastIndex((boundMs) => boundMs <= fromMs);
  const last = found.findIndex((boundMs) => boundMs >= toMs);
  return found.slice(first, last + 1);
}

test("windows of any zone: are where a walk over all hours finds the dates to change", () => {
  const hours = fc.integer({
    min: utc("1972-01-01T00:00") / HOUR_MS,
    max: utc("2037-12-01T00:00") / HOUR_MS,
  });
  const cases = fc.record({
    name: fc.constantFrom(...Intl.supportedValuesOf("timeZone")),
    window: fc.constantFrom("day", "month"),
    fromHour: hours,
    hours: fc.integer({ min: 1, max: 24 * 40 }),
  });
  let compared = 0;
  fc.assert(
    fc.property(cases, ({ name, window, fromHour, hours: count }) => {
      const fromMs = fromHour * HOUR_MS;
      const toMs = fromMs + count * HOUR_MS;
      const found = windowBounds(window, zone(name), fromMs, toMs);
      if (found !== "unsupported_timezone") {
        compared += 1;
        expect(found).toEqual(walkedBounds(window, name, fromMs, toMs));
      }
    }),
    { numRuns: 300 },
  );
  expect(compared).toBeGreaterThan(200);
});
