import { afterEach, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { flushAll, publishPlans, record } from "./played-time.ts";
import { call, trigger } from "./worker-api.ts";

const STORES = ["upstashUrl", "neonUrl"] as const;
/** Later with each test than what the one before has left in memory. */
let startMs = Date.now();

beforeAll(async () => {
  expect([200, 201]).toContain((await publishPlans({})).status);
  // Nothing is left to flush, and Redis knows the script that asks.
  await flushAll();
  await call("GET", "/readyz", undefined);
});
beforeEach(async () => {
  startMs += 3_600_000;
  await Promise.all(STORES.map((store) => control(store, "reset")));
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(STORES.map((store) => control(store, "reset")));
});

async function control(store: (typeof STORES)[number], path: string, body?: object): Promise<void> {
  const url = `${inject("controls")[store]}/_control/${path}`;
  expect((await fetch(url, { method: "POST", body: JSON.stringify(body ?? {}) })).status).toBe(200);
}

/** How often each store was asked since the test began. */
async function asked(): Promise<number[]> {
  return Promise.all(
    STORES.map(async (store) => {
      const answer = await fetch(`${inject("controls")[store]}/_control/subjects`);
      return (await answer.json<string[]>()).length;
    }),
  );
}

async function readyAt(afterMs: number): Promise<unknown> {
  vi.useFakeTimers({ toFake: ["Date"], now: startMs + afterMs });
  const { status, body } = await call("GET", "/readyz", undefined);
  return [status, body];
}

const FLUSHED = { flushLagSeconds: 0, oldestDirtyBucket: null };
const READY = [200, { status: "ready", redis: true, postgres: true, ...FLUSHED }];

test("readiness: asks the stores once in ten seconds", async () => {
  expect(await readyAt(0)).toEqual(READY);
  expect(await readyAt(0)).toEqual(READY);
  expect(await readyAt(9999)).toEqual(READY);
  expect(await asked()).toEqual([1, 1]);
  expect(await readyAt(10_000)).toEqual(READY);
  expect(await asked()).toEqual([2, 2]);
});

test.each([
  {
    store: "upstashUrl" as const,
    down: { redis: false, postgres: true, flushLagSeconds: null, oldestDirtyBucket: null },
  },
  { store: "neonUrl" as const, down: { redis: true, postgres: false, ...FLUSHED } },
])("readiness: without $store it is 503 for ten seconds, then looks again", async ({ store, down }) => {
  await control(store, "faults", { mode: "status", status: 500 });
  const notReady = [503, { status: "not_ready", ...down }];
  expect(await readyAt(0)).toEqual(notReady);
  expect(await readyAt(9999)).toEqual(notReady);
  expect(await readyAt(10_000)).toEqual(READY);
  expect(await asked()).toEqual([2, 2]);
});

test("health: asks no store", async () => {
  const { status, body } = await call("GET", "/healthz", undefined);
  expect([status, body]).toEqual([200, { status: "ok" }]);
  expect(await asked()).toEqual([0, 0]);
});

test("readiness: requests at once ask the stores once, and all are answered", async () => {
  await control("neonUrl", "faults", { mode: "delay", delayMs: 300 });
  const answers = await Promise.all(Array.from({ length: 12 }, () => readyAt(0)));
  expect(answers).toEqual(answers.map(() => READY));
  expect(await asked()).toEqual([1, 1]);
});

test("readiness: requests wait for the first answer when a store is away, too", async () => {
  await control("upstashUrl", "faults", { mode: "status", status: 500 });
  await control("neonUrl", "faults", { mode: "delay", delayMs: 200 });
  const answers = await Promise.all(Array.from({ length: 5 }, () => readyAt(0)));
  expect(new Set(answers.map((answer) => (answer as [number])[0]))).toEqual(new Set([503]));
  expect(await asked()).toEqual([1, 1]);
});

test("readiness: tells since when the oldest bucket waits, until it is flushed", async () => {
  const minuteMs = startMs - (startMs % 60_000);
  vi.useFakeTimers({ toFake: ["Date"], now: minuteMs + 1000 });
  await record("ready-lag", "api_calls", 1);
  startMs = minuteMs;
  const waiting = { flushLagSeconds: 75, oldestDirtyBucket: new Date(minuteMs).toISOString() };
  expect(await readyAt(75_999)).toEqual([200, { status: "ready", redis: true, postgres: true, ...waiting }]);
  await trigger("* * * * *", minuteMs + 120_000);
  expect(await readyAt(120_000)).toEqual(READY);
});
