import type { EventResult, RecordAnswer } from "./answer.ts";
import { attemptOnce, backoffMs, type Attempt } from "./attempt.ts";
import type { CheckedAddress } from "./http-call.ts";
import { MeterError } from "./meter-error.ts";
import type { IdentifiedEvent } from "./usage-event.ts";

/** How patient a client is. */
export interface RetryOptions {
  /** How long one attempt may take; 10,000 ms when absent. */
  attemptTimeoutMs?: number;
  /** How long a call may take with all its repeats; 60,000 ms when absent. */
  timeoutMs?: number;
  random?: () => number;
  randomId?: () => string;
}

/** The attempt that ended a call, and whether it or one before may have been applied without an answer. */
export type Outcome<Answer = RecordAnswer> = Attempt<Answer> & { maybeApplied: boolean };

/** Repeats calls until they are answered or time is over. */
export class Calls {
  readonly address: CheckedAddress;
  /** How long one attempt may take. */
  readonly attemptTimeoutMs: number;
  readonly #timeoutMs: number;
  readonly #random: () => number;

  constructor(address: CheckedAddress, options: RetryOptions) {
    this.address = address;
    this.attemptTimeoutMs = options.attemptTimeoutMs ?? 10_000;
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    this.#random = options.random ?? Math.random;
  }

  /** The first attempt that settles it, or the last that time allows. */
  async repeat<Answer>(send: (signal: AbortSignal) => Promise<Attempt<Answer>>): Promise<Outcome<Answer>> {
    const deadlineMs = Date.now() + this.#timeoutMs;
    let maybeApplied = false;
    for (let attempts = 1; ; attempts += 1) {
      const timeoutMs = Math.max(1, Math.min(this.attemptTimeoutMs, deadlineMs - Date.now()));
      const attempt = await attemptOnce(send, timeoutMs);
      maybeApplied ||= attempt.kind === "unavailable";
      const retryAfterMs = attempt.kind === "unavailable" ? attempt.retryAfterMs : undefined;
      const waitMs = backoffMs(attempts, retryAfterMs, this.#random);
      if (attempt.kind !== "unavailable" || Date.now() + waitMs >= deadlineMs) {
        return { ...attempt, maybeApplied };
      }
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
    }
  }

  /** The error of an attempt that did not count, with the events that it leaves unconfirmed. */
  failure(
    { error, maybeApplied }: Exclude<Outcome, { kind: "answered" }>,
    unconfirmed: readonly IdentifiedEvent[] = [],
    results: readonly EventResult[] = [],
  ): MeterError {
    return new MeterError(error.message, { cause: error, maybeApplied, unconfirmed, results });
  }
}
