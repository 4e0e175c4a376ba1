import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { unknownCustomers, type CustomerMemory } from "../../../src/catalog/known-customers.ts";
import { markKnown, unmarkKnown } from "../../../src/counters/known-customers.ts";
import { periodContaining } from "../../../src/domain/period.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { NoStore } from "../../../src/ingest/apply-or-spool.ts";
import type { IngestDeps } from "../../../src/ingest/record-usage.ts";
import { type IngestFixture, record, startIngestFixture } from "../../support/counting-ingest.ts";
import { BASE_MS } from "../../support/counting-world.ts";

const KNOWN_MS = 60_000;
const UNKNOWN_MS = 5000;

let fixture: IngestFixture;

beforeAll(async () => {
  fixture = await startIngestFixture();
}, 60_000);
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.raw.del("known");
  await fixture.sql.query("delete from billing_periods; delete from customer_plans; delete from customers");
  fixture.asked();
});
afterEach(() => {
  fixture.stores.upstash.faults.reset();
  fixture.stores.neon.faults.reset();
});

/** An isolate of a deployment that requires known customers; it has the catalog. */
async function isolate(): Promise<IngestDeps> {
  const deps = fixture.isolate();
  await record(deps, [{ customerId: "warm", metricName: "calls" }], BASE_MS);
  fixture.asked();
  return { ...deps, requireKnownCustomers: true };
}

async function put(customerId: string): Promise<void> {
  const { database } = fixture.isolate();
  const current = periodContaining(BASE_MS);
  await putCustomer(database, customerId, {}, BASE_MS, {
    current,
    before: periodContaining(current.startMs - 1),
  });
}

const event = (customerId: string) => ({ customerId, metricName: "calls" });
const SELECT = expect.stringMatching(/^select customer_id from customers/) as string;

test("known to Redis: is counted, and Postgres is not asked", async () => {
  const deps = await isolate();
  await markKnown(deps.redis, ["a", "b"]);
  fixture.asked();
  expect(await record(deps, [event("a"), event("b"), event("a")], BASE_MS)).toEqual([
    "recorded",
    "recorded",
    "recorded",
  ]);
  expect(fixture.asked()).toEqual({ redis: ["SMISMEMBER", "EVALSHA"], postgres: [] });
});

test("known to Postgres: is asked there once and put back for all isolates", async () => {
  await put("a");
  expect(await record(await isolate(), [event("a")], BASE_MS)).toEqual(["recorded"]);
  expect(fixture.asked()).toEqual({ redis: ["SMISMEMBER", "SADD", "EVALSHA"], postgres: [SELECT] });
  expect(await fixture.raw.smembers("known")).toEqual(["a"]);
  expect(await record(await isolate(), [event("a")], BASE_MS)).toEqual(["recorded"]);
  expect(fixture.asked()).toEqual({ redis: ["SMISMEMBER", "EVALSHA"], postgres: [] });
});

test("some known here, some there, some nowhere: only what Redis does not know is asked of Postgres", async () => {
  await put("b");
  const deps = await isolate();
  await markKnown(deps.redis, ["a"]);
  fixture.asked();
  const events = [event("nobody"), event("a"), { ...event("b"), value: -1 }, event("b"), event("nobody")];
  expect(await record(deps, events, BASE_MS)).toEqual([
    "unknown_customer",
    "recorded",
    "value_out_of_range",
    "recorded",
    "unknown_customer",
  ]);
  expect(fixture.asked()).toEqual({ redis: ["SMISMEMBER", "SADD", "EVALSHA"], postgres: [SELECT] });
  expect(await fixture.raw.smembers("known")).toEqual(expect.arrayContaining(["a", "b"]));
  expect(await fixture.raw.scard("known")).toBe(2);
});

test("only unknown ones: nothing is counted, and no id is remembered", async () => {
  const before = await fixture.raw.dbsize();
  expect(await record(await isolate(), [{ ...event("x"), id: "1" }], BASE_MS)).toEqual(["unknown_customer"]);
  expect(fixture.asked()).toEqual({ redis: ["SMISMEMBER"], postgres: [SELECT] });
  // The isolate's own first event, and its id.
  expect(await fixture.raw.dbsize()).toBe(before + 1);
});

