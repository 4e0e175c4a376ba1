import { announceDue } from "../counters/due.ts";
import type { RedisClient } from "../counters/redis.ts";
import type { Bucket } from "../domain/bucket.ts";
import { checkAlerts, type AlertDeps, type AlertReport } from "./check-alerts.ts";

/** Checks alerts for what a flush has written, before it lets go of it; adds what came of it to `report`. */
export function checkAfterFlush(
  deps: AlertDeps & { redis: RedisClient },
  report: AlertReport,
): (buckets: readonly Bucket[], nowMs: number) => Promise<void> {
  return async (buckets, nowMs) => {
    const moments = buckets.map(({ customerId, hourMs }) => ({ customerId, timeMs: hourMs }));
    const { checked, fired, told, failed } = await checkAlerts(deps, moments, nowMs);
    report.checked += checked;
    report.fired += fired;
    report.told += told;
    report.failed += failed;
    if (told > 0) {
      // The run delivers at its end; one that dies before has the next tick do it.
      await announceDue(deps.redis, deps.randomId());
    }
  };
}

/** A report of no check yet. */
export function noAlerts(): AlertReport {
  return { checked: 0, fired: 0, told: 0, failed: 0 };
}
