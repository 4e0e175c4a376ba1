import { WorkerEntrypoint } from "cloudflare:workers";
import { depsOf } from "./deps.ts";
import { customerIdSchema } from "./domain/customer.ts";
import { parseDecimal } from "./domain/decimal.ts";
import { decimalSchema, MAX_EVENTS } from "./domain/event.ts";
import { batchSchema } from "./ingest/check-batch.ts";
import type { RecordAnswer } from "./ingest/event-result.ts";
import { recordUsage, type Submission } from "./ingest/record-usage.ts";
import { checkLimit, type LimitCheck } from "./usage/check-limit.ts";
import { customerUsage } from "./usage/customer-usage.ts";
import { usageDocument, type UsageDocument } from "./usage/usage-document.ts";

/** No limits can be set yet: a quantity is checked, and then everything is allowed. */
const checkedQuantity = decimalSchema.refine(
  (value) => parseDecimal(String(value)) !== undefined,
  "must be a plain decimal",
);

/** What another Worker calls over a service binding; whoever may bind it may do all of it. */
export class MeterEntrypoint extends WorkerEntrypoint {
  /**
   * Records 1–1,000 events, or a batch of our SDK; answers as `POST /v1/events` does. Throws when no store takes them:
   * send the same again.
   */
  async record(input: unknown): Promise<RecordAnswer> {
    const submission = readSubmission(input);
    const deps = depsOf(this.env);
    return recordUsage(deps, submission, deps.now());
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

  /** Whether a customer may use so much more of a metric, a number or decimal string; 1 when absent. */
  async check(customerId: string, metricName: string, quantity: unknown = 1): Promise<LimitCheck> {
    checkedQuantity.parse(quantity);
    const deps = depsOf(this.env);
    const result = await checkLimit(deps, customerIdSchema.parse(customerId), metricName, deps.now());
    if (typeof result === "string") {
      throw new TypeError(result);
    }
    return result;
  }
}

function readSubmission(input: unknown): Submission {
  if (Array.isArray(input) && input.length > 0 && input.length <= MAX_EVENTS) {
    return { format: "json", events: input, idempotencyKey: undefined };
  }
  const batch = batchSchema.safeParse(input);
  if (!batch.success) {
    throw new TypeError(
      `record takes an array of 1 to ${MAX_EVENTS} events, or { batch, usage } of as many rows`,
    );
  }
  return { format: "batch", batch: batch.data };
}
