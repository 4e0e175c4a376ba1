import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import {
  catalogInForce,
  getCatalogVersion,
  insertCatalog,
  latestCatalog,
  listCatalogVersions,
  publishedMeters,
} from "../../../src/ledger/catalog-versions.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { documentOf } from "../../support/catalog-fixture.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

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

/** The version that prices a period that ends at a moment, all before it being published for it. */
async function inForceAt(endMs: number, ...planNames: (string | undefined)[]): Promise<number | undefined> {
  const period = { startMs: 0, endMs };
  return (await catalogInForce(fixture.database, period, endMs, planNames))?.version;
}

test("catalog: there is none before the first", async () => {
  expect(await latestCatalog(fixture.database)).toBeUndefined();
  expect(await inForceAt(FIRST_MS)).toBeUndefined();
  expect(await getCatalogVersion(fixture.database, 1)).toBeUndefined();
  expect(await listCatalogVersions(fixture.database, 10, undefined)).toEqual([]);
  expect(await publishedMeters(fixture.database)).toEqual([]);
});

test("catalog: a version is read as it was published", async () => {
  expect(await publish(0, FIRST_MS)).toBe(true);
  const first = {
    version: 1,
    catalog,
    publishedAtMs: FIRST_MS,
    publishedBy: "test",
    reason: undefined,
    effective: "now",
  };
  expect(await latestCatalog(fixture.database)).toEqual(first);
  const terms = { reason: "Costs rose \u{1F4C8}", effective: "nextPeriod" } as const;
  expect(await insertCatalog(fixture.database, 1, catalog, FIRST_MS + 1, "key-7", terms)).toBe(true);
  const second = { version: 2, catalog, publishedAtMs: FIRST_MS + 1, publishedBy: "key-7", ...terms };
  expect(await latestCatalog(fixture.database)).toEqual(second);
  expect(await getCatalogVersion(fixture.database, 1)).toEqual(first);
  expect(await getCatalogVersion(fixture.database, 2)).toEqual(second);
  expect(await getCatalogVersion(fixture.database, 3)).toBeUndefined();
  const { catalog: _, ...summary } = second;
  expect((await listCatalogVersions(fixture.database, 1, undefined))[0]).toEqual(summary);
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

  expect(await inForceAt(atMs)).toBe(version);
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

  expect(await inForceAt(FIRST_MS + 999, plan)).toBe(version);
});

test("catalog: in force for a plan is no version from before the moment", async () => {
  await publish(0, FIRST_MS);
  await publish(
    1,
    FIRST_MS + 1000,
    catalogSchema.parse({ ...demoCatalog, plans: demoCatalog.plans.slice(1) }),
  );

  expect(await inForceAt(FIRST_MS + 1000, "flat99")).toBeUndefined();
  expect(await inForceAt(FIRST_MS + 999, "flat99")).toBe(1);
});

test.each([
  { name: "two that are there: the version in force", plans: ["payg", "flat99", undefined], version: 1 },
  { name: "one that came and one that went: the first that has both", plans: ["gold", "brass"], version: 3 },
  { name: "two that no version has together: none", plans: ["brass", "tin"], version: undefined },
  { name: "the default plan alone: the version in force", plans: [undefined], version: 1 },
  { name: "nobody: the version in force", plans: [], version: 1 },
  { name: "one named twice: as if once", plans: ["gold", "gold"], version: 3 },
])("catalog: in force for plans $name", async ({ plans, version }) => {
  const [, payg] = catalog.plans;
  const having = (...names: string[]) =>
    catalogSchema.parse({
      ...demoCatalog,
      plans: [...demoCatalog.plans, ...names.map((name) => ({ ...payg, name }))],
    });
  await publish(0, FIRST_MS);
  await publish(1, FIRST_MS + 1000, having("brass"));
  await publish(2, FIRST_MS + 2000, having("gold", "brass"));
  await publish(3, FIRST_MS + 3000, having("gold", "tin"));

  expect(await inForceAt(FIRST_MS + 999, ...plans)).toBe(version);
});

test("catalog: versions are listed from newest to oldest, page by page", async () => {
  for (const previous of [0, 1, 2, 3, 4]) {
    await publish(previous, FIRST_MS - previous);
  }
  const listed = async (limit: number, before?: number) =>
    (await listCatalogVersions(fixture.database, limit, before)).map(({ version }) => version);

  expect(await listed(2)).toEqual([5, 4]);
  expect(await listed(2, 4)).toEqual([3, 2]);
  expect(await listed(2, 2)).toEqual([1]);
  expect(await listed(2, 1)).toEqual([]);
});
