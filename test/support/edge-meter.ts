import type { EventResult, RecordAnswer } from "../../src/edge/answer.ts";
import type { Attempt, Transport } from "../../src/edge/attempt.ts";
import type { UsageBatch } from "../../src/edge/batch.ts";

/** When the tests of the edge begin. */
export const START_MS = Date.parse("2026-11-23T12:00:00.000Z");

/** What the meter does with one attempt: counts it, throws, or never answers; or what a test decides. */
export type Step = "records" | "throws" | "hangs" | Attempt | Promise<Attempt>;

/** One attempt, as the meter saw it. */
export interface SeenAttempt {
  /** Since {@link START_MS}. */
  atMs: number;
  /** Whose request made it. */
  by: string;
  batch: UsageBatch;
  /** The batch as JSON, taken when it was sent. */
  text: string;
  signal: AbortSignal;
}

/** A meter that plays the steps in order, and counts what comes after them. */
export class ScriptedMeter {
  readonly seen: SeenAttempt[] = [];
  readonly #steps: readonly Step[];

  constructor(steps: readonly Step[] = []) {
    this.#steps = steps;
  }

  transport(by = "request"): Transport {
    return {
      send: async (batch, signal) => {
        const step = this.#steps[this.seen.length] ?? "records";
        this.seen.push({ atMs: Date.now() - START_MS, by, batch, text: JSON.stringify(batch), signal });
        return play(step, batch);
      },
    };
  }

  /** When attempts were made, and by whom. */
  get times(): [number, string][] {
    return this.seen.map(({ atMs, by }) => [atMs, by]);
  }
}

function play(step: Step, batch: UsageBatch): Attempt | Promise<Attempt> {
  switch (step) {
    case "records":
      return answered(batch.usage.map(() => ({ status: "recorded" })));
    case "throws":
      throw new Error("connection lost");
    case "hangs":
      return new Promise(() => undefined);
    default:
      return step;
  }
}

export function answered(results: EventResult[]): Attempt {
  return { kind: "answered", answer: answerOf(results) };
}

/** The document around results, as the meter writes it. */
export function answerOf(results: EventResult[]): RecordAnswer {
  const count = (status: EventResult["status"]): number =>
    results.filter((result) => result.status === status).length;
  return {
    recorded: count("recorded"),
    duplicates: count("duplicate"),
    conflicts: count("conflict"),
    rejected: count("rejected"),
    spooled: count("spooled"),
    results,
  };
}

export function unavailable(message: string, retryAfterMs?: number): Attempt {
  const error = new Error(message);
  return { kind: "unavailable", error, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

export function refused(message: string): Attempt {
  return { kind: "refused", error: new Error(message) };
}
