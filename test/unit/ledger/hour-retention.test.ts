import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { periodContaining } from "../../../src/domain/period.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { removeOldHours } from "../../../src/ledger/hour-retention.ts";
import type { InvoiceStatus } from "../../../src/ledger/invoice-status.ts";
import { type InvoiceSnapshot } from "../../../src/ledger/invoices.ts";
import { readUsage } from "../../../src/ledger/usage-reading.ts";
import { bucketOf, callsBucket } from "../../support/bucket.ts";
import { closeNow, INVOICED, newInvoice, prepareClose } from "../../support/invoice-fixture.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";
import { callsSeries } from "../../support/measurement.ts";
import { writeBuckets } from "../../support/write-buckets.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
/** 13 months after the invoiced month. */
const NOW_MS = utc("2028-01-15T12:34");
const FLUSHED_MS = utc("2026-12-01T00:00");

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function remove(nowMs = NOW_MS, months = 13, limit = 20_000) {
  return removeOldHours(fixture.database, nowMs, months, limit);
}

function flush(hour: string, customerId = "cus_acme", count = 7) {
  return writeBuckets(fixture.database, 0, [callsBucket(hour, count, { customerId })], FLUSHED_MS);
}

async function invoice(status: InvoiceStatus, invoiceId = "inv_1", changes: Partial<InvoiceSnapshot> = {}) {
  const { snapshot } = newInvoice(invoiceId);
  const changed = newInvoice(invoiceId, { status, snapshot: { ...snapshot, ...changes } });
  await closeNow(fixture.database, changed, FLUSHED_MS);
}

/** Hours that are kept, `customer day hour`. */
async function hours(): Promise<string[]> {
  const rows = await fixture.raw(
    `select customer_id || ' ' || to_char(window_start at time zone 'UTC', 'MM-DD HH24') as hour from usage_records
     order by window_start, customer_id`,
  );
  return rows.map(({ hour }) => hour ?? "");
}

test.each<{ name: string; prepare: () => Promise<unknown>; removed: number }>([
  { name: "whose invoice is paid", prepare: () => invoice("paid"), removed: 1 },
  { name: "whose invoice is open", prepare: () => invoice("open"), removed: 1 },
  { name: "whose invoice is zero", prepare: () => invoice("zero"), removed: 1 },
  { name: "whose invoice is void", prepare: () => invoice("void"), removed: 1 },
  { name: "whose invoice is uncollectible", prepare: () => invoice("uncollectible"), removed: 1 },
  { name: "whose invoice is a draft", prepare: () => invoice("draft"), removed: 0 },
  {
    name: "whose invoice stays a draft, for its customer has no Stripe",
    prepare: () => invoice("draft", "inv_1", { stripeCustomerId: null }),
    removed: 1,
  },
  { name: "whose invoice is in review", prepare: () => invoice("in_review"), removed: 0 },
  { name: "whose invoice is blocked", prepare: () => invoice("blocked"), removed: 0 },
  {
    name: "whose invoice is void and made again as a draft",
    prepare: () => invoice("void").then(() => invoice("draft", "inv_2")),
    removed: 0,
  },
  { name: "that is not closed", prepare: () => Promise.resolve(), removed: 0 },
  {
    name: "that is closed without an invoice",
    prepare: () => fixture.raw("update billing_periods set closed_at = now()"),
    removed: 0,
  },
])("retention: hours of a period $name: removed are $removed", async ({ prepare, removed }) => {
  await prepareClose(fixture.database);
  await flush("2026-11-23T10:00");
  await prepare();

  expect(await remove()).toEqual({ removed, disagreeing: 0 });
  expect((await hours()).length).toBe(1 - removed);
});

test("retention: usage of a customer that was never put goes by age alone, of any other only with its period", async () => {
  await flush("2026-11-23T10:00", "cus_never");
  await prepareClose(fixture.database);
  await flush("2026-10-31T23:00");
  await deleteCustomer(fixture.database, "cus_acme", FLUSHED_MS);

  expect(await remove()).toEqual({ removed: 1, disagreeing: 0 });
  expect(await hours()).toEqual(["cus_acme 10-31 23"]);
});

