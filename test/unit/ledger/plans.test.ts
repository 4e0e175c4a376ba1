import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database, Statement } from "../../../src/ledger/database.ts";
import { fillLedger } from "../../support/filled-ledger.ts";
import { LEDGER_CALLS } from "../../support/ledger-calls.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

/** Tables that do not grow with usage, customers or time. */
const SMALL = new Set([
  "catalog_versions",
  "flush_shards",
  "redis_losses",
  "schema_migrations",
  "stripe_sweeps",
]);
/** Indexes of what waits for a run, read whole by it: they do not grow either. */
const WAITING = new Set(["invoices_unsent", "notifications_unaddressed"]);
/** Statements that are not called by themselves, and what they are a part of. */
const PARTS: Record<string, string> = {
  lockReach: "closeWithInvoice",
  fillStripeCustomer: "putCustomer",
  lockShard: "writeClaim",
  noteClaim: "writeClaim",
  noteVoidInStripe: "moveByEvent",
  tellOfStatus: "closeWithInvoice",
  extendCustomer: "putCustomer",
  firstPeriods: "putCustomer",
  realignNext: "putCustomer",
  closeTimeAway: "putCustomer",
  removeAhead: "deleteCustomer",
  restartPlan: "putCustomer",
  changePlan: "putCustomer",
  forgetIdleChange: "putCustomer",
};

/** The most that can be asked for takes seconds, on a machine that does something else too. */
const TIMEOUT_MS = 60_000;

/** A part of a plan, as Postgres prints it in JSON. */
interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  Plans?: PlanNode[];
}

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
  await fillLedger(fixture);
}, 300_000);
afterAll(() => fixture.stop());

async function planOf({ text, params }: Statement): Promise<PlanNode> {
  const values = params.map((value) => (value === null ? null : String(value)));
  const [row] = await fixture.raw(`explain (format json) ${text}`, values);
  const [{ Plan }] = JSON.parse(row?.["QUERY PLAN"] ?? "") as [{ Plan: PlanNode }];
  return Plan;
}

/** The product's access to the ledger; `scans` takes what a statement reads from end to end, before it is run. */
function watched(scans: string[]): Database {
  const watch = async (statement: Statement): Promise<void> => {
    const found = scansIn(await planOf(statement));
    scans.push(...found.map((scan) => `${scan}: ${statement.text}`));
  };
  return {
    query: async (text, params, timeoutMs) => {
      await watch({ text, params });
      return fixture.database.query(text, params, timeoutMs);
    },
    transaction: async (statements) => {
      for (const statement of statements) {
        await watch(statement);
      }
      return fixture.database.transaction(statements);
    },
  };
}

/** A table without an index, or an index without a condition, unless its reader stops after some rows. */
function scansIn(node: PlanNode, reader = ""): string[] {
  const type = node["Node Type"];
  const table = node["Relation Name"];
  const index = node["Index Name"];
  const isWhole =
    (type === "Seq Scan" && !SMALL.has(table ?? "")) ||
    (/Index (Only )?Scan/.test(type) &&
      node["Index Cond"] === undefined &&
      reader !== "Limit" &&
      !SMALL.has(table ?? "") &&
      !WAITING.has(index ?? ""));
  const below = (node.Plans ?? []).flatMap((child) => scansIn(child, type));
  return isWhole ? [`${type} on ${index ?? table}`, ...below] : below;
}

test(
  "plans: the ledger is as large as it is said to be",
  async () => {
    const [rows] = await fixture.raw(`
select (select count(*) from usage_daily where day >= '2026-01-01') as days,
  (select count(*) from usage_records where window_start >= '2026-01-01') as hours,
  (select count(*) from customers) as customers`);

    expect(rows).toEqual({ days: "3600000", hours: "1920000", customers: "10000" });
  },
  TIMEOUT_MS,
);

test.each(LEDGER_CALLS)(
  "plans: $name, $asked: reads no growing table from end to end",
  async ({ call }) => {
    const scans: string[] = [];
    await call(watched(scans));
    expect(scans).toEqual([]);
  },
  TIMEOUT_MS,
);

test("plans: every statement of the ledger is among them", async () => {
  const folder = new URL("../../../src/ledger/", import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".ts"));
  const sources = await Promise.all(files.map((name) => readFile(new URL(name, folder), "utf8")));
  const functions = sources.flatMap((source) => [
    ...source.matchAll(/^export (?:async )?function (\w+)\(([^)]*)\): (\w+)/gm),
  ]);
  const asking = functions
    .filter(([, , params = "", answer = ""]) => /: Database\b/.test(params) || answer === "Statement")
    .map(([, name = ""]) => name);
  const called = new Set(LEDGER_CALLS.map(({ name }) => name));

  expect(asking.filter((name) => !called.has(PARTS[name] ?? name))).toEqual([]);
  expect(asking.length).toBeGreaterThan(called.size);
});

test("plans: what is read from end to end is told, by whatever it is read", async () => {
  const scans: string[] = [];
  const { query } = watched(scans);
  await query("select 1 from customers where created_at > now() or updated_at > now()", []);
  await query("select customer_id from customers order by customer_id", []);
  await query("select customer_id from customers order by customer_id limit 1", []);

  expect(scans.map((scan) => scan.split(":")[0])).toEqual([
    "Seq Scan on customers",
    "Index Only Scan on customers_pkey",
  ]);
});
