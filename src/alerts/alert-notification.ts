import type { AlertKind } from "../domain/alert-rule.ts";
import type { Period } from "../domain/period.ts";
import { isoTime } from "../domain/window.ts";
import type { Catalog } from "../rating/catalog.ts";
import type { Crossing } from "./crossings.ts";

/** The type under which an alert of a kind is told. */
export const NOTIFICATION_TYPES = {
  usage: "usage.threshold_reached",
  spend: "spend.threshold_reached",
  budget: "budget.threshold_reached",
  forecast: "budget.forecast_exceeded",
} as const satisfies Record<AlertKind, string>;

/** What is told of a crossing: members that say nothing are absent, percentages are whole numbers. */
export function alertData(
  crossing: Crossing,
  customerId: string,
  period: Period,
  catalog: Catalog,
): Record<string, unknown> {
  const { kind, measure, metricName, threshold, current, whole, currency } = crossing;
  const meter = catalog.meters.find(({ name }) => name === metricName);
  return {
    customerId,
    rule: crossing.ruleId,
    ...(meter === undefined ? {} : { metric: meter.name, displayName: meter.displayName, unit: meter.unit }),
    ...(currency === null ? {} : { currency }),
    current,
    ...(kind === "forecast"
      ? {}
      : { threshold: measure === "percent" ? Number(threshold) : threshold, thresholdUnit: measure }),
    ...(whole === null ? {} : { [kind === "usage" ? "included" : "budget"]: whole }),
    period: { start: isoTime(period.startMs), end: isoTime(period.endMs) },
  };
}
