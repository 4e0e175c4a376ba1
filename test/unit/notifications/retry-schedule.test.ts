import { assert, double, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import {
  GIVE_UP_AFTER_MS,
  heldUntilMs,
  nextAttemptMs,
  readRetryAfter,
} from "../../../src/notifications/retry-schedule.ts";

const NOW_MS = Date.parse("2026-11-23T12:00:00Z");
const DELAYS = [5_000, 5 * MINUTE_MS, 30 * MINUTE_MS, 2, 5, 10, 14, 20, 24].map((delay) =>
  delay < 1000 ? delay * HOUR_MS : delay,
);

test("retries: each at its time after the one before, and no eleventh attempt", () => {
  const delays = Array.from({ length: 10 }, (_, index) => nextAttemptMs(NOW_MS, index + 1, 0, undefined));
  expect(delays).toEqual([...DELAYS.map((delayMs) => NOW_MS + delayMs), undefined]);
});

test("retries: never early, and at most a tenth late", () => {
  assert(
    property(
      integer({ min: 1, max: 9 }),
      double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempts, random) => {
        const delayMs = DELAYS[attempts - 1] ?? 0;
        const waitedMs = (nextAttemptMs(NOW_MS, attempts, random, undefined) ?? 0) - NOW_MS;
        expect(waitedMs).toBeGreaterThanOrEqual(delayMs);
        expect(waitedMs).toBeLessThan(delayMs * 1.1);
      },
    ),
  );
});

test("retries: three days of them end before what is old is given up", () => {
  const latest = DELAYS.reduce((sum, delayMs) => sum + delayMs * 1.1 + MINUTE_MS, 0);
  expect(latest).toBeGreaterThan(3 * DAY_MS);
  expect(latest).toBeLessThan(GIVE_UP_AFTER_MS);
});

test.each([
  ["is longer than the schedule", 1, HOUR_MS, HOUR_MS],
  ["is shorter than the schedule", 4, MINUTE_MS, 2 * HOUR_MS],
  ["is longer than a day", 1, 30 * DAY_MS, DAY_MS],
  ["is nothing", 1, 0, 5_000],
])("what a receiver asks to wait that %s", (_name, attempts, retryAfterMs, waitedMs) => {
  expect(nextAttemptMs(NOW_MS, attempts, 0, retryAfterMs)).toBe(NOW_MS + waitedMs);
});

test("what a receiver asks to wait: makes no further attempt", () => {
  expect(nextAttemptMs(NOW_MS, 10, 0, HOUR_MS)).toBeUndefined();
});

test("what was not tried: comes as after an attempt, the last one after a day", () => {
  expect(heldUntilMs(NOW_MS, 2, 0, undefined)).toBe(NOW_MS + 5 * MINUTE_MS);
  expect(heldUntilMs(NOW_MS, 2, 0, HOUR_MS)).toBe(NOW_MS + HOUR_MS);
  expect(heldUntilMs(NOW_MS, 10, 0, undefined)).toBe(NOW_MS + DAY_MS);
});

test.each([
  ["120", 120_000],
  [" 0 ", 0],
  ["86400", DAY_MS],
  ["86401", DAY_MS],
  ["9999999999", DAY_MS],
  ["Mon, 23 Nov 2026 12:01:00 GMT", MINUTE_MS],
  ["Monday, 23-Nov-26 12:01:00 GMT", MINUTE_MS],
  ["Mon Nov 23 12:01:00 2026", MINUTE_MS],
  ["Mon, 23 Nov 2026 11:59:00 GMT", 0],
  ["Fri, 01 Jan 2100 00:00:00 GMT", DAY_MS],
])("Retry-After: %s", (header, expected) => {
  expect(readRetryAfter(header, NOW_MS)).toBe(expected);
});

test.each([
  [null],
  [""],
  ["-1"],
  ["1.5"],
  ["1e3"],
  ["99999999999"],
  ["soon"],
  ["2026-11-23T12:01:00Z"],
  ["Mon, 23 Nov 2026 12:01:00 +0200"],
  ["Mon, 99 Nov 2026 12:01:00 GMT"],
])("Retry-After: %s says nothing", (header) => {
  expect(readRetryAfter(header, NOW_MS)).toBeUndefined();
});
