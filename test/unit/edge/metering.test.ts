import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ofSentBody } from "../../../src/edge/body.ts";
import { Metering, type MeterOptions } from "../../../src/edge/metering.ts";
import { answered, refused, START_MS, type Step } from "../../support/edge-meter.ts";
import { responseOf } from "../../support/edge-response.ts";
import { MeteredProduct, type Call, type Options } from "../../support/metering-fixture.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("metering: counts a billable response, and hands on the response itself", async () => {
  const product = new MeteredProduct({ metadata: () => ({ region: "eu" }) });
  const response = new Response("fine");
  expect(product.answer(response)).toBe(response);
  await product.settled();

  expect(product.rows).toEqual([
    [
      {
        customerId: "cus_acme",
        metricName: "api_calls",
        hour: "2026-11-23T12:00:00.000Z",
        metadata: { region: "eu" },
        count: 1,
        sum: 1,
        min: 1,
        max: 1,
        last: 1,
        lastAt: "2026-11-23T12:00:00.000Z",
      },
    ],
  ]);
  expect(product.losses).toEqual([]);
});

test("metering: unless told otherwise, merges over a second and counts by the clock", async () => {
  const meter = new MeteredProduct().meter;
  const metering = new Metering<Call>({
    customer: () => "cus_acme",
    metricName: "api_calls",
    transport: meter.transport(),
  });
  const tasks = [1, 2, 3].map(() => metering.meter({}, "GET", new Response("fine")).task);
  await vi.advanceTimersByTimeAsync(999);
  expect(meter.seen).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all(tasks.map(async (task) => task));

  expect(meter.times).toEqual([[1_000, "request"]]);
  expect(meter.seen[0]!.batch.usage).toMatchObject([{ count: 3, lastAt: "2026-11-23T12:00:00.000Z" }]);
  expect(meter.seen[0]!.batch.batch).toMatch(
    /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
  );
});

test("metering: direct mode merges nothing, whatever the linger", async () => {
  const product = new MeteredProduct({ lingerMs: 5_000 });
  product.answer(new Response("one"));
  product.answer(new Response("two"));
  await product.settled();

  expect(product.meter.times).toEqual([
    [0, "request"],
    [0, "request"],
  ]);
});

test.each<[string, Response, string, number]>([
  ["200", responseOf(200), "GET", 1],
  ["304", responseOf(304), "GET", 1],
  ["399", responseOf(399), "GET", 1],
  ["400", responseOf(400), "GET", 0],
  ["503", responseOf(503), "GET", 0],
  ["Response.error()", Response.error(), "GET", 0],
  ["200 to HEAD", responseOf(200), "HEAD", 1],
  ["200 to OPTIONS", responseOf(200), "OPTIONS", 0],
])("metering: by default %s", async (_, response, method, count) => {
  const product = new MeteredProduct();
  product.answer(response, {}, method);
  await product.settled();

  expect(product.counted).toHaveLength(count);
  expect(product.stayed).toBe(count);
});

test("metering: a rule of one's own decides by the response, but never bills OPTIONS", async () => {
  const product = new MeteredProduct({ billable: ({ status }) => status === 404 });
  product.answer(responseOf(404), { customer: "cus_404" });
  product.answer(responseOf(200), { customer: "cus_200" });
  product.answer(responseOf(404), { customer: "cus_options" }, "OPTIONS");
  await product.settled();

  expect(product.counted).toEqual([["cus_404", 1]]);
});

test.each<[string, MeterOptions<Call>["customer"], number]>([
  ["null", () => null, 0],
  ["undefined", () => undefined, 0],
  ["a promise of null", async () => null, 0],
  ["a promise of undefined", async () => undefined, 0],
  ["a name", () => "cus_acme", 1],
  ["a promise of a name", async () => "cus_acme", 1],
])("metering: the customer is %s", async (_, customer, count) => {
  const product = new MeteredProduct({ customer });
  const response = new Response("fine");
  expect(product.answer(response)).toBe(response);
  await product.settled();

  expect(product.counted).toHaveLength(count);
  expect(product.losses).toEqual([]);
});

