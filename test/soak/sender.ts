import { Agent, request } from "node:http";
import { Latencies } from "./latencies.ts";
import { eventBody, planEvents, type PlannedEvent } from "./plan.ts";
import type { SenderMessage, SendJob, SendResult, UseTotal } from "./sender-process.ts";

const CONNECTIONS = 128;
const LOOK_MS = 1;
const TELL_MS = 10_000;
/** Answers to what was due before are not timed: a Worker that has just started is slow for some seconds. */
const WARM_UP_MS = 10_000;
const ANSWER_MS = 30_000;
const MAX_ATTEMPTS = 20;
const REPEAT_AFTER_MS = 500;
const MAX_FAILURES = 10;
/** Of the metrics that are sent, the one whose total is its greatest value. */
const MAXIMUM = "storage_gb";

interface Answer {
  status: number;
  text: string;
}

/** Sends on schedule, answered or not, each event until it is acknowledged. */
class Sender {
  readonly #job: SendJob;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  readonly #events: Generator<PlannedEvent, never>;
  readonly #latencies = new Latencies();
  readonly #latest = new Latencies();
  readonly #totals = new Map<string, UseTotal>();
  readonly #acknowledged: Record<string, number> = {};
  readonly #failures: string[] = [];
  readonly #open = new Set<Promise<void>>();
  readonly #startMs = performance.now();
  #sent = 0;
  #repeats = 0;

  constructor(job: SendJob) {
    this.#job = job;
    this.#events = planEvents(job.seed);
  }

  async run(): Promise<SendResult> {
    const telling = setInterval(() => this.#tell(), TELL_MS);
    const intervalMs = 1000 / this.#job.ratePerSecond;
    // Due times come from the schedule alone: a slow answer delays none of them.
    while (this.#sent < this.#job.events) {
      const nowMs = performance.now();
      for (
        let dueMs = this.#startMs + this.#sent * intervalMs;
        dueMs <= nowMs && this.#sent < this.#job.events;
        dueMs = this.#startMs + this.#sent * intervalMs
      ) {
        this.#begin(dueMs);
      }
      await sleep(LOOK_MS);
    }
    await Promise.all(this.#open);
    clearInterval(telling);
    this.#agent.destroy();
    return {
      sent: this.#sent,
      acknowledged: this.#acknowledged,
      repeats: this.#repeats,
      failures: this.#failures,
      latencyMs: this.#latencies.read(),
      totals: [...this.#totals.values()],
    };
  }

  #begin(dueMs: number): void {
    this.#sent += 1;
    const event = this.#events.next().value;
    const sending = this.#send(event, dueMs).finally(() => this.#open.delete(sending));
    this.#open.add(sending);
  }

  async #send(event: PlannedEvent, dueMs: number): Promise<void> {
    const total = this.#totalOf(event);
    total.sent += 1;
    const body = eventBody(event, Date.now());
    let answer: Answer | undefined;
    for (let attempts = 1; attempts <= MAX_ATTEMPTS; attempts += 1) {
      answer = await this.#post(body);
      if (answer !== undefined && answer.status !== 503) {
        break;
      }
      this.#repeats += 1;
      await sleep(REPEAT_AFTER_MS);
    }
    const latencyMs = performance.now() - dueMs;
    if (dueMs - this.#startMs >= WARM_UP_MS) {
      this.#latencies.add(latencyMs);
    }
    this.#latest.add(latencyMs);
    const said = answer?.status === 200 && /"(recorded|duplicates|spooled)":1\b/.exec(answer.text)?.[1];
    if (said === undefined || said === false) {
      this.#fail(event, answer);
      return;
    }
    this.#acknowledged[said] = (this.#acknowledged[said] ?? 0) + 1;
    total.acknowledged += 1;
    total.value =
      event.metricName === MAXIMUM ? Math.max(total.value, event.value) : total.value + event.value;
  }

  #totalOf({ customerId, metricName }: PlannedEvent): UseTotal {
    const name = `${customerId} ${metricName}`;
    const total = this.#totals.get(name) ?? { customerId, metricName, sent: 0, acknowledged: 0, value: 0 };
    this.#totals.set(name, total);
    return total;
  }

  #fail(event: PlannedEvent, answer: Answer | undefined): void {
    if (this.#failures.length < MAX_FAILURES) {
      const told = answer === undefined ? "no answer" : `${answer.status} ${answer.text.slice(0, 300)}`;
      this.#failures.push(`${event.id}: ${told}`);
    }
  }

  /** Settles with undefined when the connection is lost: the event may have been counted. */
  #post(body: string): Promise<Answer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    const headers = {
      authorization: `Bearer ${this.#job.key}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const outgoing = request(this.#job.url, {
      method: "POST",
      headers,
      agent: this.#agent,
      timeout: ANSWER_MS,
    });
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", () => resolve(undefined));
    outgoing.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("close", () => resolve(undefined));
    });
    outgoing.end(body);
    return promise;
  }

  #tell(): void {
    const acknowledged = Object.values(this.#acknowledged).reduce((sum, count) => sum + count, 0);
    tell({ progress: { sent: this.#sent, acknowledged, latencyMs: this.#latest.read() } });
    this.#latest.reset();
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function tell(message: SenderMessage): void {
  process.send?.(message);
}

process.on("message", (job: SendJob) => {
  new Sender(job).run().then(
    (result) => tell({ result }),
    (error: unknown) => tell({ error: error instanceof Error ? error.message : String(error) }),
  );
});
// Whoever asked is gone, or has all it wanted.
process.on("disconnect", () => process.exit());
