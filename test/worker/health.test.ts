import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { call } from "./worker-api.ts";

const STORES = ["upstashUrl", "neonUrl"] as const;
/** Later with each test than what the one before has left in memory. */
let startMs = Date.now();

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

const READY = [200, { status: "ready", redis: true, postgres: true }];

test("readiness: asks the stores once in ten seconds", async () => {
  expect(await readyAt(0)).toEqual(READY);
  expect(await readyAt(0)).toEqual(READY);
  expect(await readyAt(9999)).toEqual(READY);
  expect(await asked()).toEqual([1, 1]);
  expect(await readyAt(10_000)).toEqual(READY);
  expect(await asked()).toEqual([2, 2]);
});

test.each([
  { store: "upstashUrl" as const, down: { redis: false, postgres: true } },
  { store: "neonUrl" as const, down: { redis: true, postgres: false } },
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
