import { AsyncLocalStorage } from "node:async_hooks";
import { vi } from "vitest";
import { Batcher, type BatcherOptions, type LostUsage } from "../../src/edge/batcher.ts";
import { placeIncrement, type Increment } from "../../src/edge/usage-row.ts";
import { START_MS, type ScriptedMeter } from "./edge-meter.ts";

/** One report of lost usage. */
export interface Loss {
  /** Since {@link START_MS}. */
  atMs: number;
  by: string;
  lost: LostUsage;
  message: string;
}

/**
 * An isolate of a product under fake timers: requests count, and may die.
 *
 * The timers of a dead request never fire, as when the runtime ends its context; the meter's answer to it is the
 * script's affair.
 */
export class Isolate {
  readonly losses: Loss[] = [];
  /** Requests that need no longer stay, in the order in which that became so. */
  readonly gone: string[] = [];
  readonly #batcher: Batcher;
  readonly #meter: ScriptedMeter;
  readonly #request = new AsyncLocalStorage<string>();
  readonly #dead = new Set<string>();

  constructor(meter: ScriptedMeter, options: Partial<BatcherOptions> = {}) {
    let ids = 0;
    this.#meter = meter;
    this.#batcher = new Batcher({
      lingerMs: 1_000,
      now: () => Date.now(),
      random: () => 0.5,
      randomId: () => `batch-${(ids += 1)}`,
      ...options,
    });
    this.#ownTimers();
  }

  /** Counts one increment for a request that may stay for so long; settles when it need no longer. */
  async count(by: string, change: Partial<Increment> = {}, withinMs = 25_000): Promise<void> {
    const placed = placeIncrement({
      customerId: "cus_acme",
      metricName: "api_calls",
      value: 1,
      atMs: Date.now(),
      ...change,
    });
    const carrier = {
      transport: this.#meter.transport(by),
      deadlineMs: Date.now() + withinMs,
      onLost: async (lost: LostUsage, error: Error) => {
        const atMs = Date.now() - START_MS;
        this.losses.push({ atMs, by, lost: structuredClone(lost), message: error.message });
      },
    };
    await this.#request.run(by, () => this.#batcher.add(placed, carrier));
    this.gone.push(by);
  }

  /** Counts one increment for each customer, all at once. */
  countAll(customers: readonly string[], by = "request"): Promise<unknown> {
    return Promise.all(customers.map((customerId) => this.count(by, { customerId })));
  }

  kill(...requests: string[]): void {
    for (const request of requests) {
      this.#dead.add(request);
    }
  }

  #ownTimers(): void {
    const start = globalThis.setTimeout;
    vi.spyOn(globalThis, "setTimeout").mockImplementation((task: () => void, delayMs?: number) => {
      const owner = this.#request.getStore() ?? "nobody";
      return start(() => (this.#dead.has(owner) ? undefined : task()), delayMs);
    });
  }
}

/** So many names. */
export function names(count: number, prefix = "cus"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}_${index}`);
}
