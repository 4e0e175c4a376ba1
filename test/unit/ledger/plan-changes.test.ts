import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { CustomerSettings } from "../../../src/domain/customer.ts";
import { insertAdjustment } from "../../../src/ledger/adjustments.ts";
import { plansToBill } from "../../../src/ledger/catalog-use.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { readPeriodUsage } from "../../../src/ledger/period-usage.ts";
import { type PeriodChoice, readUsage } from "../../../src/ledger/usage-reading.ts";
import { writeBuckets } from "../../support/write-buckets.ts";
import { bucketOf, callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";
import { callsSeries } from "../../support/measurement.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const NOVEMBER = { startMs: utc("2026-11-01T00:00"), endMs: utc("2026-12-01T00:00") };
const OCTOBER = { startMs: utc("2026-10-01T00:00"), endMs: NOVEMBER.startMs };
const NOW_MS = utc("2026-11-23T12:34");

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function put(settings: CustomerSettings, time: string) {
  return putCustomer(fixture.database, "cus_acme", settings, utc(time), withMonthBefore(NOVEMBER));
}

function read(period = NOVEMBER, live: Parameters<typeof readUsage>[3] = []) {
  const choice: PeriodChoice = {
    startFromMs: period.startMs,
    startToMs: period.startMs,
    endAfterMs: period.startMs,
    otherwise: period,
    nowMs: NOW_MS,
  };
  return readUsage(fixture.database, "cus_acme", choice, live);
}

async function changes(period = NOVEMBER) {
  const reading = await read(period);
  return reading.changes.map(
    ({ fromMs, planName }) => `${new Date(fromMs).toISOString().slice(5, 13)} ${planName}`,
  );
}

async function calls(live: Parameters<typeof readUsage>[3] = []) {
  const reading = await read(NOVEMBER, live);
  return reading.totals.map((totals) => totals.find(({ metricName }) => metricName === "api_calls")?.value);
}

test("plans: the first is the customer's start, and reaches back to the period's", async () => {
  await put({ plan: "payg" }, "2026-11-10T12:34");

  expect(await read()).toMatchObject({
    changes: [{ fromMs: utc("2026-11-10T12:00"), planName: "payg", prices: null }],
    lifetime: { startedMs: utc("2026-11-10T12:00"), endedMs: null },
  });
  expect(await changes(OCTOBER)).toEqual(["11-10T12 payg"]);
  expect((await read(OCTOBER)).lifetime.startedMs).toBe(utc("2026-11-10T12:00"));
});

test("plans: a change takes effect with its hour; what is put again changes nothing", async () => {
  await put({ plan: "payg" }, "2026-10-10T12:34");
  await put({ plan: "payg", name: "Acme" }, "2026-11-05T00:00");
  await put({ plan: "flat99" }, "2026-11-10T12:59");
  await put({ plan: "flat99", budget: "5" }, "2026-11-11T00:00");

  expect(await changes()).toEqual(["10-10T12 payg", "11-10T12 flat99"]);
  expect(await changes(OCTOBER)).toEqual(["10-10T12 payg"]);
});

test("plans: of several changes in one hour the last one counts; one taken back was none", async () => {
  await put({}, "2026-10-10T12:34");
  await put({ plan: "flat99" }, "2026-11-10T12:01");
  await put({ plan: "payg" }, "2026-11-10T12:02");

  expect(await changes()).toEqual(["10-10T12 null", "11-10T12 payg"]);
  await put({}, "2026-11-10T12:59");
  expect(await changes()).toEqual(["10-10T12 null"]);
});

test("plans: own prices are a change, too", async () => {
  const prices = [{ metricName: "api_calls", model: "perUnit" as const, unitPrice: "0.5" }];
  await put({ plan: "payg" }, "2026-10-10T12:34");
  await put({ plan: "payg", prices }, "2026-11-10T12:01");
  await put({ plan: "payg", prices }, "2026-11-12T12:01");

  expect((await read()).changes).toMatchObject([{ prices: null }, { planName: "payg", prices }]);
});

test("plans: a clock that is behind adds at the last change's hour", async () => {
  await put({ plan: "payg" }, "2026-10-10T12:34");
  await put({ plan: "flat99" }, "2026-11-10T12:01");
  await put({ plan: "plus" }, "2026-11-10T11:59");

  expect(await changes()).toEqual(["10-10T12 payg", "11-10T12 plus"]);
});

test("plans: changes at once by several puts leave one for the hour", async () => {
  await put({ plan: "payg" }, "2026-10-10T12:34");
  await Promise.all(Array.from({ length: 8 }, (_, index) => put({ plan: `p${index}` }, "2026-11-10T12:01")));

  expect(await changes()).toHaveLength(2);
});

test("plans: usage is told apart at the hour of the change, live and flushed, days and hours", async () => {
  await put({ plan: "payg" }, "2026-10-10T12:34");
  await put({ plan: "flat99" }, "2026-11-10T12:01");
  await put({ plan: "payg" }, "2026-11-20T00:30");
  const flushed = [
    callsBucket("2026-11-09T23:00", 1),
    callsBucket("2026-11-10T11:00", 10),
    callsBucket("2026-11-10T12:00", 100),
    callsBucket("2026-11-19T23:00", 1000),
    callsBucket("2026-11-20T00:00", 10_000),
  ];
  await writeBuckets(fixture.database, 0, flushed, NOW_MS);

  expect(await calls()).toEqual(["11", "1100", "10000"]);
  const live = [
    callsBucket("2026-11-10T11:00", 20, { version: 2n }),
    callsBucket("2026-11-10T12:00", 200, { version: 2n }),
    callsBucket("2026-11-21T00:00", 5),
  ];
  expect(await calls(live)).toEqual(["21", "1200", "10005"]);
});

test("plans: levels and adjustments belong to the part of their time", async () => {
  const level = { ...callsSeries, metricName: "seats", aggregation: "max" as const };
  await put({ plan: "payg" }, "2026-10-10T12:34");
  await put({ plan: "flat99" }, "2026-11-10T12:01");
  await writeBuckets(
    fixture.database,
    0,
    [bucketOf("2026-11-10T11:00", [[level, "7"]]), bucketOf("2026-11-10T13:00", [[level, "3"]])],
    NOW_MS,
  );
  const adjust = (adjustmentId: string, at: string, quantity: string) =>
    insertAdjustment(
      fixture.database,
      { customerId: "cus_acme", adjustmentId, metricName: "seats", quantity, atMs: utc(at), reason: "test" },
      "admin",
      NOW_MS,
    );
  await adjust("a", "2026-11-10T11:59", "1");
  await adjust("b", "2026-11-10T12:00", "20");

  expect((await read()).totals).toEqual([
    [{ metricName: "seats", value: "8" }],
    [{ metricName: "seats", value: "23" }],
  ]);
});

test("plans: a deleted customer ended; one who comes back after its last period starts anew", async () => {
  const october = (settings: CustomerSettings, time: string) =>
    putCustomer(fixture.database, "cus_acme", settings, utc(time), withMonthBefore(OCTOBER));
  await october({ plan: "payg" }, "2026-10-03T12:34");
  await deleteCustomer(fixture.database, "cus_acme", utc("2026-10-20T08:00"));

  expect((await read(OCTOBER)).lifetime).toEqual({
    startedMs: utc("2026-10-03T12:00"),
    endedMs: utc("2026-10-20T08:00"),
  });
  await october({ plan: "payg" }, "2026-10-25T08:00");
  expect((await read(OCTOBER)).lifetime).toEqual({ startedMs: utc("2026-10-03T12:00"), endedMs: null });

  await deleteCustomer(fixture.database, "cus_acme", utc("2026-10-30T08:00"));
  await put({ plan: "payg" }, "2026-11-20T08:30");
  expect((await read()).lifetime).toEqual({ startedMs: utc("2026-11-20T08:00"), endedMs: null });
  // The month that it had left is charged as before it came back.
  expect((await read(OCTOBER)).lifetime).toEqual({
    startedMs: utc("2026-10-03T12:00"),
    endedMs: utc("2026-10-30T08:00"),
  });
  expect(await changes()).toEqual(["11-20T08 payg"]);
});

test("plans: what a customer had before it was deleted prices nothing of the periods after it", async () => {
  const october = withMonthBefore(OCTOBER);
  await putCustomer(fixture.database, "cus_acme", { plan: "gone" }, utc("2026-10-03T12:34"), october);
  await deleteCustomer(fixture.database, "cus_acme", utc("2026-10-20T08:00"));
  await fixture.raw("update billing_periods set closed_at = period_end");
  await put({ plan: "payg" }, "2026-11-20T08:30");

  expect(await changes(OCTOBER)).toEqual(["10-03T12 gone"]);
  expect(await changes()).toEqual(["11-20T08 payg"]);
  const range = { fromMs: NOVEMBER.startMs, toMs: NOVEMBER.endMs };
  const [simulated] = await readPeriodUsage(fixture.database, range, "", 10);
  expect(simulated?.changes.map(({ planName }) => planName)).toEqual(["payg"]);
  // The plan that it left may go, though the period in which it came back is open.
  expect(await plansToBill(fixture.database)).toEqual(["payg"]);
});
