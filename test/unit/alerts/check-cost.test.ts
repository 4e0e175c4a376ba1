import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { MINUTE_MS } from "../../../src/domain/window.ts";
import { flushStores } from "../../../src/flush/flush-stores.ts";
import {
  alertIsolate,
  checking,
  INCLUDED_CALLS,
  noting,
  startAlertFixture,
} from "../../support/alert-fixture.ts";
import type { FlushFixture } from "../../support/flush-fixture.ts";
import { NOW_MS } from "../../support/measurement.ts";

let fixture: FlushFixture;

beforeAll(async () => {
  fixture = await startAlertFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

const isInsert = (text: string) => text.includes("insert into alerts");
const isReading = (text: string) => text.includes("with asked as");
const isCatalog = (text: string) => text.startsWith("select catalog_versions.version");

/** Counts `value` calls of each customer, then flushes with an isolate's check; answers what the check cost. */
async function flushed(
  customers: number,
  value: bigint,
  minute: number,
  isolate = alertIsolate(fixture.database, fixture.counters.redis),
) {
  const names = Array.from({ length: customers }, (_, index) => `cus_${index}`);
  await fixture.count(
    names.map((customerId) => ({ customerId, value, timeMs: NOW_MS })),
    NOW_MS + minute * MINUTE_MS,
  );
  const flushing = noting(fixture.database);
  const own = noting(fixture.database);
  const { onWritten, report } = checking({ ...isolate, database: own.database });
  const { buckets } = await fixture.flush(NOW_MS + (minute + 1) * MINUTE_MS, {
    stores: flushStores(fixture.counters.redis, flushing.database),
    onWritten,
    maxBuckets: 16_000,
  });
  expect(buckets).toBe(customers);
  expect(isolate.logged).toEqual([]);
  const counted = (is: (text: string) => boolean) => own.statements.filter(is).length;
  expect(own.statements.length).toBe(counted(isInsert) + counted(isReading) + counted(isCatalog));
  return {
    ...report,
    readings: counted(isReading),
    inserts: counted(isInsert),
    catalogs: counted(isCatalog),
    flush: flushing.statements.length,
  };
}

test("alerts of 1,000 changed customers: two statements, one when nothing is new", async () => {
  const isolate = alertIsolate(fixture.database, fixture.counters.redis);
  const first = await flushed(1000, INCLUDED_CALLS, 0, isolate);
  // A new isolate reads the catalog once.
  expect(first).toMatchObject({
    checked: 1000,
    fired: 3000,
    told: 1000,
    readings: 1,
    inserts: 1,
    catalogs: 1,
  });
  const second = await flushed(1000, 1n, 2, isolate);
  expect(second).toMatchObject({ checked: 1000, fired: 0, told: 0, readings: 1, inserts: 0, catalogs: 0 });
  expect(second.flush).toBe(first.flush - 1);
});

test("alerts of 2,500 changed customers: at most six statements, three when nothing is new", async () => {
  const isolate = alertIsolate(fixture.database, fixture.counters.redis);
  const first = await flushed(2500, INCLUDED_CALLS, 0, isolate);
  expect(first).toMatchObject({ checked: 2500, fired: 7500, told: 2500, catalogs: 1 });
  expect(first.readings + first.inserts).toBeLessThanOrEqual(6);
  const second = await flushed(2500, 1n, 2, isolate);
  expect(second).toMatchObject({ checked: 2500, fired: 0, inserts: 0, catalogs: 0 });
  expect(second.readings).toBeLessThanOrEqual(3);
}, 60_000);

test("alerts of one customer: two statements, however many of its hours have changed", async () => {
  const hours = Array.from({ length: 24 }, (_, hour) => NOW_MS - hour * 60 * MINUTE_MS);
  await fixture.count(
    hours.map((timeMs) => ({ customerId: "cus_0", value: INCLUDED_CALLS, timeMs })),
    NOW_MS,
  );
  const own = noting(fixture.database);
  const { onWritten, report } = checking(alertIsolate(own.database, fixture.counters.redis));
  await fixture.flush(NOW_MS + MINUTE_MS, { onWritten });
  expect(report).toEqual({ checked: 1, fired: 3, told: 1, failed: 0 });
  expect(own.statements.filter((text) => !isCatalog(text)).length).toBe(2);
});

test("alerts cost no command of Redis but one where something is told", async () => {
  const names = Array.from({ length: 200 }, (_, index) => `cus_${index}`);
  const billed = async (minute: number, changes: object): Promise<number> => {
    await fixture.count(
      names.map((customerId) => ({ customerId, value: INCLUDED_CALLS, timeMs: NOW_MS })),
      NOW_MS + minute * MINUTE_MS,
    );
    return fixture.counters.billed(() => fixture.flush(NOW_MS + (minute + 1) * MINUTE_MS, changes));
  };
  const { onWritten, report } = checking(alertIsolate(fixture.database, fixture.counters.redis));
  // The first flush of all names the lives of the shards.
  await billed(0, {});
  const without = await billed(2, {});
  expect(await billed(4, { onWritten })).toBe(without + 1);
  expect(report).toMatchObject({ checked: 200, fired: 600 });
  expect(await billed(6, { onWritten })).toBe(without);
});
