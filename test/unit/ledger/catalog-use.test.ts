import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  customerInCurrency,
  ownPricedMeters,
  plansInUse,
  plansToBill,
} from "../../../src/ledger/catalog-use.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";

const FIRST_MS = Date.parse("2026-11-01T00:00:00.001Z");
const PERIODS = withMonthBefore({ startMs: FIRST_MS, endMs: FIRST_MS + 1 });

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

async function put(customerId: string, settings: object): Promise<void> {
  await putCustomer(fixture.database, customerId, settings, FIRST_MS, PERIODS);
}

async function closePeriods(...customerIds: string[]): Promise<void> {
  await fixture.raw("update billing_periods set closed_at = period_end where customer_id = any ($1)", [
    customerIds,
  ]);
}

test("plans in use are those of customers who are there, or were and have a period to close", async () => {
  const plans = { a: "payg", b: "flat99", c: "payg", d: undefined, e: "gone", f: "open" };
  for (const [customerId, plan] of Object.entries(plans)) {
    await put(customerId, plan === undefined ? {} : { plan });
  }
  await deleteCustomer(fixture.database, "e", FIRST_MS);
  await deleteCustomer(fixture.database, "f", FIRST_MS);

  expect(await plansInUse(fixture.database)).toEqual(["flat99", "gone", "open", "payg"]);
  await closePeriods("b", "e");
  expect(await plansInUse(fixture.database)).toEqual(["flat99", "open", "payg"]);
});

test("plans to bill are those of parts of periods that are not closed", async () => {
  const october = withMonthBefore({
    startMs: Date.parse("2026-10-01T00:00Z"),
    endMs: Date.parse("2026-11-01T00:00Z"),
  });
  const at = (plan: string, time: string) =>
    putCustomer(fixture.database, "a", { plan }, Date.parse(time), october);
  await at("before", "2026-10-01T00:30Z");
  await at("first", "2026-10-01T01:30Z");
  await at("second", "2026-10-10T01:30Z");

  expect(await plansToBill(fixture.database)).toEqual(["before", "first", "second"]);
  expect(await plansInUse(fixture.database)).toEqual(["second"]);
  await fixture.raw("update billing_periods set closed_at = period_end");
  expect(await plansToBill(fixture.database)).toEqual([]);
  await fixture.raw(
    "insert into billing_periods (customer_id, period_start, period_end) values ('a', '2026-11-01T00:00Z', '2026-12-01T00:00Z')",
  );
  expect(await plansToBill(fixture.database)).toEqual(["second"]);
});

test("meters with own prices are those of customers who are there, or were and have a period to close", async () => {
  const priced = (...names: string[]) => ({
    prices: names.map((metricName) => ({ metricName, model: "flat", flatFee: "1" })),
  });
  await put("a", priced("calls", "seats"));
  await put("b", priced("calls"));
  await put("c", {});
  await put("d", { prices: [] });
  await put("e", priced("gone"));
  await put("f", priced("open"));
  await deleteCustomer(fixture.database, "e", FIRST_MS);
  await deleteCustomer(fixture.database, "f", FIRST_MS);
  await closePeriods("a", "e");
  const asked = ["seats", "never", "open", "gone", "calls", "metricName", "flat"];

  expect(await ownPricedMeters(fixture.database, asked)).toEqual(["calls", "open", "seats"]);
  expect(await ownPricedMeters(fixture.database, ["never"])).toEqual([]);
  expect(await ownPricedMeters(fixture.database, [])).toEqual([]);
});

test.each([
  { name: "a budget", settings: { budget: "500" }, isFound: true },
  { name: "own prices", settings: { prices: [{ metricName: "calls" }] }, isFound: true },
  { name: "neither", settings: { plan: "payg", metadata: { budget: "500" } }, isFound: false },
])("a customer in the currency is one with $name: $isFound", async ({ settings, isFound }) => {
  await put("other", {});
  await put("a", settings);
  const found = isFound ? "a" : undefined;

  expect(await customerInCurrency(fixture.database)).toBe(found);
  await deleteCustomer(fixture.database, "a", FIRST_MS);
  expect(await customerInCurrency(fixture.database)).toBe(found);
  await closePeriods("a");
  expect(await customerInCurrency(fixture.database)).toBeUndefined();
});

test("a customer in the currency is also one that had own prices in a part of a period that is not closed", async () => {
  const october = withMonthBefore({
    startMs: Date.parse("2026-10-01T00:00Z"),
    endMs: Date.parse("2026-11-01T00:00Z"),
  });
  const at = (settings: object, time: string) =>
    putCustomer(fixture.database, "a", settings, Date.parse(time), october);
  await at({ prices: [{ metricName: "calls", model: "flat", flatFee: "1" }] }, "2026-10-01T00:30Z");
  await at({}, "2026-10-10T01:30Z");

  expect(await customerInCurrency(fixture.database)).toBe("a");
  await closePeriods("a");
  expect(await customerInCurrency(fixture.database)).toBeUndefined();
});
