import { afterEach, beforeEach, expect, test, vi } from "vitest";
import app from "../../../examples/api-worker/src/index.ts";
import type { UsageBatch } from "../../../src/edge/batch.ts";
import type { MeterBinding } from "../../../src/edge/hono.ts";
import { answerOf } from "../../support/edge-meter.ts";

const LINGER_MS = 1_000;

let batches: UsageBatch[];
let tasks: Promise<unknown>[];

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-23T12:00:00.000Z") });
  batches = [];
  tasks = [];
});

afterEach(() => {
  vi.useRealTimers();
});

const METER: MeterBinding = {
  record: async (batch) => {
    batches.push(batch);
    return answerOf(batch.usage.map(() => ({ status: "recorded" })));
  },
};

async function answer(path: string, init: RequestInit, REPLAY?: string): Promise<Response> {
  const env = REPLAY === undefined ? { METER } : { METER, REPLAY };
  return app.request(path, init, env, {
    waitUntil: (task) => tasks.push(task),
    passThroughOnException: () => undefined,
    props: {},
  });
}

/** Waits until no request stays for its usage any more. */
async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(LINGER_MS);
  await Promise.all(tasks);
}

async function ask(path: string, init: RequestInit, REPLAY?: string): Promise<Response> {
  const response = await answer(path, init, REPLAY);
  await settled();
  return response;
}

/** What was counted, for whom. */
function counted(): [string, number | string][] {
  return batches.flatMap(({ usage }) => usage.map(({ customerId, sum }) => [customerId, sum]));
}

const KEY = { "x-api-key": "demo_key_acme" };

test("product: a call counts once for the key's customer", async () => {
  const response = await ask("/v1/hash/abc", { headers: KEY });
  expect(await response.json()).toEqual({
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  });
  expect(counted()).toEqual([["cus_acme", 1]]);
});

test("product: the calls of a second are sent as one batch, merged by customer", async () => {
  for (const key of ["demo_key_acme", "demo_key_globex", "demo_key_acme"]) {
    await answer("/v1/hash/abc", { headers: { "x-api-key": key } });
  }
  await vi.advanceTimersByTimeAsync(LINGER_MS - 1);
  expect(batches).toEqual([]);
  await settled();

  const row = {
    metricName: "api_calls",
    hour: "2026-11-23T12:00:00.000Z",
    min: 1,
    max: 1,
    last: 1,
    lastAt: "2026-11-23T12:00:00.000Z",
  };
  expect(batches).toEqual([
    {
      batch: expect.stringMatching(/^[\da-f-]{36}$/) as unknown,
      usage: [
        { customerId: "cus_acme", count: 2, sum: 2, ...row },
        { customerId: "cus_globex", count: 1, sum: 1, ...row },
      ],
    },
  ]);
});

test("product: a batch counts each of its texts", async () => {
  const response = await ask("/v1/hash/batch", {
    method: "POST",
    headers: KEY,
    body: JSON.stringify(["abc", "", "abc"]),
  });
  expect(response.status).toBe(200);
  expect(counted()).toEqual([["cus_acme", 3]]);
});

test.each([
  ["no JSON", "{"],
  ["an empty batch", "[]"],
  ["numbers", "[1]"],
  ["a batch that is too large", JSON.stringify(Array.from({ length: 101 }, () => "a"))],
])("product: %s is refused and not counted", async (_, body) => {
  const response = await ask("/v1/hash/batch", { method: "POST", headers: KEY, body });
  expect(response.status).toBe(400);
  expect(counted()).toEqual([]);
});

test("product: without a known key nothing is counted", async () => {
  const response = await ask("/v1/hash/abc", { headers: { "x-api-key": "guess" } });
  expect(response.status).toBe(401);
  expect(counted()).toEqual([]);
});

const REPLAYED = { "x-replay-status": "200", "x-replay-customer": "cus_other", "x-replay-weight": "1000" };

test.each([[undefined], ["off"]])("product: ignores replay headers when REPLAY is %s", async (REPLAY) => {
  const refused = await ask("/v1/hash/abc", { headers: REPLAYED }, REPLAY);
  expect(refused.status).toBe(401);
  await ask("/v1/hash/abc", { headers: { ...KEY, ...REPLAYED } }, REPLAY);
  expect(counted()).toEqual([["cus_acme", 1]]);
});

function replayed(headers: Record<string, string>, method = "GET"): Promise<Response> {
  return ask("/any/path", { method, headers: { ...REPLAYED, ...headers } }, "on");
}

test.each([
  ["200", 1],
  ["204", 1],
  ["205", 1],
  ["206", 1],
  ["301", 1],
  ["304", 1],
  ["399", 1],
  ["400", 0],
  ["416", 0],
  ["599", 0],
])("replay: answers %s and counts %i", async (status, count) => {
  const response = await replayed({ "x-replay-status": status });
  expect(response.status).toBe(Number(status));
  expect(counted()).toEqual(Array.from({ length: count }, () => ["cus_other", 1000]));
});

test.each(["199", "600", "", "2e2x", "204.5"])("replay: refuses the status %j", async (status) => {
  expect((await replayed({ "x-replay-status": status })).status).toBe(400);
});

test.each([
  ["0", 0],
  ["10", 10],
  ["4096", 4096],
  ["999999999999999999999", 4096],
  ["-1", 0],
  ["many", 0],
])("replay: a body of %s bytes has %i", async (bytes, length) => {
  const response = await replayed({ "x-replay-bytes": bytes });
  expect((await response.text()).length).toBe(length);
});

test("replay: a HEAD request counts and has no body", async () => {
  const response = await replayed({ "x-replay-bytes": "10" }, "HEAD");
  expect(await response.text()).toBe("");
  expect(counted()).toEqual([["cus_other", 1000]]);
});

test("replay: the customer may hold any characters", async () => {
  await replayed({ "x-replay-customer": encodeURIComponent("Żółw / 2001:db8::1 %") });
  expect(counted()).toEqual([["Żółw / 2001:db8::1 %", 1000]]);
});
