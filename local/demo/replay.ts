import { Agent, request } from "node:http";
import { setTimeout } from "node:timers/promises";
import { forEachConcurrently } from "./concurrency.ts";
import type { Progress } from "./output.ts";
import { replayedRequest } from "./request-line.ts";
import { increment, type LoggedRequest } from "./survey.ts";

/** Where and how a log is replayed. */
export interface ReplaySettings {
  productUrl: string;
  weight: bigint;
  /** The log's own span and what it is squeezed into; either 0: no pace. */
  spanMs: number;
  durationMs: number;
  signal: AbortSignal;
}

/** What the product answered, as the replaying client saw it. */
export interface ReplayOutcome {
  /** Requests that were answered with the status of the log, by that status. */
  byStatus: Map<number, number>;
  /** `OPTIONS` answered so, below 400: browsers ask by it before they call, and nobody pays for that. */
  preflights: number;
  /** Per customer: requests answered so, and those of them that are paid for. */
  byCustomer: Map<string, { requests: number; billable: number }>;
  /** Requests that went otherwise, by what happened. */
  failures: Map<string, number>;
  startMs: number;
  endMs: number;
}

const CONCURRENCY = 24;
const REQUEST_TIMEOUT_MS = 30_000;
/** Shorter than the server's own limit for idle connections, so that none closes under a request. */
const IDLE_CONNECTION_MS = 2_000;

/** Sends every request of a log to the product, in order, at the log's pace; a request is never sent twice. */
export async function replayLog(
  requests: AsyncIterable<LoggedRequest>,
  settings: ReplaySettings,
  progress: Progress,
): Promise<ReplayOutcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY, timeout: IDLE_CONNECTION_MS });
  const startMs = Date.now();
  const outcome = {
    byStatus: new Map(),
    preflights: 0,
    byCustomer: new Map(),
    failures: new Map(),
    startMs,
    endMs: startMs,
  };
  try {
    await forEachConcurrently(paced(requests, settings), CONCURRENCY, async (logged) => {
      noteAnswer(outcome, logged, await send(logged, settings, agent));
      progress.advance();
    });
  } finally {
    agent.destroy();
  }
  return { ...outcome, endMs: Date.now() };
}

/** Holds each request back until its moment: the log's gaps, squeezed; a step back in time is no gap. */
async function* paced(
  requests: AsyncIterable<LoggedRequest>,
  { spanMs, durationMs, signal }: ReplaySettings,
): AsyncGenerator<LoggedRequest> {
  const startMs = Date.now();
  let passedMs = 0;
  let latestMs: number | undefined;
  for await (const logged of requests) {
    signal.throwIfAborted();
    passedMs += Math.max(0, logged.entry.timeMs - (latestMs ?? logged.entry.timeMs));
    latestMs = Math.max(logged.entry.timeMs, latestMs ?? logged.entry.timeMs);
    const waitMs = spanMs === 0 ? 0 : startMs + (passedMs * durationMs) / spanMs - Date.now();
    if (waitMs > 0) {
      await setTimeout(waitMs, undefined, { signal });
    }
    yield logged;
  }
}

function send(logged: LoggedRequest, settings: ReplaySettings, agent: Agent): Promise<number | Error> {
  const { method, path } = replayedRequest(logged.entry.request);
  return new Promise((resolve) => {
    const outgoing = request(new URL(settings.productUrl), {
      method,
      path,
      agent,
      signal: AbortSignal.any([settings.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      headers: {
        "x-replay-status": String(logged.entry.status),
        "x-replay-bytes": logged.entry.bytes ?? "0",
        "x-replay-customer": encodeURIComponent(logged.customerId),
        "x-replay-weight": String(settings.weight),
      },
    });
    outgoing.on("error", resolve);
    outgoing.on("response", (response) => {
      response.on("error", resolve);
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    outgoing.end();
  });
}

function noteAnswer(
  outcome: Pick<ReplayOutcome, "byStatus" | "preflights" | "byCustomer" | "failures">,
  { entry, customerId }: LoggedRequest,
  answer: number | Error,
): void {
  if (answer !== entry.status) {
    const what = answer instanceof Error ? answer.message : `answered ${answer} instead of ${entry.status}`;
    increment(outcome.failures, what);
    return;
  }
  increment(outcome.byStatus, entry.status);
  const customer = outcome.byCustomer.get(customerId) ?? { requests: 0, billable: 0 };
  outcome.byCustomer.set(customerId, customer);
  customer.requests += 1;
  if (entry.status < 400) {
    const isPreflight = replayedRequest(entry.request).method === "OPTIONS";
    outcome.preflights += isPreflight ? 1 : 0;
    customer.billable += isPreflight ? 0 : 1;
  }
}
