import { Hono } from "hono";
import { beforeEach, expect, test, vi } from "vitest";
import type { UsageEvent } from "../../../src/edge/event.ts";
import { meter, type MeterOptions } from "../../../src/edge/hono.ts";
import type { Attempt } from "../../../src/edge/transport.ts";

const NOW_MS = Date.parse("2026-11-23T12:00:00.000Z");

let sent: UsageEvent[][];
let lost: [UsageEvent[], string][];
let tasks: Promise<unknown>[];

beforeEach(() => {
  sent = [];
  lost = [];
  tasks = [];
});

const executionCtx = {
  waitUntil: (task: Promise<unknown>) => {
    tasks.push(task);
  },
  passThroughOnException: () => undefined,
  props: {},
};

function options(
  changes: Partial<MeterOptions<{ Bindings: object }>> = {},
): MeterOptions<{ Bindings: object }> {
  return {
    customer: (c) => c.req.header("x-customer") ?? null,
    metricName: "api_calls",
    transport: { send: async (events) => answer(events) },
    onLost: (events, error) => {
      lost.push([events, error.message]);
    },
    now: () => NOW_MS,
    randomId: () => "id-1",
    ...changes,
  };
}

async function answer(events: UsageEvent[]): Promise<Attempt> {
  sent.push(structuredClone(events));
  return { kind: "answered", results: events.map(() => ({ status: "recorded" as const })) };
}

function product(changes: Partial<MeterOptions<{ Bindings: object }>> = {}): Hono {
  const app = new Hono();
  app.use(meter(options(changes)));
  app.get("/ok", (c) => c.text("fine", 200, { "x-own": "kept" }));
  app.all("/status/:status", (c) => new Response(null, { status: Number(c.req.param("status")) }));
  app.get("/throws", () => {
    throw new Error("handler failed");
  });
  return app;
}

async function ask(app: Hono, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { "x-customer": "cus_acme", ...(init.headers as Record<string, string> | undefined) };
  const response = await app.request(path, { ...init, headers }, {}, executionCtx);
  await Promise.all(tasks);
  return response;
}

test("meter: sends one event per billable request", async () => {
  await ask(product(), "/ok");
  expect(sent).toEqual([
    [
      {
        id: "id-1",
        customerId: "cus_acme",
        metricName: "api_calls",
        value: 1,
        timestamp: "2026-11-23T12:00:00.000Z",
      },
    ],
  ]);
  expect(lost).toEqual([]);
});

test("meter: leaves the response as it is", async () => {
  const response = await ask(product(), "/ok");
  expect(response.status).toBe(200);
  expect(response.headers.get("x-own")).toBe("kept");
  expect(await response.text()).toBe("fine");
});

test("meter: answers before the meter does", async () => {
  const gate = Promise.withResolvers<void>();
  const transport = {
    send: async (events: UsageEvent[]) => {
      await gate.promise;
      return answer(events);
    },
  };
  const app = product({ transport });
  const response = await app.request("/ok", { headers: { "x-customer": "cus_acme" } }, {}, executionCtx);
  expect(await response.text()).toBe("fine");
  expect(sent).toEqual([]);
  gate.resolve();
  await Promise.all(tasks);
  expect(sent).toHaveLength(1);
});

test.each([
  ["200", 1],
  ["204", 1],
  ["304", 1],
  ["399", 1],
  ["400", 0],
  ["404", 0],
  ["429", 0],
  ["500", 0],
  ["599", 0],
])("meter: a response of %s makes %i events", async (status, events) => {
  await ask(product(), `/status/${status}`);
  expect(sent).toHaveLength(events);
});

test.each(["HEAD", "OPTIONS", "DELETE"])("meter: counts a %s request", async (method) => {
  await ask(product(), "/status/200", { method });
  expect(sent).toHaveLength(1);
});

test("meter: a rule of one's own decides what is billable", async () => {
  const app = product({ billable: (response) => response.status === 404 });
  await ask(app, "/status/404");
  await ask(app, "/status/200");
  expect(sent).toHaveLength(1);
});

test("meter: a handler that throws is not billed and answers as without the meter", async () => {
  const app = product({ billable: () => true });
  app.onError((error, c) => c.text(error.message, 200));
  const response = await ask(app, "/throws");
  expect(await response.text()).toBe("handler failed");
  expect(sent).toEqual([]);
});

