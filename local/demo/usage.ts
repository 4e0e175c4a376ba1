import { setTimeout } from "node:timers/promises";
import { API_CONCURRENCY, customerPath, type Api } from "./api.ts";
import { forEachConcurrently } from "./concurrency.ts";
import { METRIC, parseAmount, parseUnits } from "./figures.ts";
import type { Progress } from "./output.ts";

/** What the usage page says of one customer's calls. */
export interface CustomerUsage {
  counted: bigint;
  included: string;
  costMinor: bigint;
}

interface UsageAnswer {
  metrics: { metric: string; current: string; included: string; estimatedCost: string }[];
}

/** Between two readings of those that are not complete. */
const POLL_MS = 100;
/** How long counting may lag behind the last response. */
const SETTLE_LIMIT_MS = 30_000;

/** The billing periods that a time span touches, each by the month it starts in. */
export function periodsOf(startMs: number, endMs: number): string[] {
  const months = [startMs, endMs].map((timeMs) => new Date(timeMs).toISOString().slice(0, 7));
  return [...new Set(months)];
}

/**
 * Reads the live usage of all customers again and again until each is what is expected, or time is up.
 *
 * What it answers is the last reading, whatever it is.
 */
export async function awaitUsage(
  expected: Map<string, bigint>,
  { api, periods, signal }: { api: Api; periods: string[]; signal: AbortSignal },
  progress: Progress,
): Promise<Map<string, CustomerUsage>> {
  const deadlineMs = Date.now() + SETTLE_LIMIT_MS;
  const readings = new Map<string, CustomerUsage>();
  let open = [...expected.keys()];
  for (;;) {
    signal.throwIfAborted();
    // oxlint-disable-next-line no-await-in-loop -- a reading follows the one before
    await forEachConcurrently(open, API_CONCURRENCY, async (customerId) => {
      readings.set(customerId, await readUsage(api, customerId, periods));
    });
    open = open.filter((customerId) => readings.get(customerId)?.counted !== expected.get(customerId));
    progress.reach(expected.size - open.length);
    if (open.length === 0 || Date.now() >= deadlineMs) {
      return readings;
    }
    // oxlint-disable-next-line no-await-in-loop -- the pause between two readings
    await setTimeout(POLL_MS, undefined, { signal });
  }
}

async function readUsage(api: Api, customerId: string, periods: string[]): Promise<CustomerUsage> {
  const usage = { counted: 0n, included: "0", costMinor: 0n };
  const paths = periods.map((period) => customerPath(customerId, `/usage?period=${period}`));
  for (const answer of (await Promise.all(paths.map(api.get))) as UsageAnswer[]) {
    const row = answer.metrics.find(({ metric }) => metric === METRIC);
    usage.counted += parseUnits(row?.current ?? "0");
    usage.included = row?.included ?? "0";
    usage.costMinor += parseAmount(row?.estimatedCost ?? "0.00");
  }
  return usage;
}
