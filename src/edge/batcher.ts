import { isCounted, type EventResult } from "./answer.ts";
import { attemptOnce, ATTEMPT_TIMEOUT_MS, backoffMs, type Attempt, type Transport } from "./attempt.ts";
import { OpenBatch, type UsageBatch } from "./batch.ts";
import type { PlacedIncrement } from "./usage-row.ts";

/** Most requests that stay for one batch: each of them would send it if those that do died. */
export const MAX_FALLBACKS = 64;
/** Most rows held in an isolate, sent or not: what comes while the meter is away for long is reported, not kept. */
export const MAX_HELD_ROWS = 20_000;
/** How much longer than an attempt a sender is left alone. */
const SLACK_MS = 1_000;

/** Usage that is not counted, or not known to be. */
export interface LostUsage extends UsageBatch {
  /** True when it may be counted all the same: send it again only under its id, with the client's `resend`. */
  maybeApplied: boolean;
}

/** What a request gives to get a batch sent: its own way to the meter, and until when it may stay. */
export interface Carrier {
  transport: Transport;
  /** Epoch ms. */
  deadlineMs: number;
  onLost: (lost: LostUsage, error: Error) => Promise<void>;
}

export interface BatcherOptions {
  /** How long usage is gathered before it is sent; 0 sends each request's by itself. */
  lingerMs: number;
  now: () => number;
  random: () => number;
  randomId: () => string;
}

/** Gathers what an isolate's requests count, and has one of them send it. */
export class Batcher {
  readonly #options: BatcherOptions;
  /** Not settled yet, oldest first. */
  readonly #held = new Set<OpenBatch>();
  #heldRows = 0;
  #open: OpenBatch | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /**
   * Merges an increment at once. The promise, which belongs into the request's own `waitUntil`, settles when the request
   * need no longer stay; it never rejects.
   */
  add(increment: PlacedIncrement, carrier: Carrier): Promise<unknown> {
    const nowMs = this.#options.now();
    const [oldest] = this.#held;
    const added = this.#add(increment, carrier, nowMs);
    // It should be on its way, and its requests have all died: whoever comes next sends it.
    return oldest !== undefined && nowMs > Math.max(oldest.dueMs, oldest.takenUntilMs) + SLACK_MS
      ? Promise.all([added, this.#carry(oldest, carrier)])
      : added;
  }

  #add(increment: PlacedIncrement, carrier: Carrier, nowMs: number): Promise<void> {
    const batch = this.#batchFor(increment, nowMs);
    if (batch === undefined) {
      const only = new OpenBatch(this.#options.randomId(), nowMs);
      only.add(increment);
      const lost = { ...only.freeze(), maybeApplied: false };
      return carrier.onLost(lost, new Error("too many rows are waiting"));
    }
    batch.add(increment);
    if (batch.isFull || this.#options.lingerMs === 0) {
      this.#open = undefined;
      return this.#carry(batch, carrier);
    }
    if (batch.fallbacks >= MAX_FALLBACKS) {
      return Promise.resolve();
    }
    batch.fallbacks += 1;
    return this.#stay(batch, carrier);
  }

  /** The batch that takes an increment; undefined when too much is held already. */
  #batchFor(increment: PlacedIncrement, nowMs: number): OpenBatch | undefined {
    if (this.#open?.has(increment) === true) {
      return this.#open;
    }
    if (this.#heldRows >= MAX_HELD_ROWS) {
      return undefined;
    }
    if (this.#open === undefined) {
      this.#open = new OpenBatch(this.#options.randomId(), nowMs + this.#options.lingerMs);
      this.#held.add(this.#open);
    }
    this.#heldRows += 1;
    return this.#open;
  }

  /** Waits for the batch's moment; whoever wakes first sends it, the others stay in case the sender dies. */
  async #stay(batch: OpenBatch, carrier: Carrier): Promise<void> {
    await settledOrAfter(batch, batch.dueMs - this.#options.now());
    await this.#carry(batch, carrier);
  }

  async #carry(batch: OpenBatch, carrier: Carrier): Promise<void> {
    while (!batch.isSettled) {
      const nowMs = this.#options.now();
      if (batch.takenUntilMs > nowMs) {
        await settledOrAfter(batch, batch.takenUntilMs - nowMs);
      } else if (nowMs > carrier.deadlineMs) {
        return;
      } else {
        await this.#send(batch, carrier);
      }
    }
  }

  /** Attempts until the batch is counted or refused, or this request may stay no longer. */
  async #send(batch: OpenBatch, carrier: Carrier): Promise<void> {
    if (this.#open === batch) {
      this.#open = undefined;
    }
    const document = batch.freeze();
    if (batch.takenUntilMs > 0) {
      // Another has sent it and died: what became of its attempt is not known.
      batch.maybeApplied = true;
    }
    for (let attempts = 1; ; attempts += 1) {
      const { now, random } = this.#options;
      const timeoutMs = Math.max(1, Math.min(ATTEMPT_TIMEOUT_MS, carrier.deadlineMs - now()));
      batch.takenUntilMs = now() + timeoutMs + SLACK_MS;
      const attempt = await attemptOnce((signal) => carrier.transport.send(document, signal), timeoutMs);
      if (batch.isSettled) {
        return;
      }
      if (attempt.kind !== "unavailable") {
        await this.#settle(batch, document, attempt, carrier);
        return;
      }
      batch.maybeApplied = true;
      const waitMs = backoffMs(attempts, attempt.retryAfterMs, random);
      if (now() + waitMs >= carrier.deadlineMs) {
        const message = `not delivered in ${attempts} attempts: ${attempt.error.message}`;
        const error = new Error(message, { cause: attempt.error });
        await this.#settle(batch, document, { kind: "refused", error }, carrier);
        return;
      }
      batch.takenUntilMs = now() + waitMs + SLACK_MS;
      await settledOrAfter(batch, waitMs);
      if (batch.isSettled) {
        return;
      }
    }
  }

  async #settle(
    batch: OpenBatch,
    document: UsageBatch,
    outcome: Exclude<Attempt, { kind: "unavailable" }>,
    carrier: Carrier,
  ): Promise<void> {
    this.#held.delete(batch);
    this.#heldRows -= batch.rows;
    batch.settle();
    if (outcome.kind === "refused") {
      await carrier.onLost({ ...document, maybeApplied: batch.maybeApplied }, outcome.error);
      return;
    }
    const { results } = outcome.answer;
    const usage = document.usage.filter((_, index) => !isCounted(results[index]));
    if (usage.length > 0) {
      const reason = results.find((result) => !isCounted(result));
      const { maybeApplied } = batch;
      // Under an id of their own they can be sent again: the batch's stands for all of it.
      const id = maybeApplied ? document.batch : this.#options.randomId();
      await carrier.onLost({ batch: id, usage, maybeApplied }, refusal(reason));
    }
  }
}

function refusal({ status, code, detail }: Partial<EventResult> = {}): Error {
  return new Error([status, code, detail].filter(Boolean).join(": "));
}

/**
 * Settles with the batch or when the time is over: a request that waits for others alone would be ended as hung.
 *
 * No promise is shared: what a finished request leaves on one has the runtime complain.
 */
async function settledOrAfter({ waiting }: OpenBatch, waitMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      waiting.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, Math.max(0, waitMs));
    waiting.add(wake);
  });
}
