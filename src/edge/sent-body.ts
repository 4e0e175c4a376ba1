/** What of a response's body was handed on to the client. */
export interface SentBody {
  /** Before compression. */
  bytes: number;
  /** True when the client went away, or the body failed, before its end. */
  isAborted: boolean;
}

/** Bytes of one read: what the runtime has is taken in one piece, where its own reader would cut it into small ones. */
const READ_BYTES = 256 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;
type Read = () => Promise<{ done: boolean; value?: Bytes | undefined }>;

/**
 * Gives a response of the same bytes and headers whose body is counted while it is sent.
 *
 * `ended` settles once, with the end of the body or when nobody reads it any more; at once where no body is sent. Throws,
 * with the body untouched, on a response that cannot be made again.
 */
export function countBody(
  response: Response,
  method: string,
): { response: Response; ended: Promise<SentBody> } {
  const { body } = response;
  if (body === null || method === "HEAD" || response.status === 101) {
    return { response, ended: Promise.resolve({ bytes: 0, isAborted: false }) };
  }
  if (response.bodyUsed || body.locked) {
    throw new TypeError("the body is read already");
  }
  let end!: (sent: SentBody) => void;
  const ended = new Promise<SentBody>((resolve) => {
    end = resolve;
  });
  const length = trustedLength(response);
  if (length === undefined) {
    return { response: new Response(countedStream(body, end), response), ended };
  }
  const { FixedLengthStream: Fixed } = globalThis as unknown as { FixedLengthStream: FixedLength };
  const { readable, writable } = new Fixed(length);
  const counted = new Response(readable, response);
  void pump(body, writable, end);
  return { response: counted, ended };
}

/**
 * The body's reader, taken with the first read; in Workers, bytes are read into large pieces where the body can. Elsewhere
 * such a read would wait for ever when a product's byte stream is closed without an answer to it.
 */
function readerOf(body: ReadableStream<Uint8Array>): {
  read: Read;
  cancel: (reason: unknown) => Promise<void>;
} {
  let reader: ReadableStreamBYOBReader | ReadableStreamDefaultReader<Uint8Array> | undefined;
  let read: Read | undefined;
  const open = (): Read => {
    const byob = byobReader(body);
    if (byob !== undefined) {
      reader = byob;
      return () => byob.read(new Uint8Array(READ_BYTES)) as ReturnType<Read>;
    }
    const own = body.getReader();
    reader = own;
    return () => own.read() as ReturnType<Read>;
  };
  return {
    read: () => {
      read ??= open();
      return read();
    },
    cancel: (reason) => (reader ?? body).cancel(reason),
  };
}

/** Undefined where the body is no byte stream, and outside Workers. */
function byobReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return isWorkers() ? body.getReader({ mode: "byob" }) : undefined;
  } catch {
    return undefined;
  }
}

function isWorkers(): boolean {
  return "FixedLengthStream" in globalThis;
}

function countedStream(
  body: ReadableStream<Uint8Array>,
  end: (sent: SentBody) => void,
): ReadableStream<Bytes> {
  const reader = readerOf(body);
  let bytes = 0;
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done || value === undefined) {
            end({ bytes, isAborted: false });
            controller.close();
          } else {
            bytes += value.byteLength;
            controller.enqueue(value);
          }
        } catch (error) {
          end({ bytes, isAborted: true });
          controller.error(error);
        }
      },
      async cancel(reason) {
        end({ bytes, isAborted: true });
        await reader.cancel(reason);
      },
    },
    // Nothing is read ahead: what is counted was asked for.
    { highWaterMark: 0 },
  );
}

type FixedLength = new (length: number) => {
  readable: ReadableStream<Bytes>;
  writable: WritableStream<Bytes>;
};

/** Hands a body on in a stream that promises its length: without one, Workers send no `Content-Length`. */
async function pump(
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Bytes>,
  end: (sent: SentBody) => void,
): Promise<void> {
  const reader = readerOf(body);
  const writer = writable.getWriter();
  let bytes = 0;
  const abort = async (reason: unknown): Promise<void> => {
    end({ bytes, isAborted: true });
    await Promise.allSettled([writer.abort(reason), reader.cancel(reason)]);
  };
  // Where the runtime tells it while a read is pending; workerd does with the next write.
  writer.closed.catch(abort);
  try {
    for (;;) {
      await writer.ready;
      const { done, value } = await reader.read();
      if (done || value === undefined) {
        break;
      }
      await writer.write(value);
      bytes += value.byteLength;
    }
    await writer.close();
    end({ bytes, isAborted: false });
  } catch (error) {
    await abort(error);
  }
}

/**
 * The length that a response of this runtime is bound to: a promise that is broken fails the response. The header can be
 * trusted in an answer of `fetch` as it came: what the product made of one may have kept its headers, and a decoded body
 * has another length.
 */
function trustedLength(response: Response): number | undefined {
  const length = response.headers.get("content-length") ?? "";
  const isAsItCame = response.url !== "" && !response.headers.has("content-encoding");
  return isAsItCame && isWorkers() && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}
