import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Bucket } from "../../../src/domain/bucket.ts";
import type { Aggregation } from "../../../src/domain/meter.ts";
import type { Database, Row, Statement } from "../../../src/ledger/database.ts";
import { type PeriodChoice, readUsage } from "../../../src/ledger/usage-reading.ts";
import { bucketOf, callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { writeBuckets } from "../../support/write-buckets.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
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

function write(...buckets: Bucket[]): Promise<number> {
  return writeBuckets(fixture.database, 0, buckets, NOW_MS);
}

async function days(): Promise<string[]> {
  const rows = await fixture.raw(`
    select day::text, value::text, (extract(epoch from last_at) * 1000)::bigint::text as at from usage_daily
    order by customer_id, day, metric_name, series`);
  return rows.map(({ day, value, at }) => `${day} ${value}${at === null ? "" : `@${at}`}`);
}

/** A bucket of one series named after its aggregation. */
function levelBucket(hour: string, aggregation: Aggregation, state: string, changes: Partial<Bucket> = {}) {
  return bucketOf(hour, [[{ metricName: "level", aggregation }, state]], changes);
}

const DAY = "2026-11-23";
const [EARLY, LATE] = [utc(`${DAY}T10:20`), utc(`${DAY}T11:30`)];

test.each<{ aggregation: Aggregation; hours: [string, string]; day: string }>([
  { aggregation: "sum", hours: ["5", "7"], day: "12" },
  { aggregation: "sum", hours: ["5", "-7"], day: "-2" },
  { aggregation: "count", hours: ["5", "7"], day: "12" },
  { aggregation: "max", hours: ["5", "7"], day: "7" },
  { aggregation: "max", hours: ["-5", "-7"], day: "-5" },
  { aggregation: "min", hours: ["5", "7"], day: "5" },
  { aggregation: "min", hours: ["-5", "-7"], day: "-7" },
  { aggregation: "last", hours: [`5@${EARLY}`, `3@${LATE}`], day: `3@${LATE}` },
  { aggregation: "last", hours: [`3@${LATE}`, `5@${EARLY}`], day: `3@${LATE}` },
  { aggregation: "last", hours: [`3@${LATE}`, `5@${LATE}`], day: `5@${LATE}` },
  { aggregation: "last", hours: [`5@${LATE}`, `3@${LATE}`], day: `5@${LATE}` },
  { aggregation: "last", hours: [`-5@${LATE}`, `-7@${LATE}`], day: `-5@${LATE}` },
])("days: $aggregation of hours $hours is $day, of one page and of two", async (each) => {
  const buckets = each.hours.map((state, index) =>
    levelBucket(`${DAY}T1${index}:00`, each.aggregation, state),
  );
  await write(...buckets);
  expect(await days()).toEqual([`${DAY} ${each.day}`]);

  await fixture.clear();
  for (const bucket of buckets) {
    await write(bucket);
  }
  expect(await days()).toEqual([`${DAY} ${each.day}`]);
});

test.each<{ aggregation: Aggregation; states: [string, string, string]; day: string }>([
  { aggregation: "sum", states: ["5", "-7", "-6"], day: "-6" },
  { aggregation: "count", states: ["1", "2", "3"], day: "3" },
  { aggregation: "max", states: ["5", "6", "9"], day: "9" },
  { aggregation: "min", states: ["5", "4", "-9"], day: "-9" },
  { aggregation: "last", states: [`5@${EARLY}`, `4@${LATE}`, `4@${LATE + 1}`], day: `4@${LATE + 1}` },
])(
  "days: of a bucket's states $states in any order the newest $aggregation counts, once",
  async ({ aggregation, states, day }) => {
    const versions = states.map((state, index) =>
      levelBucket(`${DAY}T10:00`, aggregation, state, { version: BigInt(index + 1) }),
    );
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1, 2, 0],
      [1, 1, 2, 2],
    ]) {
      await fixture.clear();
      for (const index of order) {
        await write(versions[index]!);
      }
      expect(await days()).toEqual([`${DAY} ${day}`]);
    }
  },
);

test("days: epochs of one hour count side by side", async () => {
  await write(callsBucket(`${DAY}T10:00`, 1, { epoch: "a", version: 9n }));
  await write(callsBucket(`${DAY}T10:00`, 10, { epoch: "b" }));
  await write(callsBucket(`${DAY}T10:00`, 30, { epoch: "b", version: 2n }));

  expect(await days()).toEqual([`${DAY} 31`]);
});

