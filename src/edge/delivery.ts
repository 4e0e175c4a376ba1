import type { EventResult, UsageEvent } from "./event.ts";
import type { Attempt, Transport } from "./transport.ts";

/** Attempts at one delivery, the first included. */
export const MAX_ATTEMPTS = 3;
/** How long one attempt may take. */
export const ATTEMPT_TIMEOUT_MS = 8_000;
/** How long all of it may take: `waitUntil` ends 30 s after the response. */
export const DELIVERY_BUDGET_MS = 27_000;
/** Upper bound of the wait after the first failed attempt; doubles with each further one. */
export const BACKOFF_MS = 500;

/** Events that are not counted, or not known to be, and why. */
export interface Loss {
  events: UsageEvent[];
  error: Error;
}

/**
 * Delivers events with bounded retries under the same ids and answers what was lost, nothing when all are counted;
 * never throws.
 */
export async function deliver(events: UsageEvent[], transport: Transport): Promise<Loss[]> {
  const deadlineMs = Date.now() + DELIVERY_BUDGET_MS;
  for (let attempt = 1; ; attempt += 1) {
    // oxlint-disable-next-line no-await-in-loop -- an attempt follows the failure of the one before
    const outcome = await attemptOnce(events, transport);
    if (outcome.kind === "answered") {
      return lossesOf(events, outcome.results);
    }
    if (outcome.kind === "refused") {
      return [{ events, error: outcome.error }];
    }
    const waitMs = Math.max(outcome.retryAfterMs ?? 0, Math.random() * BACKOFF_MS * 2 ** (attempt - 1));
    if (attempt === MAX_ATTEMPTS || Date.now() + waitMs + ATTEMPT_TIMEOUT_MS > deadlineMs) {
      const message = `usage not delivered in ${attempt} attempts: ${outcome.error.message}`;
      return [{ events, error: new Error(message, { cause: outcome.error }) }];
    }
    // oxlint-disable-next-line no-await-in-loop -- the wait between two attempts
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

async function attemptOnce(events: UsageEvent[], transport: Transport): Promise<Attempt> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<Attempt>((resolve) => {
    timer = setTimeout(() => {
      const error = new Error(`the meter did not answer within ${ATTEMPT_TIMEOUT_MS} ms`);
      resolve({ kind: "unavailable", error });
      controller.abort(error);
    }, ATTEMPT_TIMEOUT_MS);
  });
  try {
    // An RPC call cannot be aborted, so the race ends the attempt for either transport.
    return await Promise.race([transport.send(events, controller.signal), timeout]);
  } catch (thrown) {
    return { kind: "unavailable", error: asError(thrown) };
  } finally {
    clearTimeout(timer);
  }
}

function lossesOf(events: UsageEvent[], results: EventResult[]): Loss[] {
  return events.flatMap((event, index) => {
    const result = results[index];
    if (result?.status === "recorded" || result?.status === "duplicate" || result?.status === "spooled") {
      return [];
    }
    const words = [result?.status ?? "unanswered", result?.code, result?.detail];
    return [{ events: [event], error: new Error(words.filter((word) => word !== undefined).join(": ")) }];
  });
}

/** Gives what was thrown as an error, whatever it was. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
