import type { RedisClient } from "../src/counters/redis.ts";
import { invariant } from "../src/domain/invariant.ts";
import { parseJson } from "../src/http/body.ts";
import { batchSchema } from "../src/ingest/check-batch.ts";
import { recordUsage, type IngestDeps, type Submission } from "../src/ingest/record-usage.ts";

/** A call of the record script as the Worker would send it. */
export interface RecordCall {
  source: string;
  keys: string[];
  args: string[];
}

/** The Worker's own code from a body's bytes to the script's arguments, with a Redis that answers at once. */
export class CountingPath {
  readonly #deps: IngestDeps;
  readonly #receivedAtMs = Date.now();
  #letters = "";
  #call: RecordCall | undefined;

  constructor(catalogDocument: string) {
    const redis: Pick<RedisClient, "run" | "hmget"> = {
      run: ({ source }, keys, args) => {
        this.#call = { source, keys, args };
        return Promise.resolve(this.#letters);
      },
      hmget: () => Promise.resolve([catalogDocument]),
    };
    this.#deps = {
      redis: redis as RedisClient,
      // Nothing on the path of an event asks it while Redis answers.
      database: {} as IngestDeps["database"],
      randomId: () => crypto.randomUUID(),
      catalogMemory: { held: undefined, others: [], readAtMs: 0, reading: undefined },
      customerMemory: new Map(),
      spoolMemory: { mayHold: false },
      lateEventHours: 24,
      requireKnownCustomers: false,
    };
  }

  /** What the route does with a body before any event is looked at. */
  parse(bytes: Uint8Array): Submission {
    const body = parseJson(bytes);
    if (typeof body === "object" && body !== null && "usage" in body) {
      return { format: "batch", batch: batchSchema.parse(body) };
    }
    return { format: "json", events: Array.isArray(body) ? body : [body], idempotencyKey: undefined };
  }

  /** Checks, digests and groups; every event has to be accepted. */
  async record(submission: Submission): Promise<RecordCall> {
    const size = submission.format === "batch" ? submission.batch.usage.length : submission.events.length;
    if (this.#letters.length !== size) {
      this.#letters = "r".repeat(size);
    }
    const answer = await recordUsage(this.#deps, submission, this.#receivedAtMs);
    invariant(answer.recorded === size, "every event of the benchmark is accepted");
    invariant(this.#call !== undefined, "an event that is accepted is counted");
    return this.#call;
  }
}
