import * as fc from "fast-check";
import { expect, test } from "vitest";
import { periodContaining, periodFrom } from "../../../src/domain/period.ts";
import { DAY_MS, hourStart, HOUR_MS, isoTime } from "../../../src/domain/window.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);

test.each([
  { name: "the middle of a month", at: "2026-11-23T12:00", anchor: 1, from: "2026-11-01", to: "2026-12-01" },
  { name: "the first moment", at: "2026-11-01T00:00", anchor: 1, from: "2026-11-01", to: "2026-12-01" },
  { name: "the last", at: "2026-11-30T23:59:59.999", anchor: 1, from: "2026-11-01", to: "2026-12-01" },
  { name: "the year's end", at: "2026-12-31T23:59:59.999", anchor: 1, from: "2026-12-01", to: "2027-01-01" },
  {
    name: "before the anchor",
    at: "2026-01-14T23:59:59.999",
    anchor: 15,
    from: "2025-12-15",
    to: "2026-01-15",
  },
  { name: "on the anchor", at: "2026-01-15T00:00", anchor: 15, from: "2026-01-15", to: "2026-02-15" },
  { name: "the 31st in April", at: "2026-04-30T00:00", anchor: 31, from: "2026-04-30", to: "2026-05-31" },
  { name: "the day before", at: "2026-04-29T23:59:59.999", anchor: 31, from: "2026-03-31", to: "2026-04-30" },
  { name: "the 31st in February", at: "2026-03-01T00:00", anchor: 31, from: "2026-02-28", to: "2026-03-31" },
  {
    name: "the 30th in a leap February",
    at: "2028-02-29T00:00",
    anchor: 30,
    from: "2028-02-29",
    to: "2028-03-30",
  },
  {
    name: "the 29th in no leap year",
    at: "2026-02-28T00:00",
    anchor: 29,
    from: "2026-02-28",
    to: "2026-03-29",
  },
  {
    name: "the 29th in a leap year",
    at: "2028-02-28T23:59",
    anchor: 29,
    from: "2028-01-29",
    to: "2028-02-29",
  },
  {
    name: "a century without leap day",
    at: "2100-02-28T00:00",
    anchor: 31,
    from: "2100-02-28",
    to: "2100-03-31",
  },
  {
    name: "a century with leap day",
    at: "2000-02-29T00:00",
    anchor: 31,
    from: "2000-02-29",
    to: "2000-03-31",
  },
  { name: "before 1970", at: "1969-12-31T23:59", anchor: 1, from: "1969-12-01", to: "1970-01-01" },
])("period: $name, anchor day $anchor", ({ at, anchor, from, to }) => {
  expect(periodContaining(utc(at), anchor)).toEqual({ startMs: Date.parse(from), endMs: Date.parse(to) });
});

test("period: the anchor day is the first unless told", () => {
  expect(periodContaining(utc("2026-11-23T12:00"))).toEqual({
    startMs: Date.parse("2026-11-01"),
    endMs: Date.parse("2026-12-01"),
  });
});

const anyTimeMs = fc.integer({ min: Date.parse("1971-01-01"), max: Date.parse("2400-01-01") });
const anchors = Array.from({ length: 31 }, (_, index) => index + 1);

test.each(anchors)("period: anchor day %i contains its moment and is a month long", (anchor) => {
  fc.assert(
    fc.property(anyTimeMs, (timeMs) => {
      const { startMs, endMs } = periodContaining(timeMs, anchor);

      expect(startMs <= timeMs && timeMs < endMs).toBe(true);
      expect(startMs % DAY_MS).toBe(0);
      expect(endMs - startMs).toBeGreaterThanOrEqual(28 * DAY_MS);
      expect(endMs - startMs).toBeLessThanOrEqual(31 * DAY_MS);
      expect(periodContaining(startMs, anchor)).toEqual({ startMs, endMs });
      expect(periodContaining(endMs - 1, anchor)).toEqual({ startMs, endMs });
      expect(periodContaining(endMs, anchor).startMs).toBe(endMs);
    }),
  );
});

test.each(anchors)("period: anchor day %i tiles eight years without gap or overlap", (anchor) => {
  const first = periodContaining(Date.parse("2024-01-01"), anchor);
  const starts: string[] = [];
  let period = first;
  while (period.startMs < Date.parse("2032-01-01")) {
    starts.push(isoTime(period.startMs));
    const next = periodFrom(period.endMs, anchor);
    expect(next).toEqual(periodContaining(period.endMs, anchor));
    period = next;
  }

  const lastDays = starts.map((start) => {
    const date = new Date(start);
    return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  });
  expect(starts.map((start) => new Date(start).getUTCDate())).toEqual(
    lastDays.map((lastDay) => Math.min(anchor, lastDay)),
  );
  expect(starts.length).toBe(anchor === 1 ? 96 : 97);
});

test.each([
  { name: "a later day of the month", end: "2026-11-01", anchor: 15, to: "2026-11-15" },
  { name: "an earlier day: up to the next month's", end: "2026-11-15", anchor: 1, to: "2026-12-01" },
  { name: "the same day: a whole month", end: "2026-11-15", anchor: 15, to: "2026-12-15" },
  { name: "the last day of a short month", end: "2026-02-01", anchor: 31, to: "2026-02-28" },
  { name: "the next day", end: "2026-11-15", anchor: 16, to: "2026-11-16" },
])("period: after a change of the anchor day to $name the period is short", ({ end, anchor, to }) => {
  expect(periodFrom(Date.parse(end), anchor)).toEqual({
    startMs: Date.parse(end),
    endMs: Date.parse(to),
  });
});

test("period: however the anchor day changes, each period starts where the last ended", () => {
  fc.assert(
    fc.property(anyTimeMs, fc.array(fc.integer({ min: 1, max: 31 }), { minLength: 1 }), (timeMs, changes) => {
      let period = periodContaining(timeMs, 1);
      for (const anchor of changes) {
        const next = periodFrom(period.endMs, anchor);
        expect(next.startMs).toBe(period.endMs);
        expect(next.endMs).toBeGreaterThan(next.startMs);
        expect(next.endMs - next.startMs).toBeLessThanOrEqual(31 * DAY_MS);
        period = next;
      }
    }),
  );
});

test.each([
  { timeMs: 0, startMs: 0 },
  { timeMs: HOUR_MS - 1, startMs: 0 },
  { timeMs: HOUR_MS, startMs: HOUR_MS },
  { timeMs: -1, startMs: -HOUR_MS },
])("window: the hour of $timeMs starts at $startMs", ({ timeMs, startMs }) => {
  expect(hourStart(timeMs)).toBe(startMs);
});

test("window: a leap second's day has hours like any other", () => {
  expect(isoTime(hourStart(utc("2016-12-31T23:59:59.999")))).toBe("2016-12-31T23:00:00.000Z");
  expect(isoTime(hourStart(utc("2017-01-01T00:00:00.000")))).toBe("2017-01-01T00:00:00.000Z");
});
