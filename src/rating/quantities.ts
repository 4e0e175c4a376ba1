import { parseDecimal, scaledTo } from "../domain/decimal.ts";
import { invariant } from "../domain/invariant.ts";
import type { Meter } from "../domain/meter.ts";

/** A metric's total over a period, a decimal in the meter's unit. */
export interface MetricTotal {
  metricName: string;
  value: string;
}

/** Totals as integers at their meters' scales; a metric that the catalog no longer has is left out. */
export function metricQuantities(
  totals: readonly MetricTotal[],
  meters: readonly Meter[],
): Map<string, bigint> {
  const quantities = new Map<string, bigint>();
  for (const { metricName, value } of totals) {
    const meter = meters.find(({ name }) => name === metricName);
    if (meter !== undefined) {
      const decimal = parseDecimal(value);
      const quantity = decimal && scaledTo(decimal, meter.scale);
      invariant(quantity !== undefined, `total of ${metricName} is at its meter's scale`);
      invariant(!quantities.has(metricName), `${metricName} has one total`);
      quantities.set(metricName, quantity);
    }
  }
  return quantities;
}
