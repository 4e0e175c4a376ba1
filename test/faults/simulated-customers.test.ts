import { Hono } from "hono";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import type { Deps } from "../../src/deps.ts";
import { knownBy } from "../support/known-key.ts";
import { catalogSimulationRoutes } from "../../src/http/routes/catalog-simulation.ts";
import type { Database } from "../../src/ledger/database.ts";
import { type LedgerFixture, startLedgerFixture } from "../support/ledger-fixture.ts";
import { fillCustomers, NOVEMBER, recorded } from "../support/simulated-customers.ts";

const CUSTOMERS = 10_000;
/** Of the 128 MB that a Worker has. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

// A month's sums are 30,435, levels 1,029: 20.44 + 163.10 + 134.18 + 12,453.00.
const PAYG = { billed: "12770.72", simulated: "12770.72", plan: "payg", simulatedPlan: "payg" };
/** 1,029 seats at 10.00 of its own. */
const OWN = { ...PAYG, billed: "10607.72", simulated: "10607.72" };
const FLAT = { ...PAYG, billed: "99.00", plan: "flat99" };
// Sums from noon on are 21,399, levels 1,009 and 1,029: 29.70 + 11.40 + 163.10 + 89.00 + 12,453.00; with the tiers anew on
// both sides of noon, 160.10 + 27.18 + 12,213.00 in place of the fee.
const CHANGED = { ...PAYG, billed: "12746.20", simulated: "25116.78" };
const EACH_TWENTY = Array.from({ length: 20 }, (_, index) => billOf(index + 1));

function billOf(n: number): typeof PAYG {
  return n % 20 === 1 ? OWN : n % 10 === 0 ? CHANGED : n % 2 === 0 ? FLAT : PAYG;
}

function cents(amount: string | undefined): number {
  return Number(amount?.replace(".", ""));
}

function sumOf(member: "billed" | "simulated"): number {
  return (EACH_TWENTY.reduce((sum, bill) => sum + cents(bill[member]), 0) * CUSTOMERS) / 20;
}

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
  await fillCustomers(fixture, CUSTOMERS);
});
afterAll(() => fixture.stop());

/** The answer to moving everybody from `flat99` to `payg`, as text. */
async function simulate(database: Database, members: object = {}): Promise<string> {
  const deps = { database, keys: knownBy("k", "read"), now: () => NOVEMBER.endMs };
  // The routes ask for nothing else.
  const app = new Hono().route("/", catalogSimulationRoutes(deps as unknown as Deps));
  const response = await app.request("/v1/catalog/simulate", {
    method: "POST",
    headers: { authorization: "Bearer k", "content-type": "application/json" },
    body: JSON.stringify({
      catalog: demoCatalog,
      period: "2026-11",
      planChanges: { flat99: "payg" },
      ...members,
    }),
  });
  expect(response.status).toBe(200);
  return response.text();
}

test("10,000 customers in one call: five pages of usage and a look-up for each set of plans, exactly priced", async () => {
  const { database, calls } = recorded(fixture.database);
  const text = await simulate(database);
  const body = JSON.parse(text);

  const pages = calls.filter(({ text: sql }) => sql.includes("with chosen"));
  // Five full pages, and a look whether anyone comes after them.
  expect(pages.map(({ rows }) => rows.length)).toEqual([2000, 2000, 2000, 2000, 2000, 0]);
  const lookUps = calls.filter(({ text: sql }) => sql.includes("catalog_versions.version ="));
  expect(lookUps).toHaveLength(3);
  // And the meters that were ever published.
  expect(calls).toHaveLength(pages.length + lookUps.length + 1);

  expect([body.totals.customers, body.data.length, body.nextCursor]).toEqual([CUSTOMERS, CUSTOMERS, null]);
  const ids = body.data.map(({ customerId }: { customerId: string }) => customerId);
  expect([new Set(ids).size, ids.toSorted()]).toEqual([CUSTOMERS, ids]);
  expect(body.data).toMatchObject(ids.map((_: string, index: number) => billOf(index + 1)));
  expect([cents(body.totals.billed), cents(body.totals.simulated)]).toEqual([
    sumOf("billed"),
    sumOf("simulated"),
  ]);
  expect(Buffer.byteLength(text)).toBeLessThan(MAX_ANSWER_BYTES);
});

test("page by page through the API: the same customers and the same sums", async () => {
  const sums = { billed: 0, simulated: 0 };
  let cursor: string | null = null;
  let customers = 0;
  do {
    const body: { nextCursor: string | null; totals: Record<string, string>; data: unknown[] } = JSON.parse(
      await simulate(fixture.database, { limit: 3333, cursor }),
    );
    customers += body.data.length;
    sums.billed += cents(body.totals["billed"]);
    sums.simulated += cents(body.totals["simulated"]);
    cursor = body.nextCursor;
  } while (cursor !== null);
  expect([customers, sums]).toEqual([CUSTOMERS, { billed: sumOf("billed"), simulated: sumOf("simulated") }]);
});
