import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { periodContaining, periodFrom } from "../../../src/domain/period.ts";
import { DAY_MS } from "../../../src/domain/window.ts";
import {
  countDuePeriods,
  duePeriods,
  endedLastPeriods,
  insertPeriods,
  markUnclosed,
} from "../../../src/ledger/billing-periods.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";

const NOVEMBER = periodContaining(Date.parse("2026-11-23"));
const DECEMBER = periodFrom(NOVEMBER.endMs);
const JANUARY = periodFrom(DECEMBER.endMs);

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
  return endedLastPeriods(fixture.database, nowMs, limit);
}

const acme = (period: { startMs: number; endMs: number }) => ({ customerId: "cus_acme", ...period });

test("periods: one is due from its end on", async () => {
  expect(await due(NOVEMBER.endMs - 1)).toEqual([]);
  expect(await due(NOVEMBER.endMs)).toEqual([acme(NOVEMBER)]);
  expect(await countDuePeriods(fixture.database, NOVEMBER.endMs - 1)).toBe(0);
  expect(await countDuePeriods(fixture.database, NOVEMBER.endMs)).toBe(1);
});

test("periods: due ones come oldest first, at most the limit", async () => {
  await insertPeriods(fixture.database, [acme(DECEMBER)]);
  await insertPeriods(fixture.database, [acme(JANUARY)]);

  expect(await due(JANUARY.endMs)).toEqual([acme(NOVEMBER), acme(DECEMBER), acme(JANUARY)]);
  expect(await due(JANUARY.endMs, 2)).toEqual([acme(NOVEMBER), acme(DECEMBER)]);
  expect(await countDuePeriods(fixture.database, JANUARY.endMs)).toBe(3);
});

test("periods: one that failed waits behind the others, of several the one that failed longest ago first", async () => {
  await insertPeriods(fixture.database, [acme(DECEMBER)]);
  await insertPeriods(fixture.database, [acme(JANUARY)]);
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
  expect(await ended(NOVEMBER.endMs)).toEqual([acme(NOVEMBER)]);
  await insertPeriods(fixture.database, [acme(DECEMBER)]);
  expect(await ended(NOVEMBER.endMs)).toEqual([]);
  expect(await ended(DECEMBER.endMs)).toEqual([acme(DECEMBER)]);
});

test("periods: adding one twice, or with another end, leaves the first as it was", async () => {
  await insertPeriods(fixture.database, [acme(DECEMBER)]);
  await insertPeriods(fixture.database, [
    acme(DECEMBER),
    acme({ ...DECEMBER, endMs: DECEMBER.endMs - DAY_MS }),
  ]);

  expect(await due(JANUARY.endMs)).toEqual([acme(NOVEMBER), acme(DECEMBER)]);
});

test.each([
  { name: "would end with another", startMs: NOVEMBER.startMs + DAY_MS, endMs: NOVEMBER.endMs },
  { name: "ends where the first starts", startMs: NOVEMBER.startMs - DAY_MS, endMs: NOVEMBER.startMs },
  { name: "starts within the last", startMs: NOVEMBER.endMs - 1, endMs: DECEMBER.endMs },
  { name: "starts after the last has ended", startMs: NOVEMBER.endMs + 1, endMs: DECEMBER.endMs },
  { name: "leaves a month out", ...JANUARY },
])("periods: one that $name is not added", async (period) => {
  await insertPeriods(fixture.database, [acme({ startMs: period.startMs, endMs: period.endMs })]);

  expect(await due(JANUARY.endMs)).toEqual([acme(NOVEMBER)]);
});

test("periods: of two in a row one call adds the first, the next call the second", async () => {
  await insertPeriods(fixture.database, [acme(JANUARY), acme(DECEMBER)]);
  expect(await due(JANUARY.endMs)).toEqual([acme(NOVEMBER), acme(DECEMBER)]);
  await insertPeriods(fixture.database, [acme(JANUARY), acme(DECEMBER)]);
  expect(await due(JANUARY.endMs)).toEqual([acme(NOVEMBER), acme(DECEMBER), acme(JANUARY)]);
});

test("periods: one that ends where it starts is refused", async () => {
  const empty = acme({ startMs: DECEMBER.startMs, endMs: DECEMBER.startMs });

  await expect(insertPeriods(fixture.database, [empty])).rejects.toMatchObject({ code: "23514" });
});

test("periods: one of an unknown customer is left out, those beside it are added", async () => {
  await insertPeriods(fixture.database, [{ ...DECEMBER, customerId: "cus_nobody" }, acme(DECEMBER)]);

  expect(await due(JANUARY.endMs)).toEqual([acme(NOVEMBER), acme(DECEMBER)]);
});

test("periods: no periods add none", async () => {
  await insertPeriods(fixture.database, []);

  expect(await due(JANUARY.endMs)).toEqual([acme(NOVEMBER)]);
});

async function addNext(nowMs: number): Promise<void> {
  const last = await ended(nowMs);
  await insertPeriods(
    fixture.database,
    last.map(({ customerId, endMs }) => ({ customerId, ...periodFrom(endMs) })),
  );
}

test("periods: runs that add the next at once make a year without gap or overlap", async () => {
  for (let month = 0; month < 12; month += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one month after the other
    await Promise.all([
      addNext(Date.parse("2027-11-01")),
      addNext(Date.parse("2027-11-01")),
      addNext(Date.parse("2027-11-01")),
    ]);
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
  { name: "at the end of it: the next one", deletedAtMs: NOVEMBER.endMs, next: [acme(NOVEMBER)] },
])("periods: a customer deleted $name", async ({ deletedAtMs, next }) => {
  await deleteCustomer(fixture.database, "cus_acme", deletedAtMs);

  expect(await ended(DECEMBER.endMs)).toEqual(next);
  expect(await due(NOVEMBER.endMs)).toEqual([acme(NOVEMBER)]);
});

test("periods: of several customers each has its own", async () => {
  const own = withMonthBefore(periodContaining(NOVEMBER.startMs, 15));
  await putCustomer(fixture.database, "cus_b", {}, NOVEMBER.startMs, own);

  const ofB = { customerId: "cus_b", ...periodContaining(NOVEMBER.startMs, 15) };
  expect(await ended(NOVEMBER.endMs)).toEqual([ofB, acme(NOVEMBER)]);
  expect(await ended(NOVEMBER.endMs, 1)).toEqual([ofB]);
  expect((await due(NOVEMBER.endMs)).map(({ customerId }) => customerId)).toEqual(["cus_b", "cus_acme"]);
});
