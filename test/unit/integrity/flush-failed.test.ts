import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { tellFlushFailed } from "../../../src/integrity/flush-delay.ts";
import { insertJobRun } from "../../../src/ledger/job-runs.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

const NOW_MS = Date.parse("2026-11-23T12:34:00Z");
const FLUSHED = { flush: { buckets: 1 } };
const FAILED = { catalogRepaired: false, failed: ["flush"] };

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

/** A run so long before now. */
async function ran(agoMs: number, outcome: object, job = "minute"): Promise<void> {
  const times = {
    scheduledMs: NOW_MS - agoMs,
    startedMs: NOW_MS - agoMs + 40,
    finishedMs: NOW_MS - agoMs + 900,
  };
  await insertJobRun(fixture.database, { job, ...times, outcome });
}

/** What is told when the flush fails now: `lagSeconds`. */
async function told(): Promise<unknown[]> {
  await tellFlushFailed(fixture.database, NOW_MS);
  const rows = await fixture.raw("select data ->> 'lagSeconds' as lag from notifications");
  return rows.map(({ lag }) => lag);
}

test("a flush that fails: once after a quiet night, nobody is told", async () => {
  await ran(9 * HOUR_MS, FAILED);
  await ran(8 * HOUR_MS, FLUSHED);
  await ran(2 * HOUR_MS, { days: { checked: 1 } }, "hourly");

  expect(await told()).toEqual([]);
});

test.each([
  { name: "for five minutes: nobody is told", sinceMs: 5 * MINUTE_MS, lags: [] },
  { name: "for six: it is told how long", sinceMs: 6 * MINUTE_MS, lags: ["360"] },
])("a flush that fails $name", async ({ sinceMs, lags }) => {
  await ran(8 * HOUR_MS, FLUSHED);
  await ran(sinceMs, FAILED);
  await ran(MINUTE_MS, FAILED);

  expect(await told()).toEqual(lags);
});

test("a flush that fails: one that worked in between ends the time", async () => {
  await ran(10 * MINUTE_MS, FAILED);
  await ran(2 * MINUTE_MS, FLUSHED);
  await ran(MINUTE_MS, FAILED);

  expect(await told()).toEqual([]);
});

test("a flush that fails: is told although none has ever worked", async () => {
  await ran(6 * MINUTE_MS, FAILED);

  expect(await told()).toEqual(["360"]);
});
