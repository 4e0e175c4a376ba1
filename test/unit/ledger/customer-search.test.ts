import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { customersById, customersByName, searchCustomers } from "../../../src/ledger/customer-search.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";

const NOW_MS = Date.parse("2026-11-23T12:34:56Z");
const NOVEMBER = { startMs: Date.parse("2026-11-01T00:00Z"), endMs: Date.parse("2026-12-01T00:00Z") };

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(async () => {
  await fixture.clear();
  await put("cus_9", "Acme Robotics");
  await put("cus_1", "acme");
  await put("Acme_id");
  await put("cus_2", "Zeta");
  await put("cus_3", "100% _pure");
});
afterAll(() => fixture.stop());

function put(customerId: string, name?: string): Promise<boolean> {
  const settings = name === undefined ? {} : { name };
  return putCustomer(fixture.database, customerId, settings, NOW_MS, withMonthBefore(NOVEMBER));
}

const ids = (found: readonly { customerId: string }[]): string[] => found.map(({ customerId }) => customerId);

test.each([
  ["acme", ["cus_1", "cus_9", "Acme_id"]],
  ["ACME R", ["cus_9"]],
  ["Acme_", ["Acme_id"]],
  ["cus_", ["cus_3", "cus_1", "cus_9", "cus_2"]],
  ["CUS_", []],
  ["100%", ["cus_3"]],
  ["%", []],
  ["_", []],
  ["zz", []],
])("customer search: %j finds whose name or id begins so", async (prefix, expected) => {
  expect(ids(await searchCustomers(fixture.database, prefix, 10))).toEqual(expected);
});

test("customer search: no more than asked for, and nobody who was deleted", async () => {
  expect(await searchCustomers(fixture.database, "cus_", 2)).toHaveLength(2);
  await deleteCustomer(fixture.database, "cus_9", NOW_MS);
  expect(ids(await searchCustomers(fixture.database, "acme", 10))).toEqual(["cus_1", "Acme_id"]);
});

test("customer search: pages by name and by id have everybody once", async () => {
  const first = await customersByName(fixture.database, 3, undefined);
  expect(ids(first)).toEqual(["cus_3", "cus_1", "cus_9"]);
  const after = { name: "Acme Robotics", id: "cus_9" };
  expect(ids(await customersByName(fixture.database, 3, after))).toEqual(["Acme_id", "cus_2"]);

  expect(ids(await customersById(fixture.database, 3, ""))).toEqual(["Acme_id", "cus_1", "cus_2"]);
  expect(ids(await customersById(fixture.database, 3, "cus_2"))).toEqual(["cus_3", "cus_9"]);
});
