import { Hono, type Context, type Env } from "hono";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LostUsage } from "../../../src/edge/batcher.ts";
import { ofSentBody } from "../../../src/edge/body.ts";
import { meter, type MeterOptions } from "../../../src/edge/hono.ts";
import type { Attempt, Transport } from "../../../src/edge/attempt.ts";
import { answered, ScriptedMeter, START_MS } from "../../support/edge-meter.ts";
import { responseOf } from "../../support/edge-response.ts";

let counter: ScriptedMeter;
let lost: [LostUsage, string, string][];
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

const executionCtx = {
  waitUntil: (task: Promise<unknown>) => {
    tasks.push(task);
  },
  passThroughOnException: () => undefined,
  props: {},
};

type Options = MeterOptions<Context<Env>>;

function product(changes: Partial<Options> = {}): Hono {
  return routes(
    new Hono().use(
      meter({
        customer: (c) => c.req.header("x-customer") ?? null,
        metricName: "api_calls",
        transport: counter.transport(),
        onLost: (usage, error, c) => {
          lost.push([usage, error.message, c.req.path]);
        },
        mode: "direct",
        ...changes,
      }),
    ),
  );
}

function routes(app: Hono): Hono {
  app.get("/ok", (c) => {
    c.header("set-cookie", "a=1", { append: true });
    c.header("set-cookie", "b=2", { append: true });
    return c.text("fine", 201, { "x-own": "kept" });
  });
  app.all("/status/:status", (c) => responseOf(Number(c.req.param("status"))));
  app.get("/throws", () => {
    throw new Error("handler failed");
  });
  return app;
}

async function ask(app: Hono, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { "x-customer": "cus_acme" };
  return app.request(path, { ...init, headers }, {}, executionCtx);
}

/** Asks, and waits until the request need no longer stay. */
async function askThrough(app: Hono, path: string, init: RequestInit = {}): Promise<Response> {
  const response = await ask(app, path, init);
  await Promise.all(tasks);
  return response;
}

function counted(): [string, number | string][] {
  return counter.seen.flatMap(({ batch }) => batch.usage.map(({ customerId, sum }) => [customerId, sum]));
}

test("meter: is named for whoever reads the routes", () => {
  const middleware = meter({ customer: () => null, metricName: "api_calls", transport: counter.transport() });
  expect(middleware.name).toBe("meterRequest");
});

test("meter: counts a request once", async () => {
  await askThrough(product(), "/ok");
  expect(counted()).toEqual([["cus_acme", 1]]);
  expect(lost).toEqual([]);
});

const byBytes: Partial<Options> = {
  value: ofSentBody(({ bytes }) => bytes),
};

test.each<[string, Partial<Options>]>([
  ["a value of the response", {}],
  ["a value of what was sent", byBytes],
  ["an asynchronous customer", { customer: async () => "cus_acme" }],
])("meter: leaves the response as it is, with %s", async (_, changes) => {
  const bare = await ask(routes(new Hono()), "/ok");
  const response = await ask(product(changes), "/ok");

  expect(response.status).toBe(201);
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect([...response.headers]).toEqual([...bare.headers]);
  expect(await response.text()).toBe("fine");
  await Promise.all(tasks);
  expect(counter.seen).toHaveLength(1);
});

test("meter: counts what was sent", async () => {
  const response = await ask(product(byBytes), "/ok");
  expect(counter.seen).toEqual([]);
  expect(await response.text()).toBe("fine");
  await Promise.all(tasks);

  expect(counted()).toEqual([["cus_acme", 4]]);
});

test("meter: answers before the meter does", async () => {
  const answer = Promise.withResolvers<Attempt>();
  counter = new ScriptedMeter([answer.promise]);
  const response = await ask(product(), "/ok");
  expect(await response.text()).toBe("fine");
  expect(counter.seen).toHaveLength(1);
  answer.resolve(answered([{ status: "recorded" }]));
  await Promise.all(tasks);
});

test("meter: answers before its customer is known", async () => {
  const customer = Promise.withResolvers<string>();
  const response = await ask(product({ customer: () => customer.promise }), "/ok");
  expect(await response.text()).toBe("fine");
  expect(counter.seen).toEqual([]);
  customer.resolve("cus_late");
  await Promise.all(tasks);

  expect(counted()).toEqual([["cus_late", 1]]);
});

test("meter: merges the requests of a second", async () => {
  const app = product({ mode: "batch" });
  await ask(app, "/ok");
  await vi.advanceTimersByTimeAsync(500);
  await ask(app, "/ok");
  await vi.advanceTimersByTimeAsync(500);
  await Promise.all(tasks);

  expect(counted()).toEqual([["cus_acme", 2]]);
});

