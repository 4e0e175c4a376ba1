import type { Deps } from "./deps.ts";
import { repairCatalogCopy } from "./catalog/current-catalog.ts";
import { readWork } from "./counters/due.ts";
import { insertJobRun } from "./ledger/job-runs.ts";

/** Runs what a cron trigger stands for; its time is the trigger's. Throws when the run failed as a whole. */
export async function runScheduled(deps: Deps, cron: string, scheduledMs: number): Promise<void> {
  const startedMs = deps.now();
  const job = cron === "* * * * *" ? "minute" : cron === "17 * * * *" ? "hourly" : undefined;
  if (job === undefined) {
    throw new Error(`no job for the cron ${cron}`);
  }
  try {
    const parts =
      job === "minute" ? await minuteParts(deps, scheduledMs) : await hourlyParts(deps, scheduledMs);
    if (parts === undefined) {
      return;
    }
    const { report, failures } = await runAll(deps, parts);
    await insertJobRun(deps.database, {
      job,
      scheduledMs,
      startedMs,
      finishedMs: deps.now(),
      outcome: report,
    });
    if (failures.length > 0) {
      throw new AggregateError(failures, `${failures.length} of the run's parts failed`);
    }
    deps.log({ level: "info", event: `${job}_run`, report });
  } catch (error) {
    deps.log({ level: "error", event: `${job}_run_failed`, error });
    throw error;
  }
}

/**
 * What every tick that works does, then flush, then deliveries; these alone when nothing else is due. Nothing to tell, and no
 * SQL, when there is nothing to do.
 */
async function minuteParts(deps: Deps, nowMs: number): Promise<Parts | undefined> {
  const { hasBuckets, due } = await readWork(deps.redis);
  if (!hasBuckets && !deps.spoolMemory.mayHold) {
    return due.dueMs <= nowMs ? deliveries(deps, nowMs) : undefined;
  }
  const [
    { flushBuckets },
    { flushStores },
    { tellFlushDelay, tellFlushFailed, tellPutOff },
    { checkAfterFlush, noAlerts },
  ] = await Promise.all([
    import("./flush/flush-buckets.ts"),
    import("./flush/flush-stores.ts"),
    import("./integrity/flush-delay.ts"),
    import("./alerts/after-flush.ts"),
  ]);
  const { randomId, maxBuckets } = deps;
  const stores = flushStores(deps.redis, deps.database);
  return {
    ...(await repairs(deps, nowMs)),
    flush: async () => {
      try {
        const alerts = noAlerts();
        const onWritten = checkAfterFlush(deps, alerts);
        const report = await flushBuckets({ stores, randomId, maxBuckets, onWritten }, nowMs);
        await tellFlushDelay(deps.database, report.lagMs, nowMs);
        await tellPutOff(deps.database, report.putOff, nowMs);
        return { ...report, alerts };
      } catch (error) {
        await tellFlushFailed(deps.database, nowMs).catch(() => undefined);
        throw error;
      }
    },
    ...deliveries(deps, nowMs),
  };
}

/** Replay of a spool that no tick was told of, then invoicing, then what compares, delivers and removes. */
async function hourlyParts(deps: Deps, nowMs: number): Promise<Parts> {
  const [{ runInvoicing }, { checks, upkeep }] = await Promise.all([
    import("./invoicing/run-invoicing.ts"),
    import("./integrity/run-integrity.ts"),
  ]);
  return {
    ...(await repairs(deps, nowMs)),
    invoicing: () => runInvoicing(deps, nowMs),
    ...checks(deps, nowMs),
    reconciliation: async () => {
      const { reconcile } = await import("./invoicing/reconcile.ts");
      return reconcile(deps, nowMs);
    },
    forecasts: async () => {
      const { checkForecasts } = await import("./alerts/check-forecasts.ts");
      return checkForecasts(deps, nowMs);
    },
    ...deliveries(deps, nowMs),
    ...upkeep(deps, nowMs),
  };
}

type Parts = Record<string, () => Promise<unknown>>;

/** After whatever may have something to tell. */
function deliveries(deps: Deps, nowMs: number): Parts {
  return {
    deliveries: async () => {
      const { runDeliveries } = await import("./notifications/run-deliveries.ts");
      return runDeliveries(deps, nowMs);
    },
  };
}

async function repairs(deps: Deps, nowMs: number): Promise<Parts> {
  const { replaySpool } = await import("./ingest/replay-spool.ts");
  return {
    catalogRepaired: () => repairCatalogCopy(deps),
    spool: () => replaySpool(deps, nowMs),
  };
}

/**
 * Runs parts one after the other; one that fails keeps none of the others from its work, and is named in the report under
 * `failed`.
 */
async function runAll(
  deps: Deps,
  parts: Parts,
): Promise<{ report: Record<string, unknown>; failures: unknown[] }> {
  const report: Record<string, unknown> = {};
  const failures: unknown[] = [];
  const failed: string[] = [];
  for (const [name, part] of Object.entries(parts)) {
    try {
      report[name] = await part();
    } catch (error) {
      deps.log({ level: "error", event: `${name}_failed`, error });
      failures.push(error);
      failed.push(name);
    }
  }
  return { report: failed.length > 0 ? { ...report, failed } : report, failures };
}
