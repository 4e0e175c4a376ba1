import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { periodContaining, periodFrom } from "../../../src/domain/period.ts";
import { countDuePeriods, duePeriods, markUnclosed } from "../../../src/ledger/billing-periods.ts";
import { customersToExtend, extendPeriods } from "../../../src/ledger/period-rows.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";

const NOVEMBER = periodContaining(Date.parse("2026-11-23"));
const DECEMBER = periodFrom(NOVEMBER.endMs);
const JANUARY = periodFrom(DECEMBER.endMs);
const FEBRUARY = periodFrom(JANUARY.endMs);
const MARCH_MS = FEBRUARY.endMs;

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(async () => {
  await fixture.clear();
  await putCustomer(fixture.database, "cus_acme", {}, NOVEMBER.startMs, withMonthBefore(NOVEMBER));
});
afterAll(() => fixture.stop());

function due(endedByMs: number, limit = 10) {
  return duePeriods(fixture.database, endedByMs, 0, limit);
}

function ended(nowMs: number, limit = 10) {
  return customersToExtend(fixture.database, nowMs, limit);
}

function extend(untilMs: number) {
  return extendPeriods(fixture.database, ["cus_acme"], untilMs);
}

const acme = (period: { startMs: number; endMs: number }) => ({ customerId: "cus_acme", ...period });

test("periods: one is due from its end on", async () => {
  expect(await due(NOVEMBER.endMs - 1)).toEqual([]);
  expect(await due(NOVEMBER.endMs)).toEqual([acme(NOVEMBER)]);
  expect(await countDuePeriods(fixture.database, NOVEMBER.endMs - 1)).toBe(0);
  expect(await countDuePeriods(fixture.database, NOVEMBER.endMs)).toBe(1);
});

test("periods: due ones come oldest first, at most the limit", async () => {
  await extend(DECEMBER.startMs);
  await extend(JANUARY.startMs);

  expect(await due(JANUARY.endMs)).toEqual([acme(NOVEMBER), acme(DECEMBER), acme(JANUARY)]);
  expect(await due(JANUARY.endMs, 2)).toEqual([acme(NOVEMBER), acme(DECEMBER)]);
  expect(await countDuePeriods(fixture.database, JANUARY.endMs)).toBe(3);
});

test("periods: one that failed waits behind the others, of several the one that failed longest ago first", async () => {
  await extend(DECEMBER.startMs);
  await extend(JANUARY.startMs);
  await markUnclosed(fixture.database, acme(NOVEMBER), JANUARY.endMs + 2);
  await markUnclosed(fixture.database, acme(DECEMBER), JANUARY.endMs + 1);

  expect(await due(JANUARY.endMs)).toEqual([acme(JANUARY), acme(DECEMBER), acme(NOVEMBER)]);
  expect(await due(JANUARY.endMs, 1)).toEqual([acme(JANUARY)]);
  expect(await countDuePeriods(fixture.database, JANUARY.endMs)).toBe(3);
});

test.each([
  { name: "since the moment", receivedAtMs: NOVEMBER.endMs + 1, customerIds: ["cus_b", "cus_acme"], due: [] },
  { name: "at the moment", receivedAtMs: NOVEMBER.endMs, customerIds: ["cus_acme"], due: [acme(NOVEMBER)] },
  { name: "of others", receivedAtMs: NOVEMBER.endMs + 1, customerIds: ["cus_b"], due: [acme(NOVEMBER)] },
])("periods: with batches in the spool $name, due are $due.length", async (spooled) => {
  await fixture.raw("insert into spool values ('s', to_timestamp($1::bigint / 1000.0), $2, 0, '[]')", [
    spooled.receivedAtMs,
    spooled.customerIds,
  ]);

  expect(await duePeriods(fixture.database, NOVEMBER.endMs, NOVEMBER.endMs, 10)).toEqual(spooled.due);
});

test("periods: the last one of a customer has ended from its end on, until the next is there", async () => {
  expect(await ended(NOVEMBER.endMs - 1)).toEqual([]);
  expect(await ended(NOVEMBER.endMs)).toEqual(["cus_acme"]);
  await extend(DECEMBER.startMs);
  expect(await ended(NOVEMBER.endMs)).toEqual([]);
  expect(await ended(DECEMBER.endMs)).toEqual(["cus_acme"]);
});

test("periods: a run that comes late adds all that have begun, and the one that runs", async () => {
  await extend(FEBRUARY.startMs);

  expect(await due(MARCH_MS)).toEqual([acme(NOVEMBER), acme(DECEMBER), acme(JANUARY), acme(FEBRUARY)]);
});

test("periods: until a moment before the last one ends none is added", async () => {
  await extend(NOVEMBER.endMs - 1);
  expect(await due(MARCH_MS)).toEqual([acme(NOVEMBER)]);
  await extend(NOVEMBER.endMs);
  expect(await due(MARCH_MS)).toEqual([acme(NOVEMBER), acme(DECEMBER)]);
});

test("periods: of an unknown customer none is added, those beside it are extended", async () => {
  await extendPeriods(fixture.database, ["cus_nobody", "cus_acme"], NOVEMBER.endMs);

  expect(await due(JANUARY.endMs)).toEqual([acme(NOVEMBER), acme(DECEMBER)]);
});

test("periods: no customers are extended without an error", async () => {
  await extendPeriods(fixture.database, [], NOVEMBER.endMs);

  expect(await due(JANUARY.endMs)).toEqual([acme(NOVEMBER)]);
});

test("periods: runs that extend at once make a year without gap or overlap", async () => {
  for (let month = 1; month <= 12; month += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one month after the other
    await Promise.all([1, 2, 3].map(() => extend(Date.UTC(2026, 10 + month, 1))));
  }
  const periods = await due(Date.parse("2030-01-01"), 100);

  expect(periods.length).toBe(13);
  expect(periods.slice(1).map(({ startMs }) => startMs)).toEqual(
    periods.slice(0, -1).map(({ endMs }) => endMs),
  );
  expect(periods.at(-1)?.endMs).toBe(Date.parse("2027-12-01"));
});

test.each([
  { name: "within its last period: no next one", deletedAtMs: NOVEMBER.endMs - 1, next: [] },
  { name: "at the end of it: the next one", deletedAtMs: NOVEMBER.endMs, next: ["cus_acme"] },
])("periods: a customer deleted $name", async ({ deletedAtMs, next }) => {
  await deleteCustomer(fixture.database, "cus_acme", deletedAtMs);

  expect(await ended(DECEMBER.endMs)).toEqual(next);
  expect(await due(NOVEMBER.endMs)).toEqual([acme(NOVEMBER)]);
});

test("periods: of several customers each has its own", async () => {
  const own = withMonthBefore(periodContaining(NOVEMBER.startMs, 15));
  await putCustomer(fixture.database, "cus_b", { billingAnchorDay: 15 }, NOVEMBER.startMs, own);

  expect(await ended(NOVEMBER.endMs)).toEqual(["cus_b", "cus_acme"]);
  expect(await ended(NOVEMBER.endMs, 1)).toEqual(["cus_b"]);
  expect((await due(NOVEMBER.endMs)).map(({ customerId }) => customerId)).toEqual(["cus_b", "cus_acme"]);
});