test.each([
  { now: "2028-01-15T00:00", months: 13, kept: ["12-15 00"] },
  { now: "2028-01-14T23:59", months: 13, kept: ["12-14 23", "12-15 00"] },
  { now: "2027-01-15T12:00", months: 1, kept: ["12-15 00"] },
  // The last day of a month that is shorter.
  { now: "2026-12-31T12:00", months: 1, kept: ["11-30 12", "12-14 23", "12-15 00"] },
  { now: "2036-12-15T00:00", months: 120, kept: ["12-15 00"] },
])("retention: at $now days of $months months are kept whole", async ({ now, months, kept }) => {
  for (const hour of ["2026-11-29T12:00", "2026-11-30T12:00", "2026-12-14T23:00", "2026-12-15T00:00"]) {
    await flush(hour);
  }
  await remove(utc(now), months);

  expect(await hours()).toEqual(kept.map((hour) => `cus_acme ${hour}`));
});

test("retention: days stay, and usage with them", async () => {
  await prepareClose(fixture.database);
  const level = { ...callsSeries, metricName: "level", aggregation: "last" as const };
  const bucket = bucketOf("2026-11-23T10:00", [
    [callsSeries, "5"],
    [level, `3@${utc("2026-11-23T10:10")}`],
  ]);
  await writeBuckets(fixture.database, 0, [bucket, { ...bucket, epoch: "epoch-2" }], FLUSHED_MS);
  await invoice("paid");
  const usage = async () => {
    const { startMs, endMs } = INVOICED;
    const choice = {
      startFromMs: startMs,
      startToMs: startMs,
      endAfterMs: startMs,
      otherwiseMs: startMs,
      nowMs: endMs,
    };
    return (await readUsage(fixture.database, "cus_acme", choice, [])).totals.flat();
  };
  const before = await usage();

  expect((await remove()).removed).toBe(4);
  expect(await usage()).toEqual(before);
  expect(new Set(before.map(({ value }) => value))).toEqual(new Set(["10", "3"]));
});

test("retention: a day that does not agree with its hours keeps them, its neighbours go", async () => {
  for (const hour of ["2026-11-22T10:00", "2026-11-23T10:00", "2026-11-23T11:00"]) {
    await flush(hour, "cus_a");
    await flush(hour, "cus_b");
  }
  await fixture.raw(
    "update usage_daily set value = value + 1 where customer_id = 'cus_a' and day = '2026-11-23'",
  );

  expect(await remove()).toEqual({ removed: 4, disagreeing: 1 });
  expect(await hours()).toEqual(["cus_a 11-23 10", "cus_a 11-23 11"]);
});

test("retention: so many rows at a time, the oldest days first and each whole", async () => {
  for (const day of ["20", "21", "22"]) {
    await flush(`2026-11-${day}T10:00`);
    await flush(`2026-11-${day}T11:00`);
  }
  expect(await remove(NOW_MS, 13, 3)).toEqual({ removed: 2, disagreeing: 0 });
  expect((await hours())[0]).toBe("cus_acme 11-21 10");
  expect(await remove(NOW_MS, 13, 4)).toEqual({ removed: 4, disagreeing: 0 });
});

test("retention: a day of more rows than the limit goes whole, and what must stay holds up nothing", async () => {
  await prepareClose(fixture.database);
  for (let hour = 0; hour < 6; hour += 1) {
    await flush(`2026-11-10T0${hour}:00`);
    await flush(`2026-11-11T0${hour}:00`, "cus_never");
  }
  expect(await remove(NOW_MS, 13, 4)).toEqual({ removed: 6, disagreeing: 0 });
  expect((await hours()).every((hour) => hour.startsWith("cus_acme"))).toBe(true);
});

test("retention: periods other than months count as they are", async () => {
  const period = { startMs: utc("2026-11-10T00:00"), endMs: utc("2026-12-10T00:00") };
  await prepareClose(fixture.database, "cus_other");
  await putCustomer(fixture.database, "cus_acme", {}, period.startMs, {
    current: period,
    before: withMonthBefore(periodContaining(period.startMs - HOUR_MS)).current,
  });
  await flush("2026-11-09T23:00");
  await flush("2026-11-10T00:00");
  await flush("2026-12-09T23:00");
  await flush("2026-12-10T00:00");
  await closeNow(fixture.database, newInvoice("inv_1", { period, status: "paid" }), period.endMs);

  expect(await remove(utc("2028-06-01T00:00"))).toEqual({ removed: 2, disagreeing: 0 });
  expect(await hours()).toEqual(["cus_acme 11-09 23", "cus_acme 12-10 00"]);
});
