import { formatScaled } from "../domain/decimal.ts";
import { periodContaining } from "../domain/period.ts";
import { isoTime } from "../domain/window.ts";
import type { CatalogDeps } from "../catalog/current-catalog.ts";
import { currentCatalog } from "../catalog/current-catalog.ts";
import { customerUsage } from "./customer-usage.ts";

/** Whether a customer may go on using a metric. */
export interface LimitCheck {
  allowed: boolean;
  /** Null: no limit is set. */
  limit: string | null;
  used: string;
  remaining: string | null;
  resetsAt: string;
}

/** Answers from live usage. No limits can be set yet: everything is allowed. */
export async function checkLimit(
  deps: CatalogDeps,
  customerId: string,
  metricName: string,
  nowMs: number,
): Promise<LimitCheck | "no_catalog" | "unknown_metric"> {
  const catalog = await currentCatalog(deps, nowMs);
  if (catalog === undefined) {
    return "no_catalog";
  }
  const meter = catalog.meters.get(metricName);
  if (meter === undefined) {
    return "unknown_metric";
  }
  const usage = await customerUsage(deps, customerId, { kind: "current" }, nowMs);
  const known = usage === "no_catalog" ? undefined : usage;
  return {
    allowed: true,
    limit: null,
    used: formatScaled(known?.quantities.get(metricName) ?? 0n, meter.scale),
    remaining: null,
    resetsAt: isoTime((known?.period ?? periodContaining(nowMs)).endMs),
  };
}
