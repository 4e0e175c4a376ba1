import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** What the sender is asked for: so many single events on a steady schedule. */
export interface SendJob {
  /** Of `POST /v1/events`. */
  url: string;
  key: string;
  events: number;
  ratePerSecond: number;
  seed: number;
}

export interface Percentiles {
  p50: number;
  p99: number;
  max: number;
}

/** How far the sender is; latencies of the answers since it last told. */
export interface SendProgress {
  sent: number;
  acknowledged: number;
  latencyMs: Percentiles;
}

/** What one customer has used of one metric, as the client knows it. */
export interface UseTotal {
  customerId: string;
  metricName: string;
  sent: number;
  acknowledged: number;
  /** Of what is acknowledged, in thousandths: the sum, or the greatest value of a metric that is a maximum. */
  value: number;
}

export interface SendResult {
  sent: number;
  /** Acknowledged events by what the answer said: `recorded`, `duplicates` of a repeat of ours, `spooled`. */
  acknowledged: Record<string, number>;
  /** Sent again under the same id, after a lost connection or a 503. */
  repeats: number;
  /** The first answers that acknowledged nothing. */
  failures: string[];
  /** From when an event was due to when its answer was read, repeats included; the first 10 s are left out. */
  latencyMs: Percentiles;
  totals: UseTotal[];
}

export type SenderMessage = { progress: SendProgress } | { result: SendResult } | { error: string };

/** Sends in a process of its own, which ends with this one, however that ends. */
export async function sendSteadily(
  job: SendJob,
  onProgress: (progress: SendProgress) => void,
  signal: AbortSignal,
): Promise<SendResult> {
  signal.throwIfAborted();
  const child = fork(join(import.meta.dirname, "sender.ts"), { serialization: "advanced" });
  const exited = once(child, "exit");
  const { promise, resolve, reject } = Promise.withResolvers<SendResult>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", abort);
  child.on("message", (message: SenderMessage) => {
    if ("progress" in message) {
      onProgress(message.progress);
    } else if ("result" in message) {
      resolve(message.result);
    } else {
      reject(new Error(message.error));
    }
  });
  child.once("exit", () => reject(new Error("the sender has ended")));
  child.send(job);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    if (child.connected) {
      child.disconnect();
    }
    await exited;
  }
}
