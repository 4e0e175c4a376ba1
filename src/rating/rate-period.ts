import type { Aggregation, Meter } from "../domain/meter.ts";
import type { Period } from "../domain/period.ts";
import type { Catalog, Plan } from "./catalog.ts";
import {
  namesOfPart,
  partsOfPeriod,
  planOfPart,
  type Lifetime,
  type PlanChange,
  type PlanPart,
} from "./plan-parts.ts";
import { metricQuantities, type MetricTotal } from "./quantities.ts";
import { rateParts, type RatedPart, type Rating } from "./rate.ts";

/** All that a customer's period is priced from, beside the catalog; an invoice's export carries it. */
export interface PeriodUsage {
  period: Period;
  /** As {@link partsOfPeriod} takes them. */
  changes: readonly PlanChange[];
  lifetime: Lifetime;
  /** Totals of each part between changes, in order, adjustments included. */
  totals: readonly (readonly MetricTotal[])[];
}

/** A part of a period with its plan, as the customer has it, and its usage. */
export type PricedPart = PlanPart & RatedPart;

/** The names of all plans that a period is priced by; null for the catalog's default. */
export function plansOf({ changes }: Pick<PeriodUsage, "changes">): (string | null)[] {
  return changes.length === 0 ? [null] : changes.map(({ planName }) => planName);
}

/** Puts each part's plan and quantities together; undefined when the catalog has not all of the plans. */
export function pricedParts(catalog: Catalog, usage: PeriodUsage): PricedPart[] | undefined {
  const parts: PricedPart[] = [];
  for (const [index, part] of partsOfPeriod(usage.period, usage.changes, usage.lifetime).entries()) {
    const plan: Plan | undefined = planOfPart(catalog, part);
    if (plan === undefined) {
      return undefined;
    }
    const quantities = metricQuantities(usage.totals[index] ?? [], catalog.meters);
    parts.push({ ...part, ...namesOfPart(part, usage.period), plan, quantities });
  }
  return parts;
}

/** Prices a customer's period; undefined when the catalog has not all of the plans. */
export function ratePeriod(catalog: Catalog, usage: PeriodUsage): Rating | undefined {
  const parts = pricedParts(catalog, usage);
  return parts && rateParts(catalog, parts);
}

/** A metric's quantity over all parts of a period. */
export function wholeQuantity(parts: readonly PricedPart[], meter: Meter): bigint | undefined {
  let whole: bigint | undefined;
  for (const { quantities } of parts) {
    const quantity = quantities.get(meter.name);
    if (quantity !== undefined) {
      whole = whole === undefined ? quantity : mergeQuantities(whole, quantity, meter.aggregation);
    }
  }
  return whole;
}

/** What two quantities of a metric come to, the earlier one first. */
export function mergeQuantities(earlier: bigint, later: bigint, aggregation: Aggregation): bigint {
  switch (aggregation) {
    case "sum":
    case "count":
      return earlier + later;
    case "max":
      return earlier > later ? earlier : later;
    case "min":
      return earlier < later ? earlier : later;
    case "last":
      return later;
  }
}
