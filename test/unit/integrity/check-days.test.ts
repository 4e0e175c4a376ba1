import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Aggregation } from "../../../src/domain/meter.ts";
import type { Series } from "../../../src/domain/series.ts";
import { DAY_MS, HOUR_MS, isoTime } from "../../../src/domain/window.ts";
import { checkDays } from "../../../src/integrity/check-days.ts";
import { readFindings } from "../../../src/ledger/integrity-findings.ts";
import { bucketOf, callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { callsSeries } from "../../support/measurement.ts";
import { writeBuckets } from "../../support/write-buckets.ts";

const NOW_MS = Date.parse("2026-11-23T12:34:56.789Z");
const MONTHS = 13;
/** The older day that a run at NOW_MS looks at. */
const OLDER_MS = NOW_MS - DAY_MS * (1 + (Math.floor(NOW_MS / HOUR_MS) % (31 * MONTHS)));

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function check(nowMs = NOW_MS) {
  return checkDays(fixture.database, nowMs, MONTHS);
}

function flush(hour: string, flushedMs: number, customerId = "cus_acme") {
  return writeBuckets(fixture.database, 0, [callsBucket(hour, 7, { customerId })], flushedMs);
}

/** The hour that begins a day. */
function firstHour(timeMs: number): string {
  return `${isoTime(timeMs).slice(0, 10)}T00:00`;
}

async function findings() {
  return (await readFindings(fixture.database, 100)).map(({ detail, goneAt }) => [
    detail["customerId"],
    detail["day"],
    goneAt === null,
  ]);
}

async function told() {
  return fixture.raw("select type, data ->> 'day' as day from notifications order by created_at, subject");
}

const ACME = ["cus_acme", "2026-11-23", true];

test("days: all kinds of series over epochs, hours and days agree with their hours", async () => {
  const level = (aggregation: Aggregation) => ({
    ...callsSeries,
    metricName: `level_${aggregation}`,
    aggregation,
    scale: 2,
  });
  const lateMs = NOW_MS - HOUR_MS;
  for (const [index, hour] of ["2026-11-22T23:00", "2026-11-23T00:00", "2026-11-23T09:00"].entries()) {
    for (const [epoch, value] of Object.entries({ first: 5 - index, second: index * 3 - 2, third: -1 })) {
      const states: [Partial<Series>, string][] = [
        [level("max"), String(value)],
        [level("min"), String(value)],
        [level("count"), String(index + 1)],
        [level("last"), `${value}@${lateMs}`],
        [callsSeries, String(value)],
      ];
      const bucket = bucketOf(hour, states, { epoch });
      await writeBuckets(fixture.database, 0, [bucket], NOW_MS - HOUR_MS);
      await writeBuckets(fixture.database, 0, [{ ...bucket, version: 2n }], NOW_MS);
    }
  }

  expect(await check()).toEqual({ checked: 2, drifted: 0 });
  expect(await findings()).toEqual([]);
});

test.each([
  { name: "a day's value", sql: "update usage_daily set value = value + 0.000000001" },
  { name: "a day's value, below", sql: "update usage_daily set value = 0" },
  { name: "an hour's value", sql: "update usage_records set value = value - 1" },
  { name: "a missing day", sql: "delete from usage_daily where customer_id = 'cus_acme'" },
  { name: "a day's dimensions", sql: `update usage_daily set dimensions = '{"region": "eu"}'` },
  { name: "a day's metric", sql: "update usage_daily set metric_name = 'other'" },
  { name: "a day's aggregation", sql: "update usage_daily set aggregation = 'max'" },
])("days: $name that does not agree is found", async ({ sql }) => {
  await flush("2026-11-23T09:00", NOW_MS);
  await fixture.raw(sql);

  expect(await check()).toEqual({ checked: 1, drifted: 1 });
  expect(await findings()).toEqual([ACME]);
  expect(await told()).toEqual([{ type: "integrity.drift_detected", day: "2026-11-23" }]);
});

test("days: the time of a last value that does not agree is found", async () => {
  const level = { ...callsSeries, metricName: "level", aggregation: "last" as const };
  await writeBuckets(fixture.database, 0, [bucketOf("2026-11-23T09:00", [[level, `5@${NOW_MS}`]])], NOW_MS);
  await fixture.raw("update usage_daily set last_at = last_at - interval '1 ms'");

  expect((await check()).drifted).toBe(1);
});

test("days: a finding tells what differs", async () => {
  await flush("2026-11-23T09:00", NOW_MS);
  await fixture.raw("update usage_daily set value = 8.50");
  await check();

  expect(await readFindings(fixture.database, 10)).toEqual([
    {
      kind: "days",
      detail: {
        customerId: "cus_acme",
        day: "2026-11-23",
        differing: 1,
        series: [
          {
            metricName: "api_calls",
            dimensions: {},
            hours: "7",
            day: "8.5",
            hoursLastAt: null,
            dayLastAt: null,
          },
        ],
      },
      foundAt: isoTime(NOW_MS),
      seenAt: isoTime(NOW_MS),
      goneAt: null,
    },
  ]);
});

test("days: nothing of usage is changed by a check", async () => {
  await flush("2026-11-23T09:00", NOW_MS);
  await fixture.raw("update usage_daily set value = 100");
  const usage = async () => [
    await fixture.raw("select * from usage_daily"),
    await fixture.raw("select * from usage_records"),
  ];
  const before = await usage();
  await check();

  expect(await usage()).toEqual(before);
});

test("days: a finding is told once, is gone when it agrees, and is told again when it comes back", async () => {
  await flush("2026-11-23T09:00", NOW_MS);
  await fixture.raw("update usage_daily set value = 8");
  await check();
  await check(NOW_MS + HOUR_MS);
  await Promise.all([check(NOW_MS + 3 * DAY_MS), check(NOW_MS + 3 * DAY_MS)]);

  expect([await findings(), (await told()).length]).toEqual([[ACME], 1]);
  const [first] = await readFindings(fixture.database, 10);
  expect([first?.foundAt, first?.seenAt]).toEqual([isoTime(NOW_MS), isoTime(NOW_MS + 3 * DAY_MS)]);

  await fixture.raw("update usage_daily set value = 7");
  await check(NOW_MS + 4 * DAY_MS);
  const [gone] = await readFindings(fixture.database, 10);
  expect(gone?.goneAt).toBe(isoTime(NOW_MS + 4 * DAY_MS));

  await fixture.raw("update usage_daily set value = 8");
  await flush("2026-11-23T10:00", NOW_MS + 4 * DAY_MS);
  await check(NOW_MS + 4 * DAY_MS + HOUR_MS);
  const [back] = await readFindings(fixture.database, 10);
  expect([back?.foundAt, back?.goneAt]).toEqual([isoTime(NOW_MS + 4 * DAY_MS + HOUR_MS), null]);
  expect((await told()).length).toBe(2);
});

test("days: what was flushed 26 hours ago is looked at, what was before is not", async () => {
  await flush("2026-11-21T10:00", NOW_MS - 26 * HOUR_MS, "cus_a");
  await flush("2026-11-21T10:00", NOW_MS - 26 * HOUR_MS - 1, "cus_b");

  expect(await check()).toEqual({ checked: 1, drifted: 0 });
});

test("days: an older day is looked at in its turn, each within its round", async () => {
  await flush(firstHour(OLDER_MS), OLDER_MS);
  await fixture.raw("update usage_daily set value = 8");

  expect((await check(NOW_MS + HOUR_MS)).drifted).toBe(0);
  expect(await check()).toEqual({ checked: 1, drifted: 1 });

  let rounds = 0;
  for (let hour = 1; hour <= 31 * MONTHS + 24; hour += 1) {
    await fixture.raw("delete from integrity_findings");
    rounds += (await check(NOW_MS + hour * HOUR_MS)).drifted;
  }
  expect(rounds).toBeGreaterThanOrEqual(1);
}, 60_000);

test("days: a young day without its hours is found, an old one may have lost them to retention", async () => {
  for (const daysAgo of [27, 40]) {
    await fixture.clear();
    const nowMs = momentOf(daysAgo);
    const dayMs = nowMs - daysAgo * DAY_MS;
    await flush(firstHour(dayMs), dayMs);
    await fixture.raw("delete from usage_records");
    expect(await check(nowMs)).toEqual({ checked: 1, drifted: daysAgo === 27 ? 1 : 0 });
  }
});

test("days: an old day that has lost some of its hours is found", async () => {
  const nowMs = momentOf(100);
  const dayMs = nowMs - 100 * DAY_MS;
  await flush(firstHour(dayMs), dayMs);
  await flush(firstHour(dayMs).replace("00:00", "01:00"), dayMs);
  await fixture.raw("delete from usage_records where extract(hour from window_start at time zone 'UTC') = 1");

  expect((await check(nowMs)).drifted).toBe(1);
});

/** A moment whose run looks at the day so many days before. */
function momentOf(daysAgo: number): number {
  const turn = Math.floor(NOW_MS / HOUR_MS) % (31 * MONTHS);
  return NOW_MS + (daysAgo - 1 - turn + 31 * MONTHS) * HOUR_MS;
}

test("days: of many findings at once so many are told, the others the next time", async () => {
  const ids = Array.from({ length: 60 }, (_, index) => `cus_${index}`);
  for (const customerId of ids) {
    await flush("2026-11-23T09:00", NOW_MS, customerId);
  }
  await fixture.raw("update usage_daily set value = 8");

  expect((await check()).drifted).toBe(60);
  expect((await findings()).length).toBe(50);
  await check(NOW_MS + HOUR_MS);
  expect([(await findings()).length, (await told()).length]).toEqual([60, 60]);
});

test("days: a flush that runs meanwhile is never called a drift", async () => {
  const hours = Array.from({ length: 12 }, (_, hour) => `2026-11-23T${String(hour).padStart(2, "0")}:00`);
  const write = async () => {
    for (let version = 1n; version <= 15n; version += 1n) {
      await writeBuckets(
        fixture.database,
        0,
        hours.map((hour) => callsBucket(hour, version * 3n, { version })),
        NOW_MS,
      );
    }
  };
  const watch = async () => {
    const drifted = [];
    for (let round = 0; round < 15; round += 1) {
      drifted.push((await check()).drifted);
    }
    return drifted;
  };
  const [, drifted] = await Promise.all([write(), watch()]);

  expect(new Set(drifted)).toEqual(new Set([0]));
});
