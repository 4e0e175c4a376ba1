/** What of a response's body was handed on to the client. */
export interface SentBody {
  /** Before compression. */
  bytes: number;
  /** True when the client went away, or the body failed, before its end. */
  isAborted: boolean;
}

/**
 * Gives a response of the same bytes and headers whose body is counted while it is sent.
 *
 * `ended` settles once, with the end of the body or when nobody reads it any more; at once where no body is sent.
 */
export function countBody(
  response: Response,
  method: string,
): { response: Response; ended: Promise<SentBody> } {
  if (response.body === null || method === "HEAD" || response.status === 101) {
    return { response, ended: Promise.resolve({ bytes: 0, isAborted: false }) };
  }
  const { stream, ended } = countStream(response.body);
  return { response: new Response(ofKnownLength(stream, response), response), ended };
}

function countStream(body: ReadableStream<Uint8Array>): {
  stream: ReadableStream<Uint8Array>;
  ended: Promise<SentBody>;
} {
  const reader = body.getReader();
  const sent: SentBody = { bytes: 0, isAborted: true };
  let end = (_sent: SentBody): void => undefined;
  const ended = new Promise<SentBody>((resolve) => {
    end = resolve;
  });
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            sent.isAborted = false;
            end(sent);
            controller.close();
          } else {
            sent.bytes += value.byteLength;
            controller.enqueue(value);
          }
        } catch (error) {
          end(sent);
          controller.error(error);
        }
      },
      async cancel(reason) {
        end(sent);
        await reader.cancel(reason);
      },
    },
    // Nothing is read ahead: what is counted was asked for.
    { highWaterMark: 0 },
  );
  return { stream, ended };
}

interface FixedLength {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/**
 * Workers send a `Content-Length` only with a stream that promises it, and fail a response that breaks the promise. The
 * header can be trusted in an answer of `fetch` as it came: what the product made of one may have kept its headers, and
 * a decoded body has another length.
 */
function ofKnownLength(counted: ReadableStream<Uint8Array>, response: Response): ReadableStream<Uint8Array> {
  const isAsFetched = response.url !== "" && !response.headers.has("content-encoding");
  const length = isAsFetched ? response.headers.get("content-length") : null;
  const { FixedLengthStream: fixed } = globalThis as {
    FixedLengthStream?: new (length: number) => FixedLength;
  };
  if (fixed === undefined || length === null || !/^\d{1,15}$/.test(length)) {
    return counted;
  }
  const { readable, writable } = new fixed(Number(length));
  // A failure is the reader's, and is counted as an end.
  counted.pipeTo(writable).catch(() => undefined);
  return readable;
}