test.each([null, undefined])("metering: whose customer is %s is asked for nothing else", async (customer) => {
  const product = new MeteredProduct({ customer: () => customer, value: fail, metadata: fail });
  product.answer(new Response("fine"));
  await product.settled();

  expect([product.losses, product.stayed]).toEqual([[], 0]);
});

test("metering: the callbacks are given the call and the response", async () => {
  const seen: unknown[] = [];
  const note =
    <Result>(result: Result) =>
    (...given: unknown[]): Result => {
      seen.push(given);
      return result;
    };
  const product = new MeteredProduct({
    customer: note("cus_acme"),
    value: note(2),
    metadata: note(undefined),
    billable: note(true),
    now: note(START_MS),
  });
  const call = {};
  const response = new Response("fine");
  product.answer(response, call);
  await product.settled();

  expect(seen).toEqual([[response], [call, response], [call, response], [call, response], [call]]);
});

test.each([
  [2.5, "2.5"],
  [0, 0],
  ["0.30000000000000000001", "0.30000000000000000001"],
  [9_007_199_254_740_993n, "9007199254740993"],
])("metering: the value %s is sent exactly", async (value, printed) => {
  const product = new MeteredProduct({ value: () => value });
  product.answer(new Response("fine"));
  await product.settled();

  expect(product.counted).toEqual([["cus_acme", printed]]);
});

function fail(): never {
  throw new Error("callback failed");
}

test.each<[string, Options]>([
  ["customer throws", { customer: fail }],
  ["customer rejects", { customer: async () => fail() }],
  ["customer and value fail", { customer: async () => fail(), value: fail }],
  ["customer and value of what was sent fail", { customer: async () => fail(), value: ofSentBody(fail) }],
  ["customer and metadata fail", { customer: async () => fail(), metadata: fail }],
  ["value throws", { value: fail }],
  ["value of what was sent throws", { value: ofSentBody(fail) }],
  ["metadata throws", { metadata: fail }],
  ["billable throws", { billable: fail }],
  ["transport throws", { transport: fail }],
  ["now throws", { now: fail }],
  ["randomId throws", { randomId: fail }],
  ["all of it comes after an asynchronous customer", { customer: async () => "cus_acme", now: fail }],
])("metering: when %s it is reported without rows, and the response is whole", async (_, options) => {
  const product = new MeteredProduct(options);
  const call = {};
  const response = product.answer(new Response("fine", { headers: { "x-own": "kept" } }), call);
  expect(await response.text()).toBe("fine");
  expect(response.headers.get("x-own")).toBe("kept");
  await product.settled();

  expect(product.losses).toEqual([
    { lost: { batch: "", usage: [], maybeApplied: false }, message: "callback failed", call },
  ]);
  expect(product.losses[0]!.call).toBe(call);
  expect(product.meter.seen).toEqual([]);
});

test.each<[string, Options]>([
  ["a callback", { metadata: ({ customer }) => (customer === "cus_bad" ? fail() : undefined) }],
  ["a dimension", { metadata: ({ customer }) => ({ at: customer === "cus_bad" ? (fail as never) : 1 }) }],
  ["a value", { value: ({ customer }) => (customer === "cus_bad" ? (undefined as never) : 1) }],
])("metering: %s that fails takes no other request's usage with it", async (_, options) => {
  const product = new MeteredProduct({ ...options, mode: "batch" });
  for (const customer of ["cus_a", "cus_bad", "cus_b"]) {
    product.answer(new Response("fine"), { customer });
  }
  await vi.runAllTimersAsync();
  await product.settled();

  expect(product.counted).toEqual([
    ["cus_a", 1],
    ["cus_b", 1],
  ]);
});

