import type { NewAlert } from "../../src/ledger/alerts.ts";

let ids = 0;

/** An alert of 80 percent of the calls that November includes, with an id of its own and what is told of it. */
export function newAlert(changes: Partial<NewAlert> = {}): NewAlert {
  ids += 1;
  const alert = {
    alertId: `alt_${ids}`,
    customerId: "cus_acme",
    ruleId: "default_usage",
    kind: "usage" as const,
    metricName: "calls",
    measure: "percent" as const,
    threshold: "80",
    period: { startMs: Date.parse("2026-11-01"), endMs: Date.parse("2026-12-01") },
    current: "85",
    whole: "100",
    currency: null,
    type: "usage.threshold_reached",
    ...changes,
  };
  return { data: { customerId: alert.customerId, threshold: alert.threshold }, ...alert };
}
