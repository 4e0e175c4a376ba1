import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { countBody } from "../../../src/edge/sent-body.ts";
import {
  ChunkedBody,
  chunkOf,
  fetchedResponse,
  responseOf,
  stubFixedLength,
} from "../../support/edge-response.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Reads so many chunks and gives the reader. */
async function readChunks(response: Response, chunks: number) {
  const reader = response.body!.getReader();
  for (let read = 0; read < chunks; read += 1) {
    await reader.read();
  }
  return reader;
}

test("sent body: hands on the bytes as they are and counts them, however they are cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 })), async (drawn) => {
      const chunks = drawn.map((bytes) => new Uint8Array(bytes));
      const { response, ended } = countBody(new Response(new ChunkedBody(chunks).stream), "GET");
      const whole = await response.bytes();

      expect(Array.from(whole)).toEqual(chunks.flatMap((chunk) => Array.from(chunk)));
      expect(await ended).toEqual({ bytes: whole.length, isAborted: false });
    }),
  );
});

test("sent body: counts bytes, not characters", async () => {
  const { response, ended } = countBody(new Response("Żółw 🐢"), "GET");

  expect(await response.text()).toBe("Żółw 🐢");
  expect(await ended).toEqual({ bytes: 12, isAborted: false });
});

test("sent body: an empty body has no bytes", async () => {
  const { response, ended } = countBody(new Response(""), "GET");

  expect(await response.text()).toBe("");
  expect(await ended).toEqual({ bytes: 0, isAborted: false });
});

test.each<[string, string, Response]>([
  ["a response without a body", "GET", new Response(null, { status: 204 })],
  ["a response to HEAD", "HEAD", new Response("not sent")],
  ["a socket", "GET", responseOf(101, "not sent")],
  ["an error", "GET", Response.error()],
])("sent body: %s is not touched, and ended at once", async (_, method, original) => {
  const { response, ended } = countBody(original, method);

  expect(response).toBe(original);
  expect(response.bodyUsed).toBe(false);
  expect(response.body?.locked ?? false).toBe(false);
  expect(await ended).toEqual({ bytes: 0, isAborted: false });
});

test("sent body: status, its text and every header stay", async () => {
  const headers: [string, string][] = [
    ["content-type", "text/csv"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
    ["x-own", "kept"],
  ];
  const original = new Response("a,b", { status: 206, statusText: "Some Of It", headers });
  const { response } = countBody(original, "GET");

  expect([response.status, response.statusText]).toEqual([206, "Some Of It"]);
  expect([...response.headers]).toEqual(headers);
  expect(await response.text()).toBe("a,b");
});

test("sent body: nothing is read before it is asked for", async () => {
  const body = new ChunkedBody([chunkOf(1), chunkOf(2), chunkOf(3)]);
  const { response } = countBody(new Response(body.stream), "GET");
  expect(body.made).toBe(0);
  await readChunks(response, 1);
  expect(body.made).toBe(1);
});

test("sent body: a client that goes away has got what was handed on, and the source is told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(40), { minLength: 1 }), fc.nat(), async (sizes, number) => {
      const read = number % (sizes.length + 1);
      const body = new ChunkedBody(sizes.map(chunkOf));
      const { response, ended } = countBody(new Response(body.stream), "GET");
      const reader = await readChunks(response, read);
      const reason = new Error("client gone");
      await reader.cancel(reason);

      const bytes = sizes.slice(0, read).reduce((sum, size) => sum + size, 0);
      expect(await ended).toEqual({ bytes, isAborted: true });
      expect([body.made, body.cancelled]).toEqual([read, reason]);
    }),
  );
});

test("sent body: a source that fails is an end, and fails its reader as without the meter", async () => {
  const failure = new Error("source failed");
  const body = new ChunkedBody([chunkOf(3), chunkOf(4)], failure);
  const { response, ended } = countBody(new Response(body.stream), "GET");
  const reader = await readChunks(response, 2);

  await expect(reader.read()).rejects.toBe(failure);
  expect(await ended).toEqual({ bytes: 7, isAborted: true });
});

