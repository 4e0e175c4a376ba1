import { Hono } from "hono";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Attempt } from "../../../src/edge/attempt.ts";
import type { LostUsage } from "../../../src/edge/batcher.ts";
import { ofSentBody } from "../../../src/edge/body.ts";
import type { MeterOptions } from "../../../src/edge/metering.ts";
import {
  serviceBinding,
  withMeter,
  type Lifetime,
  type MeterBinding,
  type MeteredCall,
} from "../../../src/edge/worker.ts";
import { answered, answerOf, ScriptedMeter, START_MS } from "../../support/edge-meter.ts";
import { responseOf } from "../../support/edge-response.ts";

let counter: ScriptedMeter;
let lost: [LostUsage, string][];
let tasks: Promise<unknown>[];

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
  counter = new ScriptedMeter();
  lost = [];
  tasks = [];
});

afterEach(() => {
  vi.useRealTimers();
});

const ctx: Lifetime = {
  waitUntil: (task) => {
    tasks.push(task);
  },
};

interface Bindings {
  NAME: string;
}

const env: Bindings = { NAME: "product" };

type Call = MeteredCall<Request, Bindings>;
type Fetch = (request: Request, env: Bindings, ctx: Lifetime) => Response | Promise<Response>;

function metered(fetch: Fetch, changes: Partial<MeterOptions<Call>> = {}) {
  return withMeter(
    { fetch },
    {
      customer: ({ request }: Call) => request.headers.get("x-customer"),
      metricName: "api_calls",
      transport: counter.transport(),
      mode: "direct" as const,
      onLost: (usage: LostUsage, error: Error) => {
        lost.push([usage, error.message]);
      },
      ...changes,
    },
  );
}

function requestOf(method = "GET"): Request {
  return new Request("https://product.example.com/ok", { method, headers: { "x-customer": "cus_acme" } });
}

function counted(): [string, number | string][] {
  return counter.seen.flatMap(({ batch }) => batch.usage.map(({ customerId, sum }) => [customerId, sum]));
}

test("worker: counts a request once and hands on its response", async () => {
  const response = new Response("fine", { headers: { "x-own": "kept" } });
  expect(await metered(() => response).fetch(requestOf(), env, ctx)).toBe(response);
  await Promise.all(tasks);

  expect(counted()).toEqual([["cus_acme", 1]]);
});

test("worker: the handler is given what the Worker was, with its own `this`", async () => {
  const asked = requestOf();
  const seen: unknown[] = [];
  const handlers = {
    name: "own",
    async fetch(this: { name: string }, ...given: [Request, Bindings, Lifetime]): Promise<Response> {
      seen.push(this.name, ...given);
      return new Response("fine");
    },
  };
  const product = withMeter(handlers, {
    customer: () => null,
    metricName: "api_calls",
    transport: counter.transport(),
  });
  await product.fetch(asked, env, ctx);

  expect(seen).toEqual(["own", asked, env, ctx]);
  expect(seen[1]).toBe(asked);
  expect(seen[2]).toBe(env);
  expect(seen[3]).toBe(ctx);
});

test("worker: takes a Hono app as it is, and needs no context", async () => {
  const app = new Hono<{ Bindings: Bindings }>();
  app.get("/ok", (c) => c.text(c.env.NAME));
  const seen: unknown[] = [];
  const product = withMeter(app, {
    customer: (call) => {
      seen.push(call.ctx, call.env.NAME);
      return "cus_acme";
    },
    metricName: "api_calls",
    transport: counter.transport(),
    mode: "direct",
  });
  const response = await product.fetch(requestOf(), env);
  expect(await response.text()).toBe("product");
  await vi.runAllTimersAsync();

  expect(seen).toEqual([undefined, "product"]);
  expect(counted()).toEqual([["cus_acme", 1]]);
});

test("worker: the other handlers stay as they are", async () => {
  const scheduled = async (): Promise<void> => undefined;
  const queue = async (): Promise<void> => undefined;
  const product = withMeter(
    { fetch: (_request: Request, _env: Bindings, _ctx: Lifetime) => new Response("fine"), scheduled, queue },
    { customer: () => null, metricName: "api_calls", transport: counter.transport() },
  );

  expect(product.scheduled).toBe(scheduled);
  expect(product.queue).toBe(queue);
  expect(Object.keys(product)).toEqual(["fetch", "scheduled", "queue"]);
});

