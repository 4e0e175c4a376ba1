import type { Deps } from "./deps.ts";
import { repairCatalogCopy } from "./catalog/current-catalog.ts";
import { hasWork } from "./counters/flush-claim.ts";
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

/** What every tick that works does, then flush. Nothing to tell, and no SQL, when there is nothing to do. */
async function runMinute(deps: Deps, nowMs: number): Promise<object | undefined> {
  if (!(await hasWork(deps.redis)) && !deps.spoolMemory.mayHold) {
    return undefined;
  }
  const { flushBuckets } = await import("./flush/flush-buckets.ts");
  return runAll(deps, { ...(await repairs(deps, nowMs)), flush: () => flushBuckets(deps, nowMs) });
}

/** Replay of a spool that no tick was told of, then invoicing. */
async function runHourly(deps: Deps, nowMs: number): Promise<object> {
  const { runInvoicing } = await import("./invoicing/run-invoicing.ts");
  return runAll(deps, { ...(await repairs(deps, nowMs)), invoicing: () => runInvoicing(deps, nowMs) });
}

type Parts = Record<string, () => Promise<unknown>>;

async function repairs(deps: Deps, nowMs: number): Promise<Parts> {
  const { replaySpool } = await import("./ingest/replay-spool.ts");
  return {
    catalogRepaired: () => repairCatalogCopy(deps),
    spool: () => replaySpool(deps, nowMs),
  };
}

/** Runs parts one after the other; one that fails keeps none of the others from its work, but fails the run. */
async function runAll(deps: Deps, parts: Parts): Promise<Record<string, unknown>> {
  const report: Record<string, unknown> = {};
  const failures: unknown[] = [];
  for (const [name, part] of Object.entries(parts)) {
    try {
      report[name] = await part();
    } catch (error) {
      deps.log({ level: "error", event: `${name}_failed`, error });
      failures.push(error);
    }
  }
  if (failures.length > 0) {
    throw new AggregateError(failures, `${failures.length} of the run's parts failed`);
  }
  return report;
}
