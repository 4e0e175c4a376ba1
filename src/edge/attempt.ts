import type { RecordAnswer } from "./answer.ts";
import type { UsageBatch } from "./batch.ts";

/** How long one attempt may take. */
export const ATTEMPT_TIMEOUT_MS = 10_000;
/** Upper bound of the wait after the first failed attempt; doubles with each further one, up to {@link MAX_BACKOFF_MS}. */
export const BACKOFF_MS = 500;
export const MAX_BACKOFF_MS = 8_000;

/**
 * What became of one attempt: the meter's word on each row; refused as a whole, where the same would be refused again;
 * or unavailable, where it may be counted or not, and the same id may be sent again.
 */
export type Attempt<Answer = RecordAnswer> =
  | { kind: "answered"; answer: Answer }
  | { kind: "refused"; error: Error }
  | { kind: "unavailable"; error: Error; retryAfterMs?: number };

/** Carries a batch to the meter; one call is one attempt, and a thrown error counts as unavailable. */
export interface Transport {
  send: (batch: UsageBatch, signal: AbortSignal) => Promise<Attempt>;
}

/** Makes one attempt, bounded in time; never throws. */
export async function attemptOnce<Answer>(
  send: (signal: AbortSignal) => Promise<Attempt<Answer>>,
  timeoutMs: number,
): Promise<Attempt<Answer>> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<Attempt<Answer>>((resolve) => {
    timer = setTimeout(() => {
      const error = new Error(`no answer within ${timeoutMs} ms`);
      resolve({ kind: "unavailable", error });
      controller.abort(error);
    }, timeoutMs);
  });
  try {
    // An RPC call cannot be aborted, so the race ends the attempt for either transport.
    return await Promise.race([send(controller.signal), timeout]);
  } catch (thrown) {
    return { kind: "unavailable", error: asError(thrown) };
  } finally {
    clearTimeout(timer);
  }
}

/** How long to wait after so many failed attempts: random, doubling, and never shorter than the meter asks for. */
export function backoffMs(attempts: number, retryAfterMs: number | undefined, random: () => number): number {
  const bound = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (attempts - 1));
  return Math.max(retryAfterMs ?? 0, random() * bound);
}

/** Gives what was thrown as an error, whatever it was. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