test.each([
  ["GET", "/status/200", 1],
  ["GET", "/status/304", 1],
  ["HEAD", "/status/200", 1],
  ["DELETE", "/status/200", 1],
  ["OPTIONS", "/status/200", 0],
  ["GET", "/status/101", 1],
  ["GET", "/status/404", 0],
  ["GET", "/status/500", 0],
  ["GET", "/nowhere", 0],
])("meter: %s %s counts %i", async (method, path, count) => {
  const response = await askThrough(product(), path, { method });

  expect(response.status).toBe(path === "/nowhere" ? 404 : Number(path.slice(-3)));
  expect(counted()).toHaveLength(count);
});

test("meter: hands a socket's response on as it is", async () => {
  const socket = responseOf(101);
  const app = product(byBytes);
  app.get("/socket", () => socket);

  expect(await askThrough(app, "/socket")).toBe(socket);
  expect(counter.seen).toHaveLength(1);
});

test("meter: without a customer nothing is counted", async () => {
  await product().request("/ok", {}, {}, executionCtx);
  expect(tasks).toEqual([]);
  expect(counter.seen).toEqual([]);
});

test("meter: a handler that throws is not billed, and is answered as without the meter", async () => {
  const app = product({ billable: () => true });
  app.onError((error, c) => c.text(error.message, 200));
  const response = await askThrough(app, "/throws");

  expect([response.status, await response.text()]).toEqual([200, "handler failed"]);
  expect(counter.seen).toEqual([]);
});

test("meter: what is thrown and no error goes on unchanged", async () => {
  const app = product();
  app.get("/throws-text", () => {
    // oxlint-disable-next-line typescript/only-throw-error -- what Hono does not catch
    throw "no error";
  });
  await expect(ask(app, "/throws-text")).rejects.toBe("no error");
  expect(tasks).toEqual([]);
  expect(counter.seen).toEqual([]);
});

function fail(): never {
  throw new Error("callback failed");
}

test.each<[string, Partial<Options>]>([
  ["customer", { customer: fail }],
  ["customer, later", { customer: async () => fail() }],
  ["value", { value: fail }],
  ["value of what was sent", { value: ofSentBody(fail) }],
  ["metadata", { metadata: fail }],
  ["billable", { billable: fail }],
  ["transport", { transport: fail }],
  ["now", { now: fail }],
])("meter: an error in %s is reported and does not break the request", async (_, changes) => {
  const response = await ask(product(changes), "/ok");
  expect([response.status, await response.text()]).toEqual([201, "fine"]);
  await Promise.all(tasks);

  expect(lost).toEqual([[{ batch: "", usage: [], maybeApplied: false }, "callback failed", "/ok"]]);
});

test("meter: the callbacks see the request and the response", async () => {
  const app = product({
    value: (c, response) => c.req.path.length + response.status,
    metadata: (c, response) => ({ path: c.req.path, status: response.status }),
  });
  await askThrough(app, "/ok");

  expect(counter.seen[0]!.batch.usage).toMatchObject([{ sum: 204, metadata: { path: "/ok", status: 201 } }]);
});

test("meter: finds the transport in the request's bindings", async () => {
  type Product = { Bindings: { METER: Transport } };
  const app = new Hono<Product>();
  app.use(
    meter<Product>({
      customer: () => "cus_acme",
      metricName: "api_calls",
      transport: (c) => c.env.METER,
      mode: "direct",
    }),
  );
  app.get("/ok", (c) => c.text("fine"));
  await app.request("/ok", {}, { METER: counter.transport() }, executionCtx);
  await Promise.all(tasks);

  expect(counted()).toEqual([["cus_acme", 1]]);
});

test("meter: works where there is no execution context", async () => {
  const app = product({ mode: "batch" });
  const response = await app.request("/ok", { headers: { "x-customer": "cus_acme" } });
  expect(await response.text()).toBe("fine");
  await vi.advanceTimersByTimeAsync(1_000);

  expect(counted()).toEqual([["cus_acme", 1]]);
  expect(lost).toEqual([]);
});

test("meter: two meters of one product count apart", async () => {
  const app = new Hono();
  for (const metricName of ["api_calls", "bytes"]) {
    const value = metricName === "bytes" ? byBytes : {};
    app.use(
      meter({
        customer: () => "cus_acme",
        metricName,
        transport: counter.transport(),
        mode: "direct",
        ...value,
      }),
    );
  }
  app.get("/ok", (c) => c.text("fine"));
  await (await ask(app, "/ok")).text();
  await Promise.all(tasks);

  const sums = counter.seen.flatMap(({ batch }) =>
    batch.usage.map(({ metricName, sum }) => [metricName, sum]),
  );
  expect(Object.fromEntries(sums)).toEqual({ api_calls: 1, bytes: 4 });
});
