import { vi } from "vitest";

type Body = ConstructorParameters<typeof Response>[0];
type HeaderList = NonNullable<ResponseInit["headers"]>;

/** A response of any status, also of those that only Workers can make. */
export function responseOf(status: number, body: Body = null, headers: HeaderList = {}): Response {
  return Object.defineProperty(new Response(body, { headers }), "status", { value: status });
}

/** A response as `fetch` gives it: with the address that it came from. */
export function fetchedResponse(body: Body, headers: HeaderList): Response {
  return Object.defineProperty(new Response(body, { headers }), "url", {
    value: "https://origin.example.com/",
  });
}

/** A body of chunks, each made when it is asked for; it fails after the last with `failure`, if there is one. */
export class ChunkedBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Chunks made. */
  made = 0;
  /** Why the reader went away. */
  cancelled: unknown;

  constructor(chunks: readonly Uint8Array<ArrayBuffer>[], failure?: Error) {
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: (controller) => {
          const chunk = chunks[this.made];
          if (chunk !== undefined) {
            this.made += 1;
            controller.enqueue(chunk);
          } else if (failure === undefined) {
            controller.close();
          } else {
            controller.error(failure);
          }
        },
        cancel: (reason) => {
          this.cancelled = reason;
        },
      },
      { highWaterMark: 0 },
    );
  }
}

/** A chunk of so many bytes. */
export function chunkOf(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes).fill(120);
}

/** Stands for what Workers have, a stream that is to carry so many bytes; gives the lengths asked for. */
export function stubFixedLength(): number[] {
  const lengths: number[] = [];
  class FixedLengthStream extends TransformStream<Uint8Array, Uint8Array> {
    constructor(length: number) {
      super();
      lengths.push(length);
    }
  }
  vi.stubGlobal("FixedLengthStream", FixedLengthStream);
  return lengths;
}
