import { percentile } from "../../bench/statistics.ts";
import type { RunningMeter } from "../support/running-meter.ts";

/** What the minute cron's runs have told, as an operator reads it. */
export interface FlushRuns {
  runs: number;
  buckets: number;
  /** How long a run's oldest bucket had waited by the trigger's time. */
  lagMs: { p99: number; max: number };
  /** From a run's start to its end. */
  tookMs: { p99: number; max: number };
  /** Parts that failed, each by run and name. */
  failed: string[];
}

interface JobRun {
  scheduledAt: string;
  startedAt: string;
  finishedAt: string;
  outcome: { flush?: { buckets: number; lagMs: number }; failed?: string[] };
}

/** Reads all of the minute cron's runs from `GET /v1/job-runs`. */
export async function readFlushRuns(meter: RunningMeter): Promise<FlushRuns> {
  const runs: JobRun[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const answer = await meter.send(
      "GET",
      `/v1/job-runs?job=minute&limit=1000${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    if (answer?.status !== 200) {
      throw new Error(`GET /v1/job-runs answers ${answer?.status}`);
    }
    const page = answer.body as { data: JobRun[]; nextCursor: string | null };
    runs.push(...page.data);
    cursor = page.nextCursor;
  }
  const flushes = runs.flatMap(({ outcome }) => outcome.flush ?? []);
  return {
    runs: runs.length,
    buckets: flushes.reduce((sum, { buckets }) => sum + buckets, 0),
    lagMs: highest(flushes.map(({ lagMs }) => lagMs)),
    tookMs: highest(runs.map(({ startedAt, finishedAt }) => Date.parse(finishedAt) - Date.parse(startedAt))),
    failed: runs.flatMap(({ scheduledAt, outcome }) =>
      (outcome.failed ?? []).map((part) => `${scheduledAt} ${part}`),
    ),
  };
}

function highest(values: number[]): { p99: number; max: number } {
  const sorted = values.toSorted((left, right) => left - right);
  return { p99: percentile(sorted, 99), max: sorted.at(-1) ?? Number.NaN };
}
