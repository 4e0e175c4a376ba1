import { beforeEach, expect, test } from "vitest";
import app from "../../../examples/api-worker/src/index.ts";
import type { UsageEvent } from "../../../src/edge/event.ts";

let events: UsageEvent[];
let tasks: Promise<unknown>[];

beforeEach(() => {
  events = [];
  tasks = [];
});

const METER = {
  record: async (sent: UsageEvent[]) => {
    events.push(...sent);
    return { results: sent.map(() => ({ status: "recorded" as const })) };
  },
};

async function ask(path: string, init: RequestInit, REPLAY?: string): Promise<Response> {
  const env = REPLAY === undefined ? { METER } : { METER, REPLAY };
  const response = await app.request(path, init, env, {
    waitUntil: (task) => tasks.push(task),
    passThroughOnException: () => undefined,
    props: {},
  });
  await Promise.all(tasks);
  return response;
}

/** What was counted, for whom. */
function counted(): [string, unknown][] {
  return events.map((event) => [event.customerId, event.value]);
}

const KEY = { "x-api-key": "demo_key_acme" };

test("product: a call counts once for the key's customer", async () => {
  const response = await ask("/v1/hash/abc", { headers: KEY });
  expect(await response.json()).toEqual({
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  });
  expect(counted()).toEqual([["cus_acme", 1]]);
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
  expect(counted()).toEqual(Array.from({ length: count }, () => ["cus_other", "1000"]));
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
  expect(counted()).toEqual([["cus_other", "1000"]]);
});

test("replay: the customer may hold any characters", async () => {
  await replayed({ "x-replay-customer": encodeURIComponent("Żółw / 2001:db8::1 %") });
  expect(counted()).toEqual([["Żółw / 2001:db8::1 %", "1000"]]);
});
