import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { periodContaining, type Period } from "../../../src/domain/period.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { insertAdjustment } from "../../../src/ledger/adjustments.ts";
import { insertEarlierPeriods } from "../../../src/ledger/period-rows.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { writeBuckets } from "../../support/write-buckets.ts";
import { callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";
import { ACME_SHARD } from "../../support/measurement.ts";

const month = (name: string): Period => periodContaining(Date.parse(`${name}-15`));
const OCTOBER = month("2026-10");
const NOVEMBER = month("2026-11");
const DECEMBER = month("2026-12");
const MARCH = month("2027-03");

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function put(current: Period, nowMs = current.startMs) {
  return putCustomer(fixture.database, "cus_acme", {}, nowMs, withMonthBefore(current));
}

/** The customer's periods in order: start and end, and whether it waits to be billed. */
async function periods(): Promise<[number, number, boolean][]> {
  const rows = await fixture.raw(
    `select (extract(epoch from period_start) * 1000)::bigint as start_ms,
       (extract(epoch from period_end) * 1000)::bigint as end_ms, closed_at is null as is_open
     from billing_periods where customer_id = 'cus_acme' order by period_start`,
  );
  return rows.map((row) => [Number(row["start_ms"]), Number(row["end_ms"]), row["is_open"] === "t"]);
}

const open = ({ startMs, endMs }: Period) => [startMs, endMs, true];
const closed = ({ startMs, endMs }: Period) => [startMs, endMs, false];

test.each([
  { name: "in the last hour of the month before", hour: "2026-10-31T23:00", first: [OCTOBER, NOVEMBER] },
  { name: "in the first hour of the month before", hour: "2026-10-01T00:00", first: [OCTOBER, NOVEMBER] },
  { name: "two months before", hour: "2026-09-30T23:00", first: [NOVEMBER] },
  { name: "in the current month", hour: "2026-11-01T00:00", first: [NOVEMBER] },
])("periods: of a new customer with usage $name", async ({ hour, first }) => {
  await writeBuckets(fixture.database, ACME_SHARD, [callsBucket(hour, 1)], NOVEMBER.startMs);
  await put(NOVEMBER);

  expect(await periods()).toEqual(first.map(open));
});

test.each([
  { name: "more in the month's last millisecond", at: OCTOBER.endMs - 1, quantity: "1", isBilled: true },
  { name: "more in its first", at: OCTOBER.startMs, quantity: "0.001", isBilled: true },
  { name: "less alone", at: OCTOBER.endMs - 1, quantity: "-1", isBilled: false },
  { name: "more the month before that", at: OCTOBER.startMs - 1, quantity: "1", isBilled: false },
])(
  "periods: of a new customer whose month before was adjusted: $name",
  async ({ at, quantity, isBilled }) => {
    const adjustment = { adjustmentId: "a", metricName: "api_calls", quantity, atMs: at, reason: "was lost" };
    await insertAdjustment(fixture.database, { customerId: "cus_acme", ...adjustment }, "admin", at);
    await put(NOVEMBER);

    expect(await periods()).toEqual((isBilled ? [OCTOBER, NOVEMBER] : [NOVEMBER]).map(open));
  },
);

test("periods: usage of the month before that comes after the first put adds none", async () => {
  await put(NOVEMBER);
  await writeBuckets(
    fixture.database,
    ACME_SHARD,
    [callsBucket("2026-10-31T23:00", 1)],
    NOVEMBER.startMs + HOUR_MS,
  );
  await put(NOVEMBER, NOVEMBER.startMs + 2 * HOUR_MS);

  expect(await periods()).toEqual([open(NOVEMBER)]);
});

const WITHIN_MS = 50 * HOUR_MS;

function addEarlier(sinceMs = NOVEMBER.startMs): Promise<void> {
  return insertEarlierPeriods(fixture.database, WITHIN_MS, sinceMs);
}

test.each([
  {
    name: "at a month's start: that month comes before",
    putAfterMs: 0,
    hour: "2026-10-31T23:00",
    isAdded: true,
  },
  {
    name: "when it may still come: the same",
    putAfterMs: WITHIN_MS - 1,
    hour: "2026-10-01T00:00",
    isAdded: true,
  },
  {
    name: "when none may come any more: none",
    putAfterMs: WITHIN_MS,
    hour: "2026-10-31T23:00",
    isAdded: false,
  },
  { name: "of two months before: none", putAfterMs: 0, hour: "2026-09-30T23:00", isAdded: false },
  { name: "of the same month: none", putAfterMs: 0, hour: "2026-11-01T00:00", isAdded: false },
])("periods: usage that comes later to a customer put $name", async ({ putAfterMs, hour, isAdded }) => {
  await put(NOVEMBER, NOVEMBER.startMs + putAfterMs);
  await writeBuckets(fixture.database, ACME_SHARD, [callsBucket(hour, 1)], NOVEMBER.startMs);
  await addEarlier();
  await addEarlier();

  expect(await periods()).toEqual((isAdded ? [OCTOBER, NOVEMBER] : [NOVEMBER]).map(open));
});

test("periods: customers put before the moment asked from get none", async () => {
  await put(NOVEMBER);
  await writeBuckets(fixture.database, ACME_SHARD, [callsBucket("2026-10-31T23:00", 1)], NOVEMBER.startMs);
  await addEarlier(NOVEMBER.startMs + 1);
  expect(await periods()).toEqual([open(NOVEMBER)]);
  await addEarlier(NOVEMBER.startMs);
  expect(await periods()).toEqual([open(OCTOBER), open(NOVEMBER)]);
});

test("periods: of runs that add the month before at once, it is added once", async () => {
  await put(NOVEMBER);
  await writeBuckets(fixture.database, ACME_SHARD, [callsBucket("2026-10-05T00:00", 1)], NOVEMBER.startMs);
  await Promise.all(Array.from({ length: 4 }, () => addEarlier()));

  expect(await periods()).toEqual([open(OCTOBER), open(NOVEMBER)]);
});

test("periods: usage of the month before the one that was added adds no further month", async () => {
  await put(NOVEMBER);
  await writeBuckets(
    fixture.database,
    ACME_SHARD,
    [callsBucket("2026-10-05T00:00", 1), callsBucket("2026-09-05T00:00", 1)],
    NOVEMBER.startMs,
  );
  await addEarlier();
  await addEarlier();

  expect(await periods()).toEqual([open(OCTOBER), open(NOVEMBER)]);
});

test("periods: a put in the month after the last one adds that month", async () => {
  await put(NOVEMBER);
  await put(DECEMBER);

  expect(await periods()).toEqual([open(NOVEMBER), open(DECEMBER)]);
});

test("periods: a put months later adds the months between", async () => {
  await put(NOVEMBER);
  await put(MARCH);

  const between = ["2026-12", "2027-01", "2027-02"].map(month);
  expect(await periods()).toEqual([NOVEMBER, ...between, MARCH].map(open));
});

test("periods: months that a customer was away are one closed period", async () => {
  await put(NOVEMBER);
  await deleteCustomer(fixture.database, "cus_acme", NOVEMBER.startMs + HOUR_MS);
  await put(MARCH, MARCH.startMs + HOUR_MS);

  expect(await periods()).toEqual([
    open(NOVEMBER),
    closed({ startMs: NOVEMBER.endMs, endMs: MARCH.startMs }),
    open(MARCH),
  ]);
});

test("periods: a customer back in the month after its last has no time away", async () => {
  await put(NOVEMBER);
  await deleteCustomer(fixture.database, "cus_acme", NOVEMBER.startMs + HOUR_MS);
  await put(DECEMBER);

  expect(await periods()).toEqual([open(NOVEMBER), open(DECEMBER)]);
});

test("periods: a customer back within its last period goes on with it", async () => {
  await put(NOVEMBER);
  await deleteCustomer(fixture.database, "cus_acme", NOVEMBER.startMs + HOUR_MS);
  await put(NOVEMBER, NOVEMBER.startMs + 2 * HOUR_MS);

  expect(await periods()).toEqual([open(NOVEMBER)]);
});

test("periods: puts at once of a customer who comes back leave no gap and no overlap", async () => {
  await put(NOVEMBER);
  await deleteCustomer(fixture.database, "cus_acme", NOVEMBER.startMs + HOUR_MS);
  await Promise.all(Array.from({ length: 6 }, (_, index) => put(MARCH, MARCH.startMs + index)));

  expect(await periods()).toEqual([
    open(NOVEMBER),
    closed({ startMs: NOVEMBER.endMs, endMs: MARCH.startMs }),
    open(MARCH),
  ]);
});

test("periods: first puts at once on both sides of a month's end leave no gap and no overlap", async () => {
  await Promise.all(Array.from({ length: 6 }, (_, index) => put(index % 2 === 0 ? NOVEMBER : DECEMBER)));
  const found = await periods();

  expect([[open(NOVEMBER), open(DECEMBER)], [open(DECEMBER)]]).toContainEqual(found);
});