test.each<[string, Options, string]>([
  ["a value", { value: () => Number.NaN }, "no quantity: NaN"],
  ["a value that is undefined", { value: () => undefined as never }, "no quantity: undefined"],
  ["a value that is null", { value: () => null as never }, "no quantity: null"],
  ["a later value", { value: ofSentBody(() => Number.NaN) }, "no quantity: NaN"],
  ["a time", { now: () => Number.NaN }, "now: must be in epoch ms"],
  ["a dimension", { metadata: () => ({ at: 1n as never }) }, "metadata.at: no dimension"],
])("metering: %s that cannot be counted is reported, not sent", async (_, options, message) => {
  const product = new MeteredProduct(options);
  await product.answer(new Response("fine")).text();
  await product.settled();

  expect(product.losses.map(({ lost, message: told }) => [lost.usage, told])).toEqual([[[], message]]);
  expect(product.meter.seen).toEqual([]);
});

test.each<[string, Step, string]>([
  ["refuses a batch", refused("the meter answered 401"), "batch-1"],
  ["rejects a row", answered([{ status: "rejected", code: "too_late" }]), "batch-2"],
])("metering: what is not counted when the meter %s goes to onLost with its rows", async (_, step, batch) => {
  const ids = ["batch-1", "batch-2"].values();
  const product = new MeteredProduct({ randomId: () => ids.next().value! }, [step]);
  product.answer(new Response("fine"));
  await product.settled();

  const { usage } = product.meter.seen[0]!.batch;
  expect(product.losses.map(({ lost }) => lost)).toEqual([{ batch, usage, maybeApplied: false }]);
});

test.each<[Options, string | undefined]>([
  [{ mode: "batch", lingerMs: -1 }, "lingerMs must be 0 to 5000"],
  [{ mode: "batch", lingerMs: 0 }, undefined],
  [{ mode: "batch", lingerMs: 5_000 }, undefined],
  [{ mode: "batch", lingerMs: 5_001 }, "lingerMs must be 0 to 5000"],
  [{ mode: "batch", lingerMs: Number.NaN }, "lingerMs must be 0 to 5000"],
  [{ mode: "direct", deliverWithinMs: 999 }, "deliverWithinMs must be 1000 to 28000"],
  [{ mode: "direct", deliverWithinMs: 1_000 }, undefined],
  [{ mode: "direct", deliverWithinMs: 28_000 }, undefined],
  [{ mode: "direct", deliverWithinMs: 28_001 }, "deliverWithinMs must be 1000 to 28000"],
  [{ mode: "direct", deliverWithinMs: Number.NaN }, "deliverWithinMs must be 1000 to 28000"],
  [{ mode: "batch", deliverWithinMs: 1_999 }, "deliverWithinMs must be 2000 to 28000"],
  [{ mode: "batch", deliverWithinMs: 2_000 }, undefined],
  [{ mode: "batch", lingerMs: 5_000, deliverWithinMs: 5_999 }, "deliverWithinMs must be 6000 to 28000"],
])("metering: the options %j are refused with: %s", (options, message) => {
  const make = (): MeteredProduct => new MeteredProduct(options);
  if (message === undefined) {
    expect(make).not.toThrow();
  } else {
    expect(make).toThrow(new RangeError(message));
  }
});

test("metering: with the shortest delivery there is a second to send after the linger", async () => {
  const product = new MeteredProduct({ mode: "batch", lingerMs: 5_000, deliverWithinMs: 6_000 }, ["hangs"]);
  product.answer(new Response("fine"));
  await vi.runAllTimersAsync();
  await product.settled();

  expect(product.meter.times).toEqual([[5_000, "request"]]);
  expect(product.losses.map(({ message, lost }) => [message, lost.maybeApplied])).toEqual([
    ["not delivered in 1 attempts: no answer within 1000 ms", true],
  ]);
});
