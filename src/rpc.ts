import { WorkerEntrypoint } from "cloudflare:workers";
import { depsOf } from "./deps.ts";
import { customerIdSchema } from "./domain/customer.ts";
import { MAX_EVENTS } from "./domain/event.ts";
import type { RecordAnswer } from "./ingest/event-result.ts";
import { recordUsage } from "./ingest/record-usage.ts";
import { checkLimit, type LimitCheck } from "./usage/check-limit.ts";
import { customerUsage } from "./usage/customer-usage.ts";
import { usageDocument, type UsageDocument } from "./usage/usage-document.ts";

/** What another Worker calls over a service binding; whoever may bind it may do all of it. */
export class MeterEntrypoint extends WorkerEntrypoint {
  /** Records 1–1,000 events; answers as `POST /v1/events` does. Throws when a store is away: send again. */
  async record(events: unknown[]): Promise<RecordAnswer> {
    if (!Array.isArray(events) || events.length === 0 || events.length > MAX_EVENTS) {
      throw new TypeError(`record takes an array of 1 to ${MAX_EVENTS} events`);
    }
    const deps = depsOf(this.env);
    return recordUsage(deps, { format: "json", events, idempotencyKey: undefined }, deps.now());
  }

  /** A customer's current period; null for one without usage that was never put. */
  async usage(customerId: string): Promise<UsageDocument | null> {
    const deps = depsOf(this.env);
    const usage = await customerUsage(
      deps,
      customerIdSchema.parse(customerId),
      { kind: "current" },
      deps.now(),
    );
    if (usage === "no_catalog") {
      throw new Error("no catalog is published");
    }
    return usage === undefined ? null : usageDocument(usage);
  }

  /** Whether a customer may use more of a metric. */
  async check(customerId: string, metricName: string): Promise<LimitCheck> {
    const deps = depsOf(this.env);
    const result = await checkLimit(deps, customerIdSchema.parse(customerId), metricName, deps.now());
    if (typeof result === "string") {
      throw new TypeError(result);
    }
    return result;
  }
}
