import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Bucket } from "../../../src/domain/bucket.ts";
import type { Aggregation } from "../../../src/domain/meter.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { type PeriodChoice, readUsage } from "../../../src/ledger/usage-reading.ts";
import { writeBuckets } from "../../support/write-buckets.ts";
import { bucketOf, callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";
import { callsSeries } from "../../support/measurement.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const OCTOBER = { startMs: utc("2026-10-01T00:00"), endMs: utc("2026-11-01T00:00") };
const NOVEMBER = { startMs: utc("2026-11-01T00:00"), endMs: utc("2026-12-01T00:00") };
const NOW_MS = utc("2026-11-23T12:34");
const CURRENT: PeriodChoice = {
  startFromMs: 0,
  startToMs: NOW_MS,
  endAfterMs: NOW_MS,
  otherwiseMs: NOW_MS,
  nowMs: NOW_MS,
};

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function flush(...buckets: Bucket[]) {
  return writeBuckets(fixture.database, 0, buckets, NOW_MS);
}

async function totals(live: Bucket[] = [], customerId = "cus_acme") {
  const reading = await readUsage(fixture.database, customerId, CURRENT, live);
  return Object.fromEntries(reading.totals.flat().map(({ metricName, value }) => [metricName, value]));
}

function inRegion(region: string) {
  return { ...callsSeries, dimensions: { region } };
}

test("usage: an unknown customer without usage has the period asked for otherwise and no totals", async () => {
  expect(await readUsage(fixture.database, "cus_nobody", CURRENT, [])).toEqual({
    settings: undefined,
    isDeleted: false,
    period: NOVEMBER,
    hasPeriod: false,
    changes: [],
    lifetime: { startedMs: null, endedMs: null },
    catalog: undefined,
    totals: [[]],
  });
});

test("usage: what only the ledger has, what only is live, and both are counted once", async () => {
  await flush(callsBucket("2026-11-23T10:00", 1), callsBucket("2026-11-23T11:00", 10));

  expect(await totals()).toEqual({ api_calls: "11" });
  expect(await totals([callsBucket("2026-11-23T12:00", 100)])).toEqual({ api_calls: "111" });
  expect(await totals([callsBucket("2026-11-23T11:00", 10)])).toEqual({ api_calls: "11" });
});

test.each([
  { name: "newer", version: 6n, count: 20, total: "20" },
  { name: "the same", version: 5n, count: 10, total: "10" },
  { name: "older", version: 4n, count: 9, total: "10" },
])("usage: of a bucket in both, the newer one counts: the live one is $name", async (each) => {
  await flush(callsBucket("2026-11-23T11:00", 10, { version: 5n }));

  expect(await totals([callsBucket("2026-11-23T11:00", each.count, { version: each.version })])).toEqual({
    api_calls: each.total,
  });
});

test("usage: an older live bucket does not hide series that only the ledger has, nor the other way round", async () => {
  const older = bucketOf("2026-11-23T11:00", [[inRegion("eu"), "1"]], { version: 1n });
  const newer = bucketOf(
    "2026-11-23T11:00",
    [
      [inRegion("eu"), "2"],
      [inRegion("us"), "10"],
    ],
    { version: 2n },
  );
  await flush(newer);

  expect(await totals([older])).toEqual({ api_calls: "12" });
  await fixture.clear();
  await flush(older);
  expect(await totals([newer])).toEqual({ api_calls: "12" });
});

test("usage: epochs of one hour add up, and a live one replaces only its own", async () => {
  await flush(
    callsBucket("2026-11-23T11:00", 1, { epoch: "first", version: 9n }),
    callsBucket("2026-11-23T11:00", 10, { epoch: "second" }),
  );

  expect(await totals()).toEqual({ api_calls: "11" });
  expect(await totals([callsBucket("2026-11-23T11:00", 100, { epoch: "second", version: 2n })])).toEqual({
    api_calls: "101",
  });
  expect(await totals([callsBucket("2026-11-23T11:00", 100, { epoch: "third" })])).toEqual({
    api_calls: "111",
  });
});

test("usage: the period is half-open, in the ledger and live", async () => {
  const edges = ["2026-10-31T23:00", "2026-11-01T00:00", "2026-11-30T23:00", "2026-12-01T00:00"];
  const buckets = edges.map((hour, index) => callsBucket(hour, 10 ** index));

  expect(await totals(buckets)).toEqual({ api_calls: "110" });
  await flush(...buckets);
  expect(await totals()).toEqual({ api_calls: "110" });
  expect(await totals(buckets)).toEqual({ api_calls: "110" });
});

test("usage: of another customer nothing is seen", async () => {
  await flush(callsBucket("2026-11-23T11:00", 1, { customerId: "cus_b" }));

  expect(await totals()).toEqual({});
  expect(await totals([], "cus_b")).toEqual({ api_calls: "1" });
});

const early = utc("2026-11-22T10:00");
const late = early + 3_600_000;

test.each<{ aggregation: Aggregation; ledger: string; live: string; total: string }>([
  { aggregation: "sum", ledger: "5", live: "-7", total: "-2" },
  { aggregation: "count", ledger: "5", live: "7", total: "12" },
  { aggregation: "max", ledger: "5", live: "-7", total: "5" },
  { aggregation: "max", ledger: "-5", live: "-3", total: "-3" },
  { aggregation: "min", ledger: "5", live: "7", total: "5" },
  { aggregation: "min", ledger: "5", live: "-7", total: "-7" },
  { aggregation: "last", ledger: `5@${early}`, live: `3@${late}`, total: "3" },
  { aggregation: "last", ledger: `3@${late}`, live: `5@${early}`, total: "3" },
  { aggregation: "last", ledger: `3@${late}`, live: `5@${late}`, total: "5" },
  { aggregation: "last", ledger: `5@${late}`, live: `3@${late}`, total: "5" },
  { aggregation: "last", ledger: `5@${late}`, live: `3@${late + 1}`, total: "3" },
])("usage: $aggregation of $ledger in the ledger and $live live is $total", async (each) => {
  const series = { metricName: "level", aggregation: each.aggregation };
  await flush(bucketOf("2026-11-22T10:00", [[series, each.ledger]]));

  expect(await totals([bucketOf("2026-11-22T11:00", [[series, each.live]])])).toEqual({ level: each.total });
});

test.each<{ aggregation: Aggregation; states: [string, string]; total: string }>([
  { aggregation: "sum", states: ["5", "7"], total: "12" },
  { aggregation: "count", states: ["5", "7"], total: "12" },
  { aggregation: "max", states: ["5", "7"], total: "7" },
  { aggregation: "min", states: ["5", "7"], total: "5" },
  { aggregation: "last", states: [`5@${late}`, `7@${early}`], total: "5" },
])("usage: over its dimensions a metric's $aggregation is $total", async ({ aggregation, states, total }) => {
  const [first, second] = states;
  const series = (zone: string) => ({ metricName: "level", aggregation, dimensions: { zone } });
  const bucket = bucketOf("2026-11-22T10:00", [
    [series("a"), first],
    [series("b"), second],
  ]);

  expect(await totals([bucket])).toEqual({ level: total });
  await flush(bucket);
  expect(await totals()).toEqual({ level: total });
});

test("usage: sums stay exact past a double", async () => {
  const units = { ...callsSeries, metricName: "units", scale: 9 };
  await flush(bucketOf("2026-11-22T10:00", [[units, "9007199254740991"]]));

  expect(await totals([bucketOf("2026-11-22T11:00", [[units, "9007199254740991"]])])).toEqual({
    units: "18014398.509481982",
  });
});

async function put(customerId: string, period: { startMs: number; endMs: number }) {
  await putCustomer(fixture.database, customerId, { plan: "payg" }, NOW_MS, withMonthBefore(period));
}

test("usage: a customer's own period counts, with its settings", async () => {
  const own = { startMs: utc("2026-11-15T00:00"), endMs: utc("2026-12-15T00:00") };
  await put("cus_acme", own);
  await flush(callsBucket("2026-11-14T23:00", 1), callsBucket("2026-11-15T00:00", 10));

  expect(
    await readUsage(fixture.database, "cus_acme", CURRENT, [callsBucket("2026-12-14T23:00", 100)]),
  ).toEqual({
    settings: { plan: "payg" },
    isDeleted: false,
    period: own,
    hasPeriod: true,
    changes: [{ fromMs: utc("2026-11-23T12:00"), planName: "payg", prices: null }],
    lifetime: { startedMs: utc("2026-11-23T12:00"), endedMs: null },
    catalog: undefined,
    totals: [[{ metricName: "api_calls", value: "110" }]],
  });
});

test("usage: a deleted customer's settings are told as such", async () => {
  await put("cus_acme", NOVEMBER);
  await deleteCustomer(fixture.database, "cus_acme", NOW_MS);

  expect(await readUsage(fixture.database, "cus_acme", CURRENT, [])).toMatchObject({
    settings: { plan: "payg" },
    isDeleted: true,
  });
});

test.each([
  {
    name: "its start is in the range",
    startFromMs: NOVEMBER.startMs,
    startToMs: NOVEMBER.startMs,
    hasPeriod: true,
  },
  {
    name: "the range begins after its start",
    startFromMs: NOVEMBER.startMs + 1,
    startToMs: NOW_MS,
    hasPeriod: false,
  },
  {
    name: "the range ends before its start",
    startFromMs: 0,
    startToMs: NOVEMBER.startMs - 1,
    hasPeriod: false,
  },
])("usage: a period is chosen when $name: $hasPeriod", async ({ startFromMs, startToMs, hasPeriod }) => {
  await put("cus_acme", NOVEMBER);
  const choice = {
    startFromMs,
    startToMs,
    endAfterMs: NOW_MS,
    otherwiseMs: OCTOBER.startMs,
    nowMs: NOW_MS,
  };
  const reading = await readUsage(fixture.database, "cus_acme", choice, []);

  expect(reading.hasPeriod).toBe(hasPeriod);
  expect(reading.period).toEqual(hasPeriod ? NOVEMBER : OCTOBER);
});

test.each([
  { name: "before its end", endAfterMs: NOVEMBER.endMs - 1, hasPeriod: true },
  { name: "at its end", endAfterMs: NOVEMBER.endMs, hasPeriod: false },
])("usage: a period is over at its end: a moment $name", async ({ endAfterMs, hasPeriod }) => {
  await put("cus_acme", NOVEMBER);
  const choice = { startFromMs: 0, startToMs: endAfterMs, endAfterMs, otherwiseMs: NOW_MS, nowMs: NOW_MS };

  expect((await readUsage(fixture.database, "cus_acme", choice, [])).hasPeriod).toBe(hasPeriod);
});
