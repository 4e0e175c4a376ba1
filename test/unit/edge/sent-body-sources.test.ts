import { afterEach, expect, test, vi } from "vitest";
import { countBody } from "../../../src/edge/sent-body.ts";
import { ChunkedBody, chunkOf, fetchedResponse, stubFixedLength } from "../../support/edge-response.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A byte stream of so many bytes, which it writes into what it is asked with, or gives as they are. */
function byteStream(sizes: readonly number[], views: number[] = []): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = [...sizes];
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const { byobRequest } = controller;
      const size = left.shift();
      views.push(byobRequest?.view?.byteLength ?? 0);
      if (size === undefined) {
        controller.close();
        byobRequest?.respond(0);
      } else if (byobRequest === null) {
        controller.enqueue(chunkOf(size));
      } else {
        byobRequest.respond(size);
      }
    },
  }) as ReadableStream<Uint8Array<ArrayBuffer>>;
}

test.each([false, true])("sent body: a byte stream is handed on whole; in Workers: %s", async (isWorkers) => {
  if (isWorkers) {
    stubFixedLength();
  }
  const views: number[] = [];
  const { response, ended } = countBody(new Response(byteStream([3, 40_000, 1], views)), "GET");

  expect((await response.bytes()).length).toBe(40_004);
  expect(await ended).toEqual({ bytes: 40_004, isAborted: false });
  expect(new Set(views)).toEqual(new Set([isWorkers ? 262_144 : 0]));
});

test.each<[string, ReadableStream<Uint8Array<ArrayBuffer>>]>([
  ["a byte stream", byteStream([3, 4])],
  ["another stream", new ChunkedBody([chunkOf(3), chunkOf(0), chunkOf(4)]).stream],
])("sent body: %s of known length is handed on whole", async (_, source) => {
  stubFixedLength();
  const { response, ended } = countBody(fetchedResponse(source, { "content-length": "7" }), "GET");

  expect((await response.bytes()).length).toBe(7);
  expect(await ended).toEqual({ bytes: 7, isAborted: false });
});

test("sent body: outside Workers a byte stream may be closed without an answer to the read", async () => {
  let pulls = 0;
  const source = new ReadableStream({
    type: "bytes",
    pull(controller) {
      pulls += 1;
      if (pulls === 1) {
        controller.enqueue(chunkOf(3));
      } else {
        controller.close();
      }
    },
  });
  const { response, ended } = countBody(new Response(source), "GET");

  expect((await response.bytes()).length).toBe(3);
  expect(await ended).toEqual({ bytes: 3, isAborted: false });
});

test.each([[[0]], [[0, 0, 5, 0]], [[5, 0]]])("sent body: chunks of %j bytes", async (sizes) => {
  const { response, ended } = countBody(new Response(new ChunkedBody(sizes.map(chunkOf)).stream), "GET");
  const bytes = sizes.reduce((sum, size) => sum + size, 0);

  expect((await response.bytes()).length).toBe(bytes);
  expect(await ended).toEqual({ bytes, isAborted: false });
});
