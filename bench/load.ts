import { LoadConnection } from "./load-connection.ts";
import type { LoadJob, LoadResult } from "./load-job.ts";
import { processorMs } from "./processor-time.ts";
import { SlottedRequest } from "./slots.ts";
import { percentile } from "./statistics.ts";

/** The generator sleeps this long between two looks at its sockets, when it sends on schedule. */
const LOOK_MS = 0.1;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Counted on over all jobs: an id is never sent twice. */
let nextId = 1;

class Load {
  readonly #job: LoadJob;
  readonly #requests: SlottedRequest[];
  readonly #startMs = performance.now();
  readonly #measureFromMs: number;
  readonly #endMs: number;
  readonly #requestCount: number;
  readonly #connections: LoadConnection[] = [];
  readonly #idle: LoadConnection[] = [];
  /** Due, and without a free connection. */
  readonly #queue: number[] = [];
  readonly #latencies: number[] = [];
  readonly #lags: number[] = [];
  readonly #finished: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Sent, or waiting for a free connection. */
  #due = 0;
  #sent = 0;
  #requestsMeasured = 0;
  #open = 0;
  #tookMs = 0;

  constructor(job: LoadJob) {
    this.#job = job;
    this.#requests = job.requests.map((text) => new SlottedRequest(text));
    this.#measureFromMs = this.#startMs + job.warmUpMs;
    this.#endMs =
      job.requestCount === undefined ? this.#measureFromMs + job.durationMs : Number.POSITIVE_INFINITY;
    this.#requestCount = job.requestCount ?? Number.POSITIVE_INFINITY;
  }

  async run(): Promise<LoadResult> {
    for (let index = 0; index < this.#job.connections; index += 1) {
      this.#connections.push(
        await LoadConnection.open(
          this.#job,
          (connection, text, dueMs) => this.#answered(connection, text, dueMs),
          (error) => this.#finished.reject(error),
        ),
      );
    }
    const measured = this.#measure();
    if (this.#job.ratePerSecond === undefined) {
      for (const connection of this.#connections) {
        this.#fillUp(connection);
      }
    } else {
      this.#idle.push(...this.#connections);
      this.#keepSchedule(performance.now(), 1000 / this.#job.ratePerSecond);
    }
    try {
      const [used] = await Promise.all([measured, this.#finished.promise]);
      this.#tookMs = performance.now() - this.#measureFromMs;
      return this.#summarize(used);
    } finally {
      for (const connection of this.#connections) {
        connection.close();
      }
    }
  }

  /** Processor time of the measured span alone. */
  async #measure(): Promise<Record<string, number>> {
    const pids = { ...this.#job.pids, client: process.pid };
    await sleepUntil(this.#measureFromMs);
    const before = readAll(pids);
    await (this.#job.requestCount === undefined ? sleepUntil(this.#endMs) : this.#finished.promise);
    const used = Object.entries(readAll(pids)).map(([name, ms]) => [name, ms - (before[name] ?? 0)]);
    return Object.fromEntries(used) as Record<string, number>;
  }

  #fillUp(connection: LoadConnection): void {
    while (connection.waiting < this.#job.inFlight && this.#sent < this.#requestCount) {
      this.#send(connection, performance.now());
    }
  }

  #send(connection: LoadConnection, dueMs: number): void {
    const request = this.#requests[this.#sent % this.#requests.length]!;
    const { bytes, next } = request.fill(nextId);
    nextId = next;
    this.#sent += 1;
    this.#open += 1;
    if (this.#isMeasured(dueMs)) {
      this.#lags.push(performance.now() - dueMs);
    }
    connection.send(bytes, dueMs);
  }

  /** Due times come from the schedule alone: a slow reply delays none of them, and counts against those behind it. */
  #keepSchedule(dueMs: number, intervalMs: number): void {
    const nowMs = performance.now();
    let nextMs = dueMs;
    for (; nextMs <= nowMs && nextMs < this.#endMs && this.#due < this.#requestCount; nextMs += intervalMs) {
      this.#due += 1;
      const connection = this.#idle.pop();
      if (connection === undefined) {
        this.#queue.push(nextMs);
      } else {
        this.#send(connection, nextMs);
      }
    }
    if ((nextMs >= this.#endMs || this.#due >= this.#requestCount) && this.#open === 0) {
      this.#finished.resolve();
      return;
    }
    // A timer of Node's would be up to a millisecond late, which is about what is measured.
    Atomics.wait(sleeper, 0, 0, LOOK_MS);
    setImmediate(() => this.#keepSchedule(nextMs, intervalMs));
  }

  #answered(connection: LoadConnection, text: string, dueMs: number): void {
    const nowMs = performance.now();
    this.#open -= 1;
    if (!text.includes(this.#job.expected)) {
      this.#finished.reject(new Error(`not the answer expected: ${text.slice(0, 300)}`));
      return;
    }
    const isScheduled = this.#job.ratePerSecond !== undefined;
    if (this.#isMeasured(isScheduled ? dueMs : nowMs)) {
      this.#requestsMeasured += 1;
      this.#latencies.push(nowMs - dueMs);
    }
    if (isScheduled) {
      const queuedMs = this.#queue.shift();
      if (queuedMs === undefined) {
        this.#idle.push(connection);
      } else {
        this.#send(connection, queuedMs);
      }
    } else {
      if (nowMs < this.#endMs) {
        this.#fillUp(connection);
      }
      if (this.#open === 0) {
        this.#finished.resolve();
      }
    }
  }

  #isMeasured(momentMs: number): boolean {
    return momentMs >= this.#measureFromMs && momentMs < this.#endMs;
  }

  #summarize(used: Record<string, number>): LoadResult {
    const latencies = this.#latencies.toSorted((left, right) => left - right);
    const lags = this.#lags.toSorted((left, right) => left - right);
    return {
      seconds: (this.#job.requestCount === undefined ? this.#job.durationMs : this.#tookMs) / 1000,
      requests: this.#requestsMeasured,
      latencyMs: {
        p50: percentile(latencies, 50),
        p99: percentile(latencies, 99),
        max: latencies.at(-1) ?? Number.NaN,
      },
      sendLagMs: { p50: percentile(lags, 50), p99: percentile(lags, 99) },
      processorMs: used,
    };
  }
}

function readAll(pids: Record<string, number>): Record<string, number> {
  const times = Object.entries(pids).flatMap(([name, pid]) => {
    const used = processorMs(pid);
    return used === undefined ? [] : [[name, used] as const];
  });
  return Object.fromEntries(times);
}

async function sleepUntil(momentMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, momentMs - performance.now())));
}

process.on("message", (job: LoadJob) => {
  new Load(job).run().then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
// Whoever asked is gone.
process.on("disconnect", () => process.exit());