test("days: customers, series and days are kept apart", async () => {
  const level = (zone: string) => ({ metricName: "level", dimensions: { zone } });
  await write(
    bucketOf(`${DAY}T10:00`, [
      [level("a"), "1"],
      [level("b"), "2"],
      [{ metricName: "level", aggregation: "max" }, "3"],
    ]),
    callsBucket("2026-11-22T10:00", 4),
    callsBucket(`${DAY}T10:00`, 5, { customerId: "cus_b" }),
  );

  expect(
    await fixture.raw(`select customer_id, day::text, metric_name, aggregation, dimensions::text, value::text,
      series = sha256(convert_to('["level","sum",0,"zone","b"]', 'UTF8')) as is_b from usage_daily order by value`),
  ).toEqual(
    [
      ["cus_acme", DAY, "level", "sum", '{"zone": "a"}', "1", "f"],
      ["cus_acme", DAY, "level", "sum", '{"zone": "b"}', "2", "t"],
      ["cus_acme", DAY, "level", "max", "{}", "3", "f"],
      ["cus_acme", "2026-11-22", "api_calls", "sum", "{}", "4", "f"],
      ["cus_b", DAY, "api_calls", "sum", "{}", "5", "f"],
    ].map(([customer_id, day, metric_name, aggregation, dimensions, value, is_b]) => ({
      customer_id,
      day,
      metric_name,
      aggregation,
      dimensions,
      value,
      is_b,
    })),
  );
});

test.each([
  { name: "a month", before: "2026-11-30", after: "2026-12-01" },
  { name: "a year", before: "2026-12-31", after: "2027-01-01" },
  { name: "February", before: "2027-02-28", after: "2027-03-01" },
  { name: "February of a leap year", before: "2028-02-29", after: "2028-03-01" },
  { name: "a day that is an hour short in Berlin", before: "2026-03-28", after: "2026-03-29" },
  { name: "a day in 1969", before: "1969-12-31", after: "1970-01-01" },
])("days: they end at midnight UTC: $name", async ({ before, after }) => {
  await write(callsBucket(`${before}T23:00`, 1), callsBucket(`${after}T00:00`, 10));
  await write(callsBucket(`${before}T00:00`, 100), callsBucket(`${after}T23:00`, 1000));

  expect(await days()).toEqual([`${before} 101`, `${after} 1010`]);
});

/** The product's access in sessions of another time zone. */
function inZone(zone: string): Database {
  const setZone = { text: "select set_config('timezone', $1, true)", params: [zone] };
  const transaction = async (statements: Statement[]): Promise<Row[][]> => {
    const [, ...answers] = await fixture.database.transaction([setZone, ...statements]);
    return answers;
  };
  return { transaction, query: async (text, params) => (await transaction([{ text, params }]))[0]! };
}

test("days: a session's time zone does not matter", async () => {
  const database = inZone("Pacific/Kiritimati");
  const buckets = [callsBucket("2026-11-30T23:00", 1), callsBucket("2026-12-01T00:00", 10)];
  expect(await database.query("show timezone", [])).toEqual([{ TimeZone: "Pacific/Kiritimati" }]);
  await writeBuckets(database, 0, buckets, NOW_MS);

  expect(await days()).toEqual(["2026-11-30 1", "2026-12-01 10"]);
  expect(await readUsage(database, "cus_acme", CURRENT, [])).toMatchObject({
    totals: [[{ metricName: "api_calls", value: "1" }]],
  });
});

test("days: claims of one shard at once add up", async () => {
  const hours = Array.from({ length: 24 }, (_, hour) => `${DAY}T${String(hour).padStart(2, "0")}:00`);
  const versions = [3n, 1n, 2n];
  await Promise.all(
    versions.flatMap((version) => hours.map((hour) => write(callsBucket(hour, version * 10n, { version })))),
  );

  expect(await days()).toEqual([`${DAY} ${24 * 30}`]);
});

test("days: a page that fails changes none", async () => {
  await write(callsBucket(`${DAY}T10:00`, 1));
  const impossible = levelBucket(`${DAY}T11:00`, "last", "5");

  await expect(write(callsBucket(`${DAY}T10:00`, 9, { version: 2n }), impossible)).rejects.toMatchObject({
    code: "23514",
  });
  expect(await days()).toEqual([`${DAY} 1`]);
});

test("days: sums past a double are exact", async () => {
  const big = 9_007_199_254_740_991n;
  await write(callsBucket(`${DAY}T10:00`, big), callsBucket(`${DAY}T11:00`, big));
  await write(callsBucket(`${DAY}T12:00`, -1n));

  expect(await days()).toEqual([`${DAY} ${2n * big - 1n}`]);
});

test("days: the migration brings in the hours that were there before it", async () => {
  const series: Aggregation[] = ["sum", "count", "max", "min", "last"];
  const states = series.map((aggregation, index) => (hour: string, epoch: string) => {
    const state = `${index * 10 + hour.length + epoch.charCodeAt(0)}`;
    return levelBucket(hour, aggregation, aggregation === "last" ? `${state}@${LATE}` : state, { epoch });
  });
  for (const bucket of states) {
    await write(bucket(`${DAY}T10:00`, "a"), bucket(`${DAY}T10:00`, "b"), bucket("2026-11-22T23:00", "c"));
  }
  const rolled = await days();
  const migration = await readFile(
    new URL("../../../migrations/0003_days_and_claims.sql", import.meta.url),
    "utf8",
  );
  const [, backfill = ""] = /(insert into usage_daily[^;]*);/.exec(migration) ?? [];
  await fixture.raw("delete from usage_daily");
  await fixture.raw(backfill);

  expect(rolled).toHaveLength(10);
  expect(await days()).toEqual(rolled);
});
