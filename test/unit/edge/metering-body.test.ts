import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ofSentBody, type SentBody } from "../../../src/edge/body.ts";
import { START_MS } from "../../support/edge-meter.ts";
import { ChunkedBody, chunkOf, responseOf } from "../../support/edge-response.ts";
import { MeteredProduct, type Options } from "../../support/metering-fixture.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const byBytes: Options = {
  value: ofSentBody(({ bytes }) => bytes),
};

test("body: is counted when it has ended, by the time of its end", async () => {
  const product = new MeteredProduct({ ...byBytes, now: () => Date.now() });
  const body = new ChunkedBody([chunkOf(3), chunkOf(4)]);
  const reader = product.answer(new Response(body.stream)).body!.getReader();
  await reader.read();
  await reader.read();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(product.meter.seen).toEqual([]);
  expect(await reader.read()).toEqual({ done: true, value: undefined });
  await product.settled();

  expect(product.rows[0]).toMatchObject([{ count: 1, sum: 7, lastAt: "2026-11-23T12:01:00.000Z" }]);
});

test("body: delivery has its whole time from the end of the body on", async () => {
  const product = new MeteredProduct({ ...byBytes, deliverWithinMs: 2_000 }, ["hangs"]);
  const response = product.answer(new Response("fine"));
  await vi.advanceTimersByTimeAsync(60_000);
  await response.text();
  await vi.advanceTimersByTimeAsync(2_000);
  await product.settled();

  expect(product.losses.map(({ message }) => message)).toEqual([
    "not delivered in 1 attempts: no answer within 2000 ms",
  ]);
});

test("body: a client that goes away has used what was handed on", async () => {
  const seen: SentBody[] = [];
  const value = ofSentBody((sent) => {
    seen.push(sent);
    return sent.bytes;
  });
  const product = new MeteredProduct({ value });
  const body = new ChunkedBody([chunkOf(3), chunkOf(4)]);
  const reader = product.answer(new Response(body.stream)).body!.getReader();
  await reader.read();
  await reader.cancel();
  await product.settled();

  expect(product.counted).toEqual([["cus_acme", 3]]);
  expect(seen).toEqual([{ bytes: 3, isAborted: true }]);
});

test("body: a body that fails is counted as far as it came, and fails as without the meter", async () => {
  const failure = new Error("source failed");
  const product = new MeteredProduct(byBytes);
  const response = product.answer(new Response(new ChunkedBody([chunkOf(5)], failure).stream));
  await expect(response.text()).rejects.toBe(failure);
  await product.settled();

  expect(product.counted).toEqual([["cus_acme", 5]]);
});

test.each<[string, Response, string]>([
  ["no body", new Response(null, { status: 204 }), "GET"],
  ["a response to HEAD", new Response("not sent"), "HEAD"],
  ["a socket", responseOf(101), "GET"],
])("body: %s counts once, at once, with no bytes", async (_, response, method) => {
  const product = new MeteredProduct(byBytes);
  expect(product.answer(response, { request: { method } }, method)).toBe(response);
  await product.settled();

  expect(product.rows).toMatchObject([[{ count: 1, sum: 0 }]]);
});

test("body: waits for an asynchronous customer as well", async () => {
  const customer = Promise.withResolvers<string>();
  const product = new MeteredProduct({ ...byBytes, customer: () => customer.promise });
  const response = product.answer(new Response("fine"));
  expect(await response.text()).toBe("fine");
  expect(product.meter.seen).toEqual([]);
  customer.resolve("cus_late");
  await product.settled();

  expect(product.counted).toEqual([["cus_late", 4]]);
});

test("body: of a response without a customer is not even read through", async () => {
  const product = new MeteredProduct(byBytes);
  const response = new Response("fine");

  expect(product.answer(response, { customer: null })).toBe(response);
  expect(response.body!.locked).toBe(false);
  expect(product.stayed).toBe(0);
});

test("body: one that was read already is reported, and handed on as it is", async () => {
  const product = new MeteredProduct(byBytes);
  const response = new Response("fine");
  await response.text();

  expect(product.answer(response)).toBe(response);
  await product.settled();
  expect(product.losses.map(({ lost }) => lost.usage)).toEqual([[]]);
});

test("body: a callback that fails leaves the body to the response", async () => {
  const fail = (): never => {
    throw new Error("callback failed");
  };
  const product = new MeteredProduct({ ...byBytes, metadata: fail });
  const response = new Response("fine");

  expect(product.answer(response)).toBe(response);
  expect(await response.text()).toBe("fine");
  await product.settled();
  expect(product.losses.map(({ message }) => message)).toEqual(["callback failed"]);
});

test("body: a response that cannot be made again is reported, and handed on as it is", async () => {
  const product = new MeteredProduct({ ...byBytes, billable: () => true });
  const response = responseOf(999, "fine");

  expect(product.answer(response)).toBe(response);
  expect(await response.text()).toBe("fine");
  await product.settled();
  expect(product.losses.map(({ lost }) => lost.usage)).toEqual([[]]);
});

test("body: of Hono's context the method is that of its request", async () => {
  const response = new Response("not sent");
  const later = ofSentBody(({ bytes }) => bytes)({ req: { method: "HEAD" } }, response);

  expect(later.response).toBe(response);
  expect(await later.quantity).toBe(0);
});