test("meter: what is thrown and no error goes on unchanged", async () => {
  const app = product();
  app.get("/throws-text", () => {
    // oxlint-disable-next-line typescript/only-throw-error -- what Hono does not catch
    throw "no error";
  });
  await expect(ask(app, "/throws-text")).rejects.toBe("no error");
  expect(sent).toEqual([]);
});

test("meter: no customer, no event", async () => {
  const app = product();
  await app.request("/ok", {}, {}, executionCtx);
  await Promise.all(tasks);
  expect(sent).toEqual([]);
});

test.each([
  ["a number", 2.5, 2.5],
  ["zero", 0, 0],
  ["a decimal string", "0.30000000000000000001", "0.30000000000000000001"],
  ["a bigint", 9_007_199_254_740_993n, "9007199254740993"],
])("meter: sends %s exactly", async (_, value, expected) => {
  await ask(product({ value: () => value }), "/ok");
  expect(sent[0]?.[0]?.value).toBe(expected);
});

test("meter: value and metadata see the request and the response", async () => {
  const app = product({
    value: (c, response) => c.req.path.length + response.status,
    metadata: (c, response) => ({ region: "eu", path: c.req.path, status: response.status }),
  });
  await ask(app, "/ok");
  expect(sent[0]?.[0]).toMatchObject({
    value: 203,
    metadata: { region: "eu", path: "/ok", status: 200 },
  });
});

function fail(): never {
  throw new Error("callback failed");
}

test.each<[string, Partial<MeterOptions<{ Bindings: object }>>, number]>([
  ["customer", { customer: fail }, 0],
  ["value", { value: fail }, 0],
  ["metadata", { metadata: fail }, 0],
  ["billable", { billable: fail }, 0],
  ["now", { now: fail }, 0],
  ["randomId", { randomId: fail }, 0],
  ["transport", { transport: fail }, 1],
])("meter: an error in %s is reported and does not break the request", async (_, changes, events) => {
  const response = await ask(product(changes), "/ok");
  expect(await response.text()).toBe("fine");
  expect(lost.map(([of, message]) => [of.length, message])).toEqual([[events, "callback failed"]]);
});

test("meter: a value that is no quantity is reported, not sent", async () => {
  await ask(product({ value: () => Number.NaN }), "/ok");
  expect(sent).toEqual([]);
  expect(lost).toEqual([[[], "a metered value must be finite, not NaN"]]);
});

test("meter: finds the transport in the request's bindings", async () => {
  type Product = { Bindings: { METER: { send: typeof answer } } };
  const app = new Hono<Product>();
  app.use(
    meter<Product>({
      customer: () => "cus_acme",
      metricName: "api_calls",
      transport: (c) => c.env.METER,
    }),
  );
  app.get("/ok", (c) => c.text("fine"));
  await app.request("/ok", {}, { METER: { send: answer } }, executionCtx);
  await Promise.all(tasks);
  expect(sent).toHaveLength(1);
});

test("meter: works where there is no execution context", async () => {
  const delivered = new Promise<UsageEvent[]>((resolve) => {
    const transport = {
      send: async (events: UsageEvent[]): Promise<Attempt> => {
        resolve(events);
        return answer(events);
      },
    };
    void product({ transport }).request("/ok", { headers: { "x-customer": "cus_acme" } });
  });
  expect((await delivered)[0]?.customerId).toBe("cus_acme");
});

async function refuse(): Promise<Attempt> {
  return { kind: "refused", error: new Error("the meter answered 401") };
}

test("meter: a failing onLost falls back to one log line", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  await ask(product({ transport: { send: refuse }, onLost: fail }), "/ok");
  expect(log.mock.calls.map(([line]) => JSON.parse(String(line)) as unknown)).toEqual([
    {
      message: "usage lost",
      error: "callback failed",
      events: [
        {
          id: "id-1",
          customerId: "cus_acme",
          metricName: "api_calls",
          value: 1,
          timestamp: "2026-11-23T12:00:00.000Z",
        },
      ],
    },
  ]);
  log.mockRestore();
});
