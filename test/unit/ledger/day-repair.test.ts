import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { repairDays } from "../../../src/ledger/day-repair.ts";
import { bucketOf } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { writeBuckets } from "../../support/write-buckets.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const NOW_MS = utc("2026-11-23T12:34");
const NOVEMBER = { startMs: utc("2026-11-01T00:00"), endMs: utc("2026-12-01T00:00") };

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(async () => {
  await fixture.clear();
  await writeBuckets(
    fixture.database,
    0,
    [
      hour("2026-11-01T00:00", "cus_a", "5", `7@${utc("2026-11-01T00:10")}`),
      hour("2026-11-01T23:00", "cus_a", "6", `3@${utc("2026-11-01T23:10")}`),
      hour("2026-11-30T23:00", "cus_a", "2", `-1@${utc("2026-11-30T23:10")}`),
      hour("2026-12-01T00:00", "cus_a", "9", `9@${utc("2026-12-01T00:10")}`),
      hour("2026-11-01T00:00", "cus_b", "8", `8@${utc("2026-11-01T00:10")}`),
    ],
    NOW_MS,
  );
});
afterAll(() => fixture.stop());

function hour(start: string, customerId: string, calls: string, seats: string) {
  const series = [
    [{ metricName: "calls", aggregation: "sum" }, calls],
    [{ metricName: "seats", aggregation: "last" }, seats],
  ] as const;
  return bucketOf(
    start,
    series.map(([key, state]) => [key, state]),
    { customerId },
  );
}

async function days(): Promise<string[]> {
  const rows = await fixture.raw(`
    select customer_id, day::text, metric_name, value::text, last_at::text from usage_daily
    order by customer_id, day, metric_name, series`);
  return rows.map((row) => Object.values(row).join(" "));
}

async function repair(): Promise<number> {
  const { repaired, reachedMs } = await repairDays(fixture.database, 0, "cus_a", NOVEMBER, 1000);
  expect(reachedMs).toBe(NOVEMBER.endMs);
  return repaired;
}

test("day repair: days that agree with their hours are left as they are", async () => {
  const before = await days();
  expect(before.length).toBe(8);
  expect(await repair()).toBe(0);
  expect(await days()).toEqual(before);
});

test.each([
  {
    what: "was lost",
    change: "delete from usage_daily where customer_id = 'cus_a' and day < '2026-12-01'",
    series: 4,
  },
  {
    what: "is too low",
    change: "update usage_daily set value = value - 1 where customer_id = 'cus_a' and day = '2026-11-30'",
    series: 2,
  },
  {
    what: "has another time",
    change:
      "update usage_daily set last_at = last_at - interval '1 hour' where customer_id = 'cus_a' and day = '2026-11-01'",
    series: 1,
  },
])("day repair: a day that $what is made what its hours say", async ({ change, series }) => {
  const before = await days();
  await fixture.raw(change);
  expect(await days()).not.toEqual(before);

  expect(await repair()).toBe(series);
  expect(await days()).toEqual(before);
  expect(await repair()).toBe(0);
});

test("day repair: a series without an hour goes; a day without any, another customer and a later month stay", async () => {
  const before = await days();
  await fixture.raw(`
    insert into usage_daily (customer_id, day, series, metric_name, dimensions, aggregation, value)
    select 'cus_a', day, series || 'x', metric_name, dimensions, aggregation, 1
    from usage_daily where customer_id = 'cus_a' and day = '2026-11-01' and metric_name = 'calls'`);
  await fixture.raw(`
    update usage_daily set value = 77 where customer_id = 'cus_b' or day = '2026-12-01'`);
  await fixture.raw(`
    insert into usage_daily (customer_id, day, series, metric_name, dimensions, aggregation, value)
    select customer_id, '2026-11-11', series, metric_name, dimensions, aggregation, 4
    from usage_daily where customer_id = 'cus_a' and day = '2026-11-01' and metric_name = 'calls' and value = 11`);

  expect(await repair()).toBe(1);
  const after = await days();
  expect(after.filter((line) => line.startsWith("cus_a 2026-11-11"))).toHaveLength(1);
  expect(after.filter((line) => / 77( |$)/u.test(line))).toHaveLength(4);
  expect(after.filter((line) => line.startsWith("cus_a 2026-11-01"))).toEqual(
    before.filter((line) => line.startsWith("cus_a 2026-11-01")),
  );
});

test.each([
  { limit: 1, reached: ["2026-11-02", "2026-12-01"], repaired: [2, 2] },
  { limit: 3, reached: ["2026-11-02", "2026-12-01"], repaired: [2, 2] },
  { limit: 4, reached: ["2026-11-02", "2026-12-01"], repaired: [2, 2] },
  { limit: 5, reached: ["2026-11-30", "2026-12-01"], repaired: [2, 2] },
  { limit: 6, reached: ["2026-11-30", "2026-12-01"], repaired: [2, 2] },
  { limit: 7, reached: ["2026-12-01"], repaired: [4] },
])("day repair: by $limit hours at a time every day is made right", async ({ limit, reached, repaired }) => {
  const before = await days();
  await fixture.raw("delete from usage_daily where customer_id = 'cus_a' and day < '2026-12-01'");
  const steps = [];
  for (let doneMs = NOVEMBER.startMs; doneMs < NOVEMBER.endMs;) {
    const step = await repairDays(fixture.database, 0, "cus_a", { ...NOVEMBER, startMs: doneMs }, limit);
    steps.push(step);
    doneMs = step.reachedMs;
  }

  expect(steps.map(({ reachedMs }) => new Date(reachedMs).toISOString().slice(0, 10))).toEqual(reached);
  expect(steps.map((step) => step.repaired)).toEqual(repaired);
  expect(await days()).toEqual(before);
});

test("day repair: a range without an hour is done at once", async () => {
  const january = { startMs: utc("2027-01-01T00:00"), endMs: utc("2027-02-01T00:00") };

  expect(await repairDays(fixture.database, 0, "cus_a", january, 1)).toEqual({
    repaired: 0,
    reachedMs: january.endMs,
  });
});
