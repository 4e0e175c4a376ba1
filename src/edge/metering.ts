import { asError, type Transport } from "./attempt.ts";
import { Batcher, type Carrier, type LostUsage } from "./batcher.ts";
import { isBillable, isMeteredMethod } from "./billable.ts";
import type { Quantity } from "./quantity.ts";
import { placeIncrement, type Metadata } from "./usage-row.ts";

/** How long usage is gathered unless told otherwise. */
export const LINGER_MS = 1_000;
const MAX_LINGER_MS = 5_000;
/** How long delivery is tried unless told otherwise: `waitUntil` ends 30 s after the response. */
export const DELIVER_WITHIN_MS = 25_000;
const MAX_DELIVER_WITHIN_MS = 28_000;
/** What is left for sending after the linger, at least. */
const MIN_SENDING_MS = 1_000;

/** A quantity that is not known yet, and the response to hand on in place of the one that was asked about. */
export interface LaterQuantity {
  response: Response;
  quantity: Promise<Quantity>;
}

/**
 * How a product's requests are metered.
 *
 * The callbacks run after the handler; `c` is the framework's context. They must not read the response's body, and one
 * that throws loses its request's usage (`onLost`), never the response.
 */
export interface MeterOptions<C> {
  /** Whose usage it is; null: not metered. */
  customer: (c: C, response: Response) => string | null | undefined | Promise<string | null | undefined>;
  metricName: string;
  /** How much the request counts, 1 when absent; of its body with `ofSentBody` of `edgemeter/body`. */
  value?: (c: C, response: Response) => Quantity | LaterQuantity;
  /** The dimensions of the usage: each combination of values is a series, so nothing that differs by request. */
  metadata?: (c: C, response: Response) => Metadata | undefined;
  /** Whether the response is paid for; statuses below 400 when absent. `OPTIONS` never is. */
  billable?: (response: Response) => boolean;
  /** The way to the meter, or how to find it in the request's bindings; the same meter for all requests. */
  transport: Transport | ((c: C) => Transport);
  /** `batch`, the default, merges the requests of an isolate; `direct` sends each by itself, at once. */
  mode?: "batch" | "direct";
  /** How long requests are gathered, 0 to 5,000 ms; 1,000 when absent. */
  lingerMs?: number;
  /** How long delivery is tried after the response, `lingerMs` + 1,000 to 28,000 ms; 25,000 when absent. */
  deliverWithinMs?: number;
  /** Told of usage that is not counted, without rows where a callback threw; logs one line when absent. */
  onLost?: (lost: LostUsage, error: Error, c: C) => void | Promise<void>;
  /** The time of the usage in epoch ms; that of the clock when absent. */
  now?: (c: C) => number;
  random?: () => number;
  randomId?: () => string;
}

/** A response to hand on, and what the request has to stay for. */
export interface Metered {
  response: Response;
  /** Never rejects. */
  task: Promise<unknown> | undefined;
}

/** Meters responses, of any framework. */
export class Metering<C> {
  readonly #options: MeterOptions<C>;
  readonly #batcher: Batcher;
  readonly #deliverWithinMs: number;

  constructor(options: MeterOptions<C>) {
    const lingerMs =
      options.mode === "direct" ? 0 : within(options.lingerMs ?? LINGER_MS, 0, MAX_LINGER_MS, "lingerMs");
    this.#options = options;
    this.#deliverWithinMs = within(
      options.deliverWithinMs ?? DELIVER_WITHIN_MS,
      lingerMs + MIN_SENDING_MS,
      MAX_DELIVER_WITHIN_MS,
      "deliverWithinMs",
    );
    this.#batcher = new Batcher({
      lingerMs,
      now: () => Date.now(),
      random: options.random ?? Math.random,
      randomId: options.randomId ?? (() => crypto.randomUUID()),
    });
  }

  /** Counts a response that is about to be handed on; never throws. */
  meter(c: C, method: string, response: Response): Metered {
    const metered: Metered = { response, task: undefined };
    const options = this.#options;
    let customer: ReturnType<typeof options.customer>;
    try {
      if (isMeteredMethod(method) && (options.billable ?? isBillable)(response)) {
        customer = options.customer(c, response);
        if (customer !== null && customer !== undefined) {
          const metadata = options.metadata?.(c, response);
          // Last: from then on the body is of the response that it gives.
          const value = options.value === undefined ? 1 : options.value(c, response);
          if (typeof value !== "object" && typeof customer === "string") {
            metered.task = this.#count(c, customer, metadata, value);
          } else {
            // What is no quantity is told when it is read.
            const later = value as Partial<LaterQuantity> | null;
            metered.response = later?.response ?? response;
            metered.task = this.#countLater(c, customer, metadata, later?.quantity ?? (value as Quantity));
          }
        }
      }
    } catch (thrown) {
      // One that fails as well must find somebody who waits.
      Promise.resolve(customer).catch(() => undefined);
      metered.task = this.#lose(c, NOTHING_BUILT, asError(thrown));
    }
    return metered;
  }

  async #countLater(
    c: C,
    customer: string | Promise<string | null | undefined>,
    metadata: Metadata | undefined,
    value: Quantity | Promise<Quantity>,
  ): Promise<void> {
    try {
      // Both at once: a rejection must find somebody who waits.
      const [customerId, quantity] = await Promise.all([customer, value]);
      if (customerId !== null && customerId !== undefined) {
        await this.#count(c, customerId, metadata, quantity);
      }
    } catch (thrown) {
      await this.#lose(c, NOTHING_BUILT, asError(thrown));
    }
  }

  /** Merges at once what is counted; throws on what cannot be. */
  #count(c: C, customerId: string, metadata: Metadata | undefined, value: Quantity): Promise<unknown> {
    const { metricName, transport, now } = this.#options;
    const nowMs = Date.now();
    const atMs = now === undefined ? nowMs : now(c);
    const carrier: Carrier = {
      transport: typeof transport === "function" ? transport(c) : transport,
      deadlineMs: nowMs + this.#deliverWithinMs,
      onLost: (lost, error) => this.#lose(c, lost, error),
    };
    return this.#batcher.add(placeIncrement({ customerId, metricName, metadata, value, atMs }), carrier);
  }

  async #lose(c: C, lost: LostUsage, error: Error): Promise<void> {
    try {
      await (this.#options.onLost ?? logLost)(lost, error, c);
    } catch (thrown) {
      logLost(lost, asError(thrown));
    }
  }
}

const NOTHING_BUILT: LostUsage = { batch: "", usage: [], maybeApplied: false };

function within(value: number, least: number, most: number, name: string): number {
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${name} must be ${least} to ${most}`);
  }
  return value;
}

/** How much is lost, and no one's data: who wants to send it again gives `onLost`. */
function logLost({ batch, usage, maybeApplied }: LostUsage, error: Error): void {
  const requests = usage.reduce((sum, { count }) => sum + count, 0);
  const line = { message: "usage lost", error: error.message, batch, requests, maybeApplied };
  // oxlint-disable-next-line no-console -- the product's log is the last place where lost usage can be seen
  console.error(JSON.stringify(line));
}
