import type { LostUsage } from "../../../src/edge/hono.ts";

/** A response as the product handed it on. */
export interface LoggedResponse {
  customer: string;
  region: string;
  method: string;
  status: number;
  value: string;
  atMs: number;
}

/** A streamed body as far as it was asked for. */
export interface LoggedBody {
  customer: string;
  method: string;
  status: number;
  bytes: number;
  isAborted: boolean;
}

/** What the product knows by itself of the responses it has given. */
export class ProductLog {
  readonly responses: LoggedResponse[] = [];
  readonly bodies: LoggedBody[] = [];
  readonly lost: LostUsage[] = [];
  thrown = 0;
  /** Tasks that keep requests alive after their response. */
  staying = 0;
}

/** A body of so many chunks, made when it is asked for; `ended` is told once how much that was. */
export function chunkedBody(
  chunks: number,
  chunkBytes: number,
  waitMs: number,
  ended: (bytes: number, isAborted: boolean) => void,
): ReadableStream<Uint8Array> {
  let left = chunks;
  let bytes = 0;
  let isOver = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (waitMs > 0) {
          await new Promise((resolve) => {
            setTimeout(resolve, waitMs);
          });
        }
        if (isOver) {
          return;
        }
        if (left === 0) {
          isOver = true;
          ended(bytes, false);
          controller.close();
          return;
        }
        left -= 1;
        bytes += chunkBytes;
        controller.enqueue(new Uint8Array(chunkBytes));
      },
      cancel() {
        isOver = true;
        ended(bytes, true);
      },
    },
    { highWaterMark: 0 },
  );
}
