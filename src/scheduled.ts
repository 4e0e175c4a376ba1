import type { Deps } from "./deps.ts";
import { insertJobRun } from "./ledger/job-runs.ts";

/** Runs what a cron trigger stands for; its time is the trigger's. Throws when the run failed as a whole. */
export async function runScheduled(deps: Deps, cron: string, scheduledMs: number): Promise<void> {
  const startedMs = deps.now();
  const job = cron === "* * * * *" ? "minute" : cron === "17 * * * *" ? "hourly" : undefined;
  if (job === undefined) {
    throw new Error(`no job for the cron ${cron}`);
  }
  try {
    const report = job === "minute" ? await runMinute(deps, scheduledMs) : await runHourly(deps, scheduledMs);
    if (report !== undefined) {
      await insertJobRun(deps.database, {
        job,
        scheduledMs,
        startedMs,
        finishedMs: deps.now(),
        outcome: report,
      });
      deps.log({ level: "info", event: `${job}_run`, report });
    }
  } catch (error) {
    deps.log({ level: "error", event: `${job}_run_failed`, error });
    throw error;
  }
}

/** Flush. Nothing to tell, and no SQL, when nothing was dirty. */
async function runMinute(deps: Deps, nowMs: number): Promise<object | undefined> {
  const { flushBuckets } = await import("./flush/flush-buckets.ts");
  const report = await flushBuckets(deps, nowMs);
  return report.claims === 0 ? undefined : report;
}

/** Invoicing. */
async function runHourly(deps: Deps, nowMs: number): Promise<object> {
  const { runInvoicing } = await import("./invoicing/run-invoicing.ts");
  return runInvoicing(deps, nowMs);
}