test("worker: the callbacks see the request, the bindings, the context and when it began", async () => {
  const calls: Call[] = [];
  const handler: Fetch = async () => {
    await vi.advanceTimersByTimeAsync(700);
    return new Response("fine");
  };
  const product = metered(handler, {
    customer: (call) => {
      calls.push(call);
      return "cus_acme";
    },
    value: ({ startedMs }) => Date.now() - startedMs,
  });
  const asked = requestOf();
  await product.fetch(asked, env, ctx);
  await Promise.all(tasks);

  expect(calls).toEqual([{ request: asked, env, ctx, startedMs: START_MS }]);
  expect(counted()).toEqual([["cus_acme", 700]]);
});

test("worker: answers before the meter does", async () => {
  const answer = Promise.withResolvers<Attempt>();
  counter = new ScriptedMeter([answer.promise]);
  const response = await metered(() => new Response("fine")).fetch(requestOf(), env, ctx);
  expect(await response.text()).toBe("fine");
  expect(tasks).toHaveLength(1);
  answer.resolve(answered([{ status: "recorded" }]));
  await Promise.all(tasks);
});

test.each<[string, unknown, Fetch]>([
  [
    "throws",
    "handler failed",
    () => {
      // oxlint-disable-next-line typescript/only-throw-error -- whatever it is
      throw "handler failed";
    },
  ],
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whatever it is
  ["rejects", "handler failed", () => Promise.reject("handler failed")],
])("worker: a handler that %s is not billed, and throws on unchanged", async (_, thrown, handler) => {
  const product = metered(handler, { billable: () => true });

  await expect(product.fetch(requestOf(), env, ctx)).rejects.toBe(thrown);
  expect(tasks).toEqual([]);
  expect(counter.seen).toEqual([]);
});

test("worker: the very error of a handler goes on", async () => {
  const error = new TypeError("handler failed");
  const product = metered(() => Promise.reject(error));

  await expect(product.fetch(requestOf(), env, ctx)).rejects.toBe(error);
});

test.each([
  ["GET", 200, 1],
  ["HEAD", 200, 1],
  ["OPTIONS", 200, 0],
  ["GET", 101, 1],
  ["GET", 404, 0],
])("worker: %s answered by %i counts %i", async (method, status, count) => {
  const response = responseOf(status);
  expect(await metered(() => response).fetch(requestOf(method), env, ctx)).toBe(response);
  await Promise.all(tasks);

  expect(counted()).toHaveLength(count);
  expect(tasks).toHaveLength(count);
});

test("worker: counts what was sent, and leaves the response as it is", async () => {
  const product = metered(() => new Response("fine", { status: 201, headers: { "x-own": "kept" } }), {
    value: ofSentBody(({ bytes }) => bytes),
  });
  const response = await product.fetch(requestOf(), env, ctx);
  expect([response.status, response.headers.get("x-own"), await response.text()]).toEqual([
    201,
    "kept",
    "fine",
  ]);
  await Promise.all(tasks);

  expect(counted()).toEqual([["cus_acme", 4]]);
});

test("worker: a callback that throws is reported and does not break the request", async () => {
  const fail = (): never => {
    throw new Error("callback failed");
  };
  const response = await metered(() => new Response("fine"), { customer: fail }).fetch(requestOf(), env, ctx);
  expect(await response.text()).toBe("fine");
  await Promise.all(tasks);

  expect(lost).toEqual([[{ batch: "", usage: [], maybeApplied: false }, "callback failed"]]);
});

test("worker: finds the meter in the bindings", async () => {
  const batches: unknown[] = [];
  const METER: MeterBinding = {
    record: async (batch) => {
      batches.push(batch);
      return answerOf([{ status: "recorded" }]);
    },
  };
  const product = withMeter(
    { fetch: (_request: Request, _env: { METER: MeterBinding }, _ctx: Lifetime) => new Response("fine") },
    {
      customer: () => "cus_acme",
      metricName: "api_calls",
      transport: (call) => serviceBinding(call.env.METER),
      randomId: () => "batch-1",
    },
  );
  await product.fetch(requestOf(), { METER }, ctx);
  await product.fetch(requestOf(), { METER }, ctx);
  await vi.advanceTimersByTimeAsync(1_000);
  await Promise.all(tasks);

  expect(batches).toMatchObject([{ batch: "batch-1", usage: [{ customerId: "cus_acme", count: 2 }] }]);
});