test("sent body: what fetch gave with a length keeps it", async () => {
  const lengths = stubFixedLength();
  const original = fetchedResponse("fine", { "content-length": "4" });
  const { response, ended } = countBody(original, "GET");

  expect(await response.text()).toBe("fine");
  expect(await ended).toEqual({ bytes: 4, isAborted: false });
  expect(lengths).toEqual([4]);
  expect(response.headers.get("content-length")).toBe("4");
});

test.each<[string, Response]>([
  ["has no length", fetchedResponse("fine", {})],
  ["has a length that is no number", fetchedResponse("fine", { "content-length": "4, 4" })],
  ["was decoded", fetchedResponse("fine", { "content-length": "24", "content-encoding": "gzip" })],
  ["the product has made", new Response("fine and more", { headers: { "content-length": "4" } })],
])("sent body: promises no length for a body that %s", async (_, original) => {
  const lengths = stubFixedLength();
  const { response, ended } = countBody(original, "GET");
  const bytes = (await response.text()).length;

  expect(lengths).toEqual([]);
  expect(await ended).toEqual({ bytes, isAborted: false });
});

test("sent body: a client that goes away from a body of known length is an end", async () => {
  stubFixedLength();
  const body = new ChunkedBody([chunkOf(3), chunkOf(4)]);
  const { response, ended } = countBody(fetchedResponse(body.stream, { "content-length": "7" }), "GET");
  const reader = await readChunks(response, 1);
  await reader.cancel(new Error("client gone"));

  expect((await ended).isAborted).toBe(true);
});

test("sent body: a source of known length that fails is an end, and fails its reader", async () => {
  stubFixedLength();
  const failure = new Error("source failed");
  const body = new ChunkedBody([chunkOf(3)], failure);
  const { response, ended } = countBody(fetchedResponse(body.stream, { "content-length": "7" }), "GET");

  await expect(response.text()).rejects.toBe(failure);
  expect(await ended).toEqual({ bytes: 3, isAborted: true });
});

test("sent body: a client that goes away while a read is pending is an abort, though the read then ends", async () => {
  const gate = Promise.withResolvers<void>();
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: async (controller) => {
        await gate.promise;
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const { response, ended } = countBody(new Response(source), "GET");
  const reader = response.body!.getReader();
  const read = reader.read();
  await reader.cancel(new Error("client gone"));
  gate.resolve();

  expect(await read).toEqual({ done: true, value: undefined });
  expect(await ended).toEqual({ bytes: 0, isAborted: true });
});

test("sent body: from a body of known length a client goes away while a read is pending", async () => {
  stubFixedLength();
  const reason = new Error("client gone");
  const cancelled = Promise.withResolvers<unknown>();
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(chunkOf(3)),
    pull: () => new Promise(() => undefined),
    cancel: (given) => cancelled.resolve(given),
  });
  const { response, ended } = countBody(fetchedResponse(source, { "content-length": "7" }), "GET");
  const reader = await readChunks(response, 1);
  await reader.cancel(reason);

  expect(await ended).toEqual({ bytes: 3, isAborted: true });
  expect(await cancelled.promise).toBe(reason);
});

test.each<[string, Response]>([
  ["a status that no response can be made with", responseOf(999, "fine")],
  ["such a status, and a known length", withStatus(fetchedResponse("fine", { "content-length": "4" }), 999)],
])("sent body: %s throws, and the body is untouched", async (_, original) => {
  stubFixedLength();
  expect(() => countBody(original, "GET")).toThrow(RangeError);
  // Whatever was begun has gone as far as it can.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });

  expect([original.body!.locked, original.bodyUsed]).toEqual([false, false]);
  expect(await original.text()).toBe("fine");
});

function withStatus(response: Response, status: number): Response {
  return Object.defineProperty(response, "status", { value: status });
}

test("sent body: one that is read already, or is being read, throws", async () => {
  const used = new Response("fine");
  await used.text();
  const locked = new Response("fine");
  locked.body!.getReader();

  for (const response of [used, locked]) {
    expect(() => countBody(response, "GET")).toThrow(new TypeError("the body is read already"));
  }
});
