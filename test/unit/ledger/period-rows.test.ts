import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { periodContaining, type Period } from "../../../src/domain/period.ts";
import { DAY_MS } from "../../../src/domain/window.ts";
import { readForAlerts } from "../../../src/ledger/alert-reading.ts";
import { deleteCustomer } from "../../../src/ledger/customers.ts";
import { readUsage } from "../../../src/ledger/usage-reading.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { callsBucket } from "../../support/bucket.ts";
import { ACME_SHARD } from "../../support/measurement.ts";
import { writeBuckets } from "../../support/write-buckets.ts";
import { extendAll, periodRows, putOnDay } from "../../support/period-story.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

/** Days on which the customer's periods start, and on which the last ends. */
async function days(): Promise<string[]> {
  const found = await periodRows(fixture, "cus_acme");
  return [...found.map(({ startMs }) => startMs), found.at(-1)!.endMs].map((timeMs) =>
    new Date(timeMs).toISOString().slice(0, 10),
  );
}

test("anchors: SQL finds the same as the domain, whatever the moment and the day", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: utc("1999-01-01T00:00"), max: utc("2101-01-01T00:00") }),
      fc.integer({ min: 1, max: 31 }),
      fc.boolean(),
      async (anyMs, day, isMidnight) => {
        const timeMs = isMidnight ? Math.floor(anyMs / DAY_MS) * DAY_MS : anyMs;
        const [row] = await fixture.raw(
          `select (extract(epoch from last_anchor(at, $2)) * 1000)::bigint as last,
             (extract(epoch from next_anchor(at, $2)) * 1000)::bigint as next
           from (select to_timestamp($1::bigint / 1000.0) as at) as asked`,
          [timeMs, day],
        );
        const { startMs, endMs } = periodContaining(timeMs, day);
        expect(row).toEqual({ last: String(startMs), next: String(endMs) });
      },
    ),
    { numRuns: 400 },
  );
});

test("anchors: months that are shorter end their periods on their last days", async () => {
  await putOnDay(fixture, 31, utc("2027-12-31T00:00"));
  await extendAll(fixture, utc("2028-05-01T00:00"));

  expect(await days()).toEqual([
    "2027-12-31",
    "2028-01-31",
    "2028-02-29",
    "2028-03-31",
    "2028-04-30",
    "2028-05-31",
  ]);
});

test("anchors: a change of the day makes one short period after the one that runs", async () => {
  await putOnDay(fixture, 1, utc("2026-11-23T12:00"));
  await putOnDay(fixture, 15, utc("2026-11-23T13:00"));
  expect(await days()).toEqual(["2026-11-01", "2026-12-01"]);
  await extendAll(fixture, utc("2027-01-20T00:00"));

  expect(await days()).toEqual(["2026-11-01", "2026-12-01", "2026-12-15", "2027-01-15", "2027-02-15"]);
});

test("anchors: a change shortly before a period's end holds from that end on, though the next was there", async () => {
  await putOnDay(fixture, 1, utc("2026-11-23T12:00"));
  await extendAll(fixture, utc("2026-11-29T00:00"));
  expect(await days()).toEqual(["2026-11-01", "2026-12-01", "2027-01-01"]);
  await putOnDay(fixture, 15, utc("2026-11-30T23:59:59.999"));
  expect(await days()).toEqual(["2026-11-01", "2026-12-01", "2026-12-15"]);
  await putOnDay(fixture, 1, utc("2026-12-01T00:00"));
  expect(await days()).toEqual(["2026-11-01", "2026-12-01", "2026-12-15"]);
  await extendAll(fixture, utc("2026-12-14T00:00"));
  expect(await days()).toEqual(["2026-11-01", "2026-12-01", "2026-12-15", "2027-01-01"]);
});

test("anchors: a change after a period's end, before any run, holds from the end of the one that runs by then", async () => {
  await putOnDay(fixture, 1, utc("2026-11-23T12:00"));
  await putOnDay(fixture, 15, utc("2026-12-01T00:00"));

  expect(await days()).toEqual(["2026-11-01", "2026-12-01", "2027-01-01"]);
});

test("periods: the next is there two days before the last one ends", async () => {
  await putOnDay(fixture, 1, utc("2026-11-23T12:00"));
  await extendAll(fixture, utc("2026-11-28T23:59:59.999"));
  expect(await days()).toEqual(["2026-11-01", "2026-12-01"]);
  await extendAll(fixture, utc("2026-11-29T00:00"));
  expect(await days()).toEqual(["2026-11-01", "2026-12-01", "2027-01-01"]);
});

