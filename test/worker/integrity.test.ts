import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { askLedger, flushAll, playAt, publishPlans, record } from "./played-time.ts";
import { ADMIN, call, INGEST, READ, trigger } from "./worker-api.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let nowMs: number;

beforeAll(async () => {
  await flushAll();
  // Of later moments that others have played.
  await askLedger("delete from job_runs", []);
  playAt(2, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
beforeEach(() => {
  nowMs = playAt(2, 10);
});
afterAll(() => {
  vi.useRealTimers();
});

interface Finding {
  kind: string;
  customerId: string;
  goneAt: string | null;
}

/** What is open of a customer. */
async function openOf(customerId: string): Promise<Finding[]> {
  const { status, body } = await call("GET", "/v1/integrity", READ);
  expect(status).toBe(200);
  return (body.findings as Finding[]).filter((one) => one.customerId === customerId && one.goneAt === null);
}

async function flushed(customerId: string): Promise<void> {
  await record(customerId, "api_calls", 7);
  await trigger("* * * * *", nowMs);
}

test("a day that does not agree: is drift until it agrees, by hand and by the hourly run", async () => {
  await flushed("int-days");
  expect(await openOf("int-days")).toEqual([]);
  await askLedger("update usage_daily set value = value + 1 where customer_id = $1", ["int-days"]);

  const run = await call("POST", "/v1/integrity/run", ADMIN);
  expect(run.status).toBe(200);
  expect(run.body).toMatchObject({
    status: "drift",
    days: { checked: expect.any(Number), drifted: 1 },
    counters: { checked: expect.any(Number), moving: expect.any(Number), drifted: 0 },
    checkedAt: new Date(nowMs).toISOString(),
  });
  const { body } = await call("GET", "/v1/integrity", READ);
  expect([body.status, body.checkedAt]).toEqual(["drift", new Date(nowMs).toISOString()]);
  expect(await openOf("int-days")).toEqual([
    {
      kind: "days",
      customerId: "int-days",
      day: new Date(nowMs).toISOString().slice(0, 10),
      differing: 1,
      series: [
        { metricName: "api_calls", dimensions: {}, hours: "7", day: "8", hoursLastAt: null, dayLastAt: null },
      ],
      foundAt: new Date(nowMs).toISOString(),
      seenAt: new Date(nowMs).toISOString(),
      goneAt: null,
    },
  ]);
  // Nothing is set right by a check.
  expect((await call("GET", "/v1/customers/int-days/usage", READ)).body.metrics[0].current).toBe("8");

  await askLedger("update usage_daily set value = value - 1 where customer_id = $1", ["int-days"]);
  vi.setSystemTime(nowMs + HOUR_MS);
  await trigger("17 * * * *", nowMs + HOUR_MS);
  expect(await openOf("int-days")).toEqual([]);
  const after = await call("GET", "/v1/integrity", READ);
  expect(after.body.findings.filter(({ goneAt }: Finding) => goneAt === null)).toEqual([]);
  expect([after.body.status, after.body.checkedAt]).toEqual(["ok", new Date(nowMs + HOUR_MS).toISOString()]);
});

test("a counter that does not agree: is drift, and told", async () => {
  await flushed("int-counters");
  await askLedger("update usage_records set value = 6 where customer_id = $1", ["int-counters"]);
  await askLedger("update usage_daily set value = 6 where customer_id = $1", ["int-counters"]);
  await call("POST", "/v1/integrity/run", ADMIN);

  expect(await openOf("int-counters")).toMatchObject([
    { kind: "counters", differing: 1, series: [{ metricName: "api_calls", counter: "7", ledger: "6" }] },
  ]);
  const told = await askLedger(
    "select data ->> 'kind' as kind from notifications where type = $1 and data ->> 'customerId' = $2",
    ["integrity.drift_detected", "int-counters"],
  );
  expect(told).toEqual([{ kind: "counters" }]);
  await askLedger("update usage_records set value = 7 where customer_id = $1", ["int-counters"]);
  await askLedger("update usage_daily set value = 7 where customer_id = $1", ["int-counters"]);
  await call("POST", "/v1/integrity/run", ADMIN);
  expect(await openOf("int-counters")).toEqual([]);
});

test("a fence by hand: counters begin anew, usage that was flushed stays, and it is a loss", async () => {
  await flushed("int-fence");
  const { status, body } = await call("POST", "/v1/integrity/fence", ADMIN);
  expect([status, typeof body.incident]).toEqual([200, "string"]);
  expect(body.buckets).toBeGreaterThanOrEqual(1);
  const { body: state } = await call("GET", "/v1/integrity", READ);
  expect(state.redisLosses[0]).toMatchObject({
    id: body.incident,
    kind: "fenced_by_hand",
    noticedAt: new Date(nowMs).toISOString(),
    fencedAt: new Date(nowMs).toISOString(),
  });
  await record("int-fence", "api_calls", 5);
  const usage = await call("GET", "/v1/customers/int-fence/usage", READ);
  expect(usage.body.metrics[0].current).toBe("12");
  await trigger("* * * * *", nowMs + MINUTE_MS);
  expect((await call("GET", "/v1/customers/int-fence/usage", READ)).body.metrics[0].current).toBe("12");
});

test("integrity: is read with a read key, run and fenced with an admin key", async () => {
  for (const path of ["run", "fence"]) {
    expect((await call("POST", `/v1/integrity/${path}`, READ)).status).toBe(403);
    expect((await call("POST", `/v1/integrity/${path}`, INGEST)).status).toBe(403);
    expect((await call("POST", `/v1/integrity/${path}`, undefined)).status).toBe(401);
  }
  expect((await call("GET", "/v1/integrity", INGEST)).status).toBe(403);
});

test("a flush whose oldest bucket waited too long: is told once an hour", async () => {
  await record("int-delay", "api_calls", 1);
  await trigger("* * * * *", nowMs + 10 * MINUTE_MS);
  await record("int-delay", "api_calls", 1);
  await trigger("* * * * *", nowMs + 20 * MINUTE_MS);
  const told = await askLedger(
    "select subject, data ->> 'lagSeconds' as lag from notifications where type = $1 and subject = $2",
    ["operations.flush_delayed", `flush_delayed:${new Date(nowMs).toISOString()}`],
  );
  expect(told).toEqual([{ subject: `flush_delayed:${new Date(nowMs).toISOString()}`, lag: "600" }]);
});

test("the hourly run: tells of each of its parts", async () => {
  await trigger("17 * * * *", nowMs);
  const { body } = await call("GET", "/v1/job-runs?job=hourly&limit=1", READ);
  expect(Object.keys(body.data[0].outcome).toSorted()).toEqual([
    "catalogRepaired",
    "claims",
    "counters",
    "days",
    "deliveries",
    "forecasts",
    "invoicing",
    "jobRuns",
    "notifications",
    "reconciliation",
    "retention",
    "spool",
    "stripeEvents",
  ]);
  expect(body.data[0].outcome).toMatchObject({ retention: { disagreeing: 0 }, counters: { drifted: 0 } });
});
