import type { CustomerUsage, LimitCheck } from "./api.ts";
import { apiOf, type Api } from "./api-client.ts";
import { isCounted, type EventResult, type RecordAnswer } from "./answer.ts";
import type { LostUsage } from "./batcher.ts";
import { Calls, type RetryOptions } from "./calls.ts";
import { chunksOf } from "./chunks.ts";
import { MeterError } from "./meter-error.ts";
import { exchange, meterAddress, postUsage, type MeterAddress } from "./http-call.ts";
import { printQuantity, readQuantity, type Quantity } from "./quantity.ts";
import type { IdentifiedEvent, UsageEvent } from "./usage-event.ts";

export { MeterError } from "./meter-error.ts";
export type * from "./api.ts";
export type { Api } from "./api-client.ts";
export type { EventResult, RecordAnswer } from "./answer.ts";
export type { LostUsage } from "./batcher.ts";
export type { IdentifiedEvent, UsageEvent } from "./usage-event.ts";
export type { UsageRow } from "./usage-row.ts";

export type ClientOptions = MeterAddress & RetryOptions;

/**
 * A client of the meter's HTTP API, for any runtime with `fetch`.
 *
 * Calls are repeated with backoff and jitter, at least as late as the meter's `Retry-After` asks for; events are repeated
 * under the same ids. What still fails throws a {@link MeterError}.
 */
export class MeterClient {
  /** Every other call of the API, by its name in `/openapi.json`. */
  readonly api: Api;
  readonly #calls: Calls;
  readonly #randomId: () => string;

  constructor(options: ClientOptions) {
    this.#calls = new Calls(meterAddress(options), options);
    this.api = apiOf(this.#calls);
    this.#randomId = options.randomId ?? (() => crypto.randomUUID());
  }

  /**
   * Records events, as many as you like: a durable answer for each, in their order.
   *
   * Throws when some are not known to be counted: the error's `unconfirmed` events may be recorded again as they are.
   */
  async record(events: UsageEvent | readonly UsageEvent[]): Promise<RecordAnswer> {
    const list = Array.isArray(events) ? (events as readonly UsageEvent[]) : [events as UsageEvent];
    const identified = list.map((event) => this.#identify(event));
    const results: EventResult[] = [];
    // All of it is made before any is sent: what cannot be sent must not come after what is counted.
    const chunks = Array.from(chunksOf(identified));
    for (const { items, body } of chunks) {
      const posted = { type: "application/json", body, size: items.length };
      const attempt = await this.#calls.repeat((signal) => postUsage(this.#calls.address, posted, signal));
      if (attempt.kind !== "answered") {
        throw this.#calls.failure(attempt, identified.slice(results.length), results);
      }
      results.push(...attempt.answer.results);
    }
    return summarize(results);
  }

  /**
   * Sends usage that the middleware has reported as lost once more, under its own id; harmless if it was counted.
   *
   * Throws when any of it is not counted. Takes as long as `record`: more than a request has after its response, so from a
   * queue or a cron.
   */
  async resend({ batch, usage }: Pick<LostUsage, "batch" | "usage">): Promise<RecordAnswer> {
    const body = JSON.stringify({ batch, usage });
    const posted = { type: "application/vnd.edgemeter.batch+json", body, size: usage.length };
    const attempt = await this.#calls.repeat((signal) => postUsage(this.#calls.address, posted, signal));
    if (attempt.kind !== "answered") {
      throw this.#calls.failure(attempt);
    }
    const { results } = attempt.answer;
    const refused = results.find((result) => !isCounted(result));
    if (refused !== undefined) {
      const { status, code = "", detail = "" } = refused;
      throw new MeterError(`${status}: ${code}: ${detail}`, { maybeApplied: false, results });
    }
    return summarize(results);
  }

  /** A customer's usage in the current period, or in the one that starts in a month (`2026-11`). */
  async usage(customerId: string, options: { period?: string } = {}): Promise<CustomerUsage> {
    const query = options.period === undefined ? {} : { period: options.period };
    return this.#read<CustomerUsage>(customerPath(customerId, "usage"), query);
  }

  /** Whether a customer may use so much more of a metric. */
  async check(customerId: string, metricName: string, quantity: Quantity = 1): Promise<LimitCheck> {
    const query = { metric: metricName, quantity: String(printQuantity(readQuantity(quantity))) };
    return this.#read<LimitCheck>(customerPath(customerId, "check"), query);
  }

  async #read<Document>(path: string, query: Record<string, string>): Promise<Document> {
    const search = new URLSearchParams(query).toString();
    const target = search === "" ? path : `${path}?${search}`;
    const attempt = await this.#calls.repeat((signal) =>
      exchange(this.#calls.address, target, { signal }, (body, status) =>
        status === 200 ? (body as Document | undefined) : undefined,
      ),
    );
    if (attempt.kind !== "answered") {
      throw this.#calls.failure(attempt);
    }
    return attempt.answer;
  }

  /** Fixes what every repeat has to say again: id, time and value. */
  #identify(event: UsageEvent): IdentifiedEvent {
    return {
      ...event,
      id: event.id ?? this.#randomId(),
      timestamp: event.timestamp ?? new Date().toISOString(),
      value: printQuantity(readQuantity(event.value ?? 1)),
    };
  }
}

function customerPath(customerId: string, what: string): string {
  return `/v1/customers/${encodeURIComponent(customerId)}/${what}`;
}

function summarize(results: EventResult[]): RecordAnswer {
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
