import { announceDue } from "../counters/due.ts";
import type { RedisClient } from "../counters/redis.ts";
import { LedgerUnreachable } from "../ledger/database.ts";
import type { AlertDeps } from "./check-alerts.ts";

/**
 * Checks the customer's period that contains `atMs` after a request that may have made a threshold be passed.
 *
 * Throws when the ledger does not answer: what was asked is done, and asked again it is checked again. Any other failure is
 * logged, since it would come again.
 */
export async function checkAlertsNow(
  deps: AlertDeps & { redis: RedisClient },
  customerId: string,
  nowMs: number,
  atMs = nowMs,
): Promise<void> {
  try {
    // Loaded when first needed: the hot path starts without it.
    const { checkAlerts } = await import("./check-alerts.ts");
    const { told } = await checkAlerts(deps, [{ customerId, timeMs: atMs }], nowMs);
    if (told > 0) {
      await announceDue(deps.redis, deps.randomId());
    }
  } catch (error) {
    if (error instanceof LedgerUnreachable) {
      throw error;
    }
    deps.log({ level: "error", event: "alerts_not_checked", customerId, error });
  }
}
