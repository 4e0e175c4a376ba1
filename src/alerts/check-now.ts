import type { AlertDeps } from "./check-alerts.ts";

/**
 * Checks the customer's period that contains `atMs` after a request that may have made a threshold be passed.
 *
 * A check that fails is logged: the request is done all the same, and the next flush of the customer's usage checks again.
 */
export async function checkAlertsNow(
  deps: AlertDeps,
  customerId: string,
  nowMs: number,
  atMs = nowMs,
): Promise<void> {
  try {
    // Loaded when first needed: the hot path starts without it.
    const { checkAlerts } = await import("./check-alerts.ts");
    await checkAlerts(deps, [{ customerId, timeMs: atMs }], nowMs);
  } catch (error) {
    deps.log({ level: "error", event: "alerts_not_checked", customerId, error });
  }
}
