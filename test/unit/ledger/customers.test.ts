import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { CustomerSettings } from "../../../src/domain/customer.ts";
import { duePeriods } from "../../../src/ledger/billing-periods.ts";
import { deleteCustomer, getCustomer, listCustomers, putCustomer } from "../../../src/ledger/customers.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const NOVEMBER = { startMs: utc("2026-11-01T00:00"), endMs: utc("2026-12-01T00:00") };
const NOW_MS = utc("2026-11-23T12:34:56.789");

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function put(customerId: string, settings: CustomerSettings = {}, nowMs = NOW_MS, period = NOVEMBER) {
  return putCustomer(fixture.database, customerId, settings, nowMs, withMonthBefore(period));
}

function periodsOf(customerId: string) {
  return fixture.raw(
    "select period_start, period_end from billing_periods where customer_id = $1 order by 1",
    [customerId],
  );
}

/** A customer's periods in order, with how each stands. */
async function spansOf(customerId: string): Promise<[{ startMs: number; endMs: number }, string][]> {
  const rows = await fixture.raw(
    `select (extract(epoch from period_start) * 1000)::bigint as start_ms,
       (extract(epoch from period_end) * 1000)::bigint as end_ms,
       case when closed_at is null then 'open' else 'closed' end as state
     from billing_periods where customer_id = $1 order by period_start`,
    [customerId],
  );
  return rows.map((row) => [
    { startMs: Number(row["start_ms"]), endMs: Number(row["end_ms"]) },
    row["state"] ?? "",
  ]);
}

async function listed(limit: number, after?: { timeMs: number; id: string }): Promise<string[]> {
  return (await listCustomers(fixture.database, limit, after)).map(({ customerId }) => customerId);
}

test("customer: one that was never put is not there", async () => {
  expect(await getCustomer(fixture.database, "cus_acme")).toBeUndefined();
  expect(await deleteCustomer(fixture.database, "cus_acme", NOW_MS)).toBe(false);
});

test.each([
  { name: "plain", customerId: "cus_acme", settings: {} },
  {
    name: "full",
    customerId: "cus_acme",
    settings: { name: "Äcme & Söhne \u{1F600}", plan: "payg", budget: "500.00", metadata: { "a'b": '"\\' } },
  },
  { name: "with a strange id", customerId: "a:%'\";--\u{1F600}", settings: {} },
])("customer: $name is read as it was put", async ({ customerId, settings }) => {
  expect(await put(customerId, settings)).toBe(true);
  expect(await getCustomer(fixture.database, customerId)).toEqual({
    customerId,
    settings,
    createdAtMs: NOW_MS,
  });
});

test("customer: a second put replaces the whole document and keeps creation and period", async () => {
  await put("cus_acme", { name: "Acme", plan: "payg" });

  expect(await put("cus_acme", { budget: "5" }, NOW_MS + 1)).toBe(false);
  expect(await getCustomer(fixture.database, "cus_acme")).toEqual({
    customerId: "cus_acme",
    settings: { budget: "5" },
    createdAtMs: NOW_MS,
  });
  expect((await periodsOf("cus_acme")).length).toBe(1);
});

test("customer: a new one has its first period", async () => {
  await put("cus_acme");

  expect(await duePeriods(fixture.database, NOVEMBER.endMs, 0, 10)).toEqual([
    { customerId: "cus_acme", ...NOVEMBER },
  ]);
});

test("customer: puts at once leave one customer with one period", async () => {
  const puts = Array.from({ length: 6 }, (_, index) =>
    put("cus_acme", { name: `n${index}` }, NOW_MS + index),
  );
  await Promise.all(puts);

  expect(await spansOf("cus_acme")).toEqual([[NOVEMBER, "open"]]);
  expect(await listed(10)).toEqual(["cus_acme"]);
});

test("customer: a deleted one is gone, once, and may come back with its periods as they were", async () => {
  await put("cus_acme", { name: "Acme" });

  expect(await deleteCustomer(fixture.database, "cus_acme", NOW_MS)).toBe(true);
  expect(await deleteCustomer(fixture.database, "cus_acme", NOW_MS)).toBe(false);
  expect(await getCustomer(fixture.database, "cus_acme")).toBeUndefined();
  expect(await listed(10)).toEqual([]);
  expect(await put("cus_acme", { name: "Acme again" }, NOW_MS + 5)).toBe(true);
  expect(await getCustomer(fixture.database, "cus_acme")).toMatchObject({ settings: { name: "Acme again" } });
  expect((await periodsOf("cus_acme")).length).toBe(1);
});

test("customers: are listed from newest to oldest, of one moment by id, page by page, none twice", async () => {
  await put("old", {}, NOW_MS - 1);
  await Promise.all(["b", "a", "c"].map((customerId) => put(customerId, {}, NOW_MS)));
  await put("new", {}, NOW_MS + 1);

  expect(await listed(10)).toEqual(["new", "c", "b", "a", "old"]);
  expect(await listed(2)).toEqual(["new", "c"]);
  expect(await listed(2, { timeMs: NOW_MS, id: "c" })).toEqual(["b", "a"]);
  expect(await listed(2, { timeMs: NOW_MS, id: "a" })).toEqual(["old"]);
  expect(await listed(2, { timeMs: NOW_MS - 1, id: "old" })).toEqual([]);
});

test("customers: a page goes on behind a customer that has been deleted meanwhile", async () => {
  await Promise.all(["a", "b", "c"].map((customerId) => put(customerId)));
  await deleteCustomer(fixture.database, "b", NOW_MS);

  expect(await listed(10, { timeMs: NOW_MS, id: "b" })).toEqual(["a"]);
});