test("unknown: Postgres is asked again after five seconds, Redis at once", async () => {
  const deps = await isolate();
  expect(await record(deps, [event("late"), event("later")], BASE_MS)).toEqual([
    "unknown_customer",
    "unknown_customer",
  ]);
  await put("late");
  await put("later");
  await markKnown(deps.redis, ["later"]);
  fixture.asked();
  expect(await record(deps, [event("late")], BASE_MS + UNKNOWN_MS - 1)).toEqual(["unknown_customer"]);
  expect(fixture.asked()).toEqual({ redis: ["SMISMEMBER"], postgres: [] });
  expect(await record(deps, [event("later")], BASE_MS + 1)).toEqual(["recorded"]);
  expect(await record(deps, [event("late")], BASE_MS + UNKNOWN_MS)).toEqual(["recorded"]);
});

test("known: is remembered for a minute, and what is deleted meanwhile is unknown then", async () => {
  await put("a");
  const deps = await isolate();
  expect(await record(deps, [event("a")], BASE_MS)).toEqual(["recorded"]);
  await deleteCustomer(deps.database, "a", BASE_MS);
  await unmarkKnown(deps.redis, "a");
  const lastMs = BASE_MS + KNOWN_MS - 1;
  expect(await record(deps, [event("a")], lastMs)).toEqual(["recorded"]);
  expect(await record(deps, [event("a")], lastMs + 1)).toEqual(["unknown_customer"]);
});

test("under an Idempotency-Key: a refused row keeps its place, and stays refused when it is known later", async () => {
  await put("a");
  const deps = await isolate();
  const events = [event("b"), event("a")];
  expect(await record(deps, events, BASE_MS, "k-known")).toEqual(["unknown_customer", "recorded"]);
  await put("b");
  expect(await record(deps, events, BASE_MS + UNKNOWN_MS, "k-known")).toEqual([
    "event_conflict",
    "duplicate",
  ]);
});

test("Redis away: Postgres tells who is known, and the batch is spooled", async () => {
  await put("a");
  const deps = await isolate();
  fixture.stores.upstash.faults.add({ mode: "before", times: 10 });
  expect(await record(deps, [event("a"), event("nobody")], BASE_MS)).toEqual(["spooled", "unknown_customer"]);
});

test("Postgres away: whom Redis does not know is counted, and judged again when it is back", async () => {
  const deps = await isolate();
  await markKnown(deps.redis, ["a"]);
  fixture.stores.neon.faults.add({ mode: "before" });
  expect(await record(deps, [event("a"), event("nobody")], BASE_MS)).toEqual(["recorded", "recorded"]);
  expect(await record(deps, [event("a"), event("nobody")], BASE_MS)).toEqual([
    "recorded",
    "unknown_customer",
  ]);
});

test("no store tells, and none takes it: is an error, not an unknown customer", async () => {
  const deps = await isolate();
  fixture.stores.upstash.faults.add({ mode: "before", times: 10 });
  fixture.stores.neon.faults.add({ mode: "before", times: 10 });
  await expect(record(deps, [event("a")], BASE_MS)).rejects.toThrow(NoStore);
});

test("not required: nobody is looked up", async () => {
  const deps = { ...(await isolate()), requireKnownCustomers: false };
  expect(await record(deps, [event("nobody")], BASE_MS)).toEqual(["recorded"]);
  expect(fixture.asked()).toEqual({ redis: ["EVALSHA"], postgres: [] });
});

test("ten thousand remembered: are forgotten at once, and the request is told right", async () => {
  await put("a");
  const entries = Array.from({ length: 10_000 }, (_, index) => [
    `c${index}`,
    { isKnown: true, untilMs: BASE_MS + 1 },
  ]);
  const customerMemory: CustomerMemory = new Map(
    entries as [string, { isKnown: boolean; untilMs: number }][],
  );
  const deps = { ...(await isolate()), customerMemory };
  expect(await unknownCustomers(deps, ["c1", "a", "nobody"], BASE_MS)).toEqual(new Set(["nobody"]));
  expect([...customerMemory.keys()]).toEqual(["a", "nobody"]);
});
