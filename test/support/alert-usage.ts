import type { CustomerSettings } from "../../src/domain/customer.ts";
import { alertRulesSchema } from "../../src/domain/alert-rule.ts";

/** Shortly before the end of a month, so that usage of two periods comes in one schedule. */
export const BEGIN_MS = Date.parse("2100-03-31T23:50:00Z");
const NEW_PERIOD_MS = Date.parse("2100-04-01T00:00:00Z");

/** Two that were put, with a budget and rules of their own, and one that was never put. */
export const KNOWN_CUSTOMERS = ["known_1", "known_2"] as const;
export const ALERT_CUSTOMERS = [...KNOWN_CUSTOMERS, "unknown"];
export const KNOWN_SETTINGS: CustomerSettings = { budget: "5.00" };
export const KNOWN_RULES = alertRulesSchema.parse({
  rules: [
    {
      id: "many",
      kind: "usage",
      metricName: "api_calls",
      measure: "quantity",
      thresholds: [5000, 9500, 15_000],
    },
    { id: "dear", kind: "spend", thresholds: ["2.50", 7] },
  ],
}).rules;

/** Calls under an id. */
export interface AlertEvent {
  id: string;
  customerId: string;
  value: bigint;
  timeMs: number;
}

/** Usage in two phases, between which each period is corrected downwards by so much. */
export interface AlertUsage {
  phases: [AlertEvent[], AlertEvent[]];
  corrections: { customerId: string; atMs: number; quantity: bigint }[];
}

/** Random usage of both periods, in tens of calls; some of the old one comes 10 seconds before its end. */
export function alertUsage(random: () => number): AlertUsage {
  const some = (below: number): number => Math.floor(random() * below);
  const periods = ALERT_CUSTOMERS.flatMap((customerId) =>
    [NEW_PERIOD_MS - 10_000, NEW_PERIOD_MS + 120_000].map((atMs) => ({ customerId, atMs })),
  );
  const events = (phase: number) =>
    periods.flatMap(({ customerId, atMs }) =>
      Array.from({ length: some(5) }, (_, index): AlertEvent => ({
        id: `${phase} ${customerId} ${atMs} ${index}`,
        customerId,
        value: BigInt(10 * (1 + some(random() < 0.5 ? 900 : 60))),
        // Of one hour, or of several of the old period.
        timeMs: atMs < NEW_PERIOD_MS ? atMs - some(3) * 3_600_000 : atMs,
      })),
    );
  const corrections = periods
    .filter(() => random() < 0.3)
    .map((period) => ({ ...period, quantity: BigInt(-10 * (1 + some(600))) }));
  return { phases: [events(1), events(2)], corrections };
}

/** What has to have fired at rest: whatever was reached by the end of either phase. */
export function expectedAlerts({ phases, corrections }: AlertUsage, phase: 1 | 2): string[] {
  const totals = new Map<string, bigint>();
  const add = (customerId: string, timeMs: number, quantity: bigint): void => {
    const key = `${customerId} ${timeMs < NEW_PERIOD_MS ? "old" : "new"}`;
    totals.set(key, (totals.get(key) ?? 0n) + quantity);
  };
  const fired = new Set<string>();
  const look = (): void => {
    for (const [key, quantity] of totals) {
      for (const threshold of thresholdsAt(quantity, !key.startsWith("unknown"))) {
        fired.add(`${key} ${threshold}`);
      }
    }
  };
  for (const { customerId, timeMs, value } of phases[0]) {
    add(customerId, timeMs, value);
  }
  look();
  if (phase === 2) {
    for (const { customerId, atMs, quantity } of corrections) {
      add(customerId, atMs, quantity);
    }
    for (const { customerId, timeMs, value } of phases[1]) {
      add(customerId, timeMs, value);
    }
    look();
  }
  return [...fired].toSorted();
}

/** By the demo catalog: 10,000 calls are included, then 10 cost a cent. */
function thresholdsAt(calls: bigint, isKnown: boolean): string[] {
  const cents = calls > 10_000n ? (calls - 10_000n) / 10n : 0n;
  const usage = [80n, 90n, 100n]
    .filter((percent) => calls >= percent * 100n)
    .map((percent) => `default_usage ${percent}`);
  if (!isKnown) {
    return usage;
  }
  return [
    ...usage,
    ...[80n, 90n, 100n]
      .filter((percent) => cents >= percent * 5n)
      .map((percent) => `default_budget ${percent}`),
    ...[5000n, 9500n, 15_000n].filter((many) => calls >= many).map((many) => `many ${many}`),
    ...(cents >= 250n ? ["dear 2.5"] : []),
    ...(cents >= 700n ? ["dear 7"] : []),
  ];
}