test.each([
  { name: "before it begins: it goes", at: "2026-11-30T23:59:59.999", last: "2026-12-01" },
  { name: "when it begins: it is the last", at: "2026-12-01T00:00", last: "2027-01-01" },
])("periods: the next is there and the customer is deleted $name", async ({ at, last }) => {
  await putOnDay(fixture, 1, utc("2026-11-23T12:00"));
  await extendAll(fixture, utc("2026-11-30T00:00"));
  await deleteCustomer(fixture.database, "cus_acme", utc(at));
  expect((await days()).at(-1)).toBe(last);
  await extendAll(fixture, utc("2027-03-01T00:00"));
  expect((await days()).at(-1)).toBe(last);
});

test("periods: a customer who comes back on another day starts anew where its last period has ended", async () => {
  await putOnDay(fixture, 1, utc("2026-11-23T12:00"));
  await deleteCustomer(fixture.database, "cus_acme", utc("2026-11-24T00:00"));
  await putOnDay(fixture, 15, utc("2026-12-10T06:30"));

  expect(await days()).toEqual(["2026-11-01", "2026-12-01", "2026-12-15"]);
  const [start] = await fixture.raw(
    "select effective_from::text from customer_plans where is_start order by effective_from desc limit 1",
  );
  expect(start?.["effective_from"]).toContain("2026-12-10 06:00:00");
});

test.each([
  { name: "of no customer", anchor: undefined, at: "2026-11-23T12:00", period: "2026-11-01 2026-12-01" },
  { name: "that no run has reached", anchor: 15, at: "2027-02-20T00:00", period: "2027-02-15 2027-03-15" },
  { name: "just after the last", anchor: 15, at: "2026-12-15T00:00", period: "2026-12-15 2027-01-15" },
  { name: "before the first", anchor: 15, at: "2026-11-14T23:59", period: "2026-10-15 2026-11-15" },
])("periods: one $name is read with the bounds that it will have", async ({ anchor, at, period }) => {
  if (anchor !== undefined) {
    await putOnDay(fixture, anchor, utc("2026-11-23T12:00"));
  }
  const timeMs = utc(at);
  const choice = {
    startFromMs: 0,
    startToMs: timeMs,
    endAfterMs: timeMs,
    otherwiseMs: timeMs,
    nowMs: timeMs,
  };
  const reading = await readUsage(fixture.database, "cus_acme", choice, []);
  const [alerting] = await readForAlerts(fixture.database, [{ customerId: "cus_acme", timeMs }], timeMs);
  const text = (bounds: Period | undefined): string =>
    [bounds!.startMs, bounds!.endMs].map((ms) => new Date(ms).toISOString().slice(0, 10)).join(" ");

  expect(reading.hasPeriod).toBe(false);
  expect([text(reading.period), text(alerting?.period)]).toEqual([period, period]);
});

test("periods: after a changed day the next one is read from the end of the last, not from the day before it", async () => {
  await putOnDay(fixture, 1, utc("2026-11-23T12:00"));
  await putOnDay(fixture, 15, utc("2026-11-23T13:00"));
  const timeMs = utc("2026-12-03T00:00");
  const [alerting] = await readForAlerts(fixture.database, [{ customerId: "cus_acme", timeMs }], timeMs);

  expect(alerting?.period).toEqual({ startMs: utc("2026-12-01T00:00"), endMs: utc("2026-12-15T00:00") });
});

test.each([
  { name: "stays", day: 15, first: "2026-10-15" },
  { name: "changes meanwhile", day: 28, first: "2026-10-15" },
  { name: "is in no month before", day: 31, first: "2026-10-15" },
])(
  "periods: usage from before a customer's first period, whose day $name, adds the one before",
  async ({ day, first }) => {
    await putOnDay(fixture, 15, utc("2026-11-15T01:00"));
    await putOnDay(fixture, day, utc("2026-11-15T02:00"));
    await writeBuckets(
      fixture.database,
      ACME_SHARD,
      [callsBucket("2026-10-15T00:00", 1)],
      utc("2026-11-15T03:00"),
    );
    await extendAll(fixture, utc("2026-11-15T04:00"));

    expect((await days()).slice(0, 3)).toEqual([first, "2026-11-15", "2026-12-15"]);
  },
);
