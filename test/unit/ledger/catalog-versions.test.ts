import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import {
  catalogInForce,
  insertCatalog,
  latestCatalog,
  plansInUse,
  publishedMeters,
} from "../../../src/ledger/catalog-versions.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { documentOf } from "../../support/catalog-fixture.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";

const catalog = catalogSchema.parse(demoCatalog);
const FIRST_MS = Date.parse("2026-11-01T00:00:00.001Z");

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function publish(previous: number, atMs: number, document = catalog) {
  return insertCatalog(fixture.database, previous, document, atMs, "test");
}

test("catalog: there is none before the first", async () => {
  expect(await latestCatalog(fixture.database)).toBeUndefined();
  expect(await catalogInForce(fixture.database, FIRST_MS)).toBeUndefined();
  expect(await publishedMeters(fixture.database)).toEqual([]);
});

test("catalog: a version is read as it was published", async () => {
  expect(await publish(0, FIRST_MS)).toBe(true);
  expect(await latestCatalog(fixture.database)).toEqual({ version: 1, catalog, publishedAtMs: FIRST_MS });
});

test("catalog: of two who publish after the same version one wins and nothing is overwritten", async () => {
  const other = catalogSchema.parse({ ...demoCatalog, defaultPlan: "flat99" });
  const answers = await Promise.all([
    publish(0, FIRST_MS),
    publish(0, FIRST_MS, other),
    publish(0, FIRST_MS),
  ]);

  expect(answers.filter(Boolean).length).toBe(1);
  expect(await publish(0, FIRST_MS + 1, other)).toBe(false);
  expect(await latestCatalog(fixture.database)).toMatchObject({ version: 1, publishedAtMs: FIRST_MS });
});

test.each([
  { name: "before the first: the first", atMs: FIRST_MS - 1, version: 1 },
  { name: "when the first was published", atMs: FIRST_MS, version: 1 },
  { name: "just before the second", atMs: FIRST_MS + 999, version: 1 },
  { name: "when the second was published", atMs: FIRST_MS + 1000, version: 2 },
  { name: "when two were published at once: the later", atMs: FIRST_MS + 2000, version: 4 },
  { name: "long after", atMs: FIRST_MS + 10 ** 12, version: 4 },
])("catalog: in force $name", async ({ atMs, version }) => {
  const published = [FIRST_MS, FIRST_MS + 1000, FIRST_MS + 2000, FIRST_MS + 2000];
  for (const [previous, publishedMs] of published.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- each version comes after the one before
    await publish(previous, publishedMs);
  }

  expect((await catalogInForce(fixture.database, atMs))?.version).toBe(version);
  expect((await latestCatalog(fixture.database))?.version).toBe(4);
});

test("catalog: meters ever published are told as they were first", async () => {
  const before = catalogSchema.parse(documentOf(2, [{ upTo: null, unitPrice: "1" }]));
  const after = catalogSchema.parse(documentOf(5, [{ upTo: null, unitPrice: "1" }]));
  await publish(0, FIRST_MS, before);
  await publish(1, FIRST_MS + 1, after);
  await publish(2, FIRST_MS + 2);

  expect(await publishedMeters(fixture.database)).toEqual(
    [...catalog.meters, ...before.meters].toSorted((left, right) => (left.name < right.name ? -1 : 1)),
  );
});

test.each([
  { name: "that the version in force has: that one", plan: "payg", version: 1 },
  { name: "that came later: the first that has it", plan: "gold", version: 3 },
  { name: "that went again: the one that had it", plan: "brass", version: 2 },
  { name: "that never was: none", plan: "silver", version: undefined },
])("catalog: in force for a plan $name", async ({ plan, version }) => {
  const [, payg] = catalog.plans;
  const withPlan = (name: string) =>
    catalogSchema.parse({ ...demoCatalog, plans: [...demoCatalog.plans, { ...payg, name }] });
  await publish(0, FIRST_MS);
  await publish(1, FIRST_MS + 1000, withPlan("brass"));
  await publish(2, FIRST_MS + 2000, withPlan("gold"));
  await publish(3, FIRST_MS + 3000, withPlan("gold"));

  expect((await catalogInForce(fixture.database, FIRST_MS + 999, plan))?.version).toBe(version);
});

test("catalog: in force for a plan is no version from before the moment", async () => {
  await publish(0, FIRST_MS);
  await publish(
    1,
    FIRST_MS + 1000,
    catalogSchema.parse({ ...demoCatalog, plans: demoCatalog.plans.slice(1) }),
  );

  expect(await catalogInForce(fixture.database, FIRST_MS + 1000, "flat99")).toBeUndefined();
  expect((await catalogInForce(fixture.database, FIRST_MS + 999, "flat99"))?.version).toBe(1);
});

test("catalog: plans in use are those of customers who are there, or were and have a period to close", async () => {
  const periods = withMonthBefore({ startMs: FIRST_MS, endMs: FIRST_MS + 1 });
  const plans = { a: "payg", b: "flat99", c: "payg", d: undefined, e: "gone", f: "open" };
  for (const [customerId, plan] of Object.entries(plans)) {
    // oxlint-disable-next-line no-await-in-loop -- few, and in order
    await putCustomer(fixture.database, customerId, plan === undefined ? {} : { plan }, FIRST_MS, periods);
  }
  await deleteCustomer(fixture.database, "e", FIRST_MS);
  await deleteCustomer(fixture.database, "f", FIRST_MS);

  expect(await plansInUse(fixture.database)).toEqual(["flat99", "gone", "open", "payg"]);
  await fixture.raw("update billing_periods set closed_at = period_end where customer_id in ('b', 'e')");
  expect(await plansInUse(fixture.database)).toEqual(["flat99", "open", "payg"]);
});
