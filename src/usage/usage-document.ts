import type { HeldCatalog } from "../catalog/current-catalog.ts";
import { formatScaled } from "../domain/decimal.ts";
import { invariant } from "../domain/invariant.ts";
import type { Meter } from "../domain/meter.ts";
import { currencyOf, formatMinor, parseMajor } from "../domain/money.ts";
import { isoTime } from "../domain/window.ts";
import { includedUnits } from "../rating/free-units.ts";
import type { Line } from "../rating/line.ts";
import type { PricedPart } from "../rating/rate-period.ts";
import type { CustomerUsage } from "./customer-usage.ts";
import { percentOf } from "./projection.ts";

export interface MetricDocument {
  metric: string;
  displayName: string;
  unit: string;
  current: string;
  /** Null when every unit is free. */
  included: string | null;
  percentUsed: number;
  estimatedCost: string;
  projectedCost: string;
}

/** A part of a period whose plan changed inside: each starts its tiers anew. */
export interface PartDocument {
  plan: string;
  start: string;
  end: string;
  metrics: { metric: string; quantity: string; included: string | null }[];
}

export interface UsageDocument {
  customerId: string;
  plan: string;
  currency: string;
  period: { start: string; end: string };
  asOf: string;
  stale: boolean;
  metrics: MetricDocument[];
  totalCost: string;
  projectedTotal: string;
  budget: { amount: string; percentUsed: number } | null;
  /** Only where the plan changed inside the period. `included` and `percentUsed` above are the newest part's. */
  parts?: PartDocument[];
}

/** Prints usage as the API answers it: quantities and amounts as decimal strings, percentages rounded half up. */
export function usageDocument(usage: CustomerUsage): UsageDocument {
  const { catalog, parts, rating, settings } = usage;
  const currency = currencyOf(catalog.catalog.currency);
  const priced = new Set(parts.flatMap(({ plan }) => plan.prices.map(({ metricName }) => metricName)));
  const metrics = catalog.catalog.meters
    .filter(({ name }) => priced.has(name) || usage.quantities.has(name))
    .map((meter) => metricDocument(usage, meter));
  return {
    customerId: usage.customerId,
    plan: newestPart(usage).plan.name,
    currency: currency.code,
    period: { start: isoTime(usage.period.startMs), end: isoTime(usage.period.endMs) },
    asOf: isoTime(usage.asOfMs),
    stale: usage.isStale,
    metrics,
    totalCost: formatMinor(rating.totalMinor, currency),
    projectedTotal: formatMinor(usage.projected.totalMinor, currency),
    budget: settings.budget === undefined ? null : budgetDocument(usage, settings.budget),
    ...(parts.length > 1 ? { parts: parts.map((part) => partDocument(part, catalog)) } : {}),
  };
}

function newestPart({ parts }: CustomerUsage): PricedPart {
  const newest = parts.at(-1);
  invariant(newest !== undefined, "a period has a part");
  return newest;
}

function metricDocument(usage: CustomerUsage, meter: Meter): MetricDocument {
  const { name, scale } = meter;
  const newest = newestPart(usage);
  const included = includedOf(newest, meter);
  return {
    metric: name,
    displayName: meter.displayName,
    unit: meter.unit,
    current: formatScaled(usage.quantities.get(name) ?? 0n, scale),
    included: included === null ? null : formatScaled(included, scale),
    percentUsed: included === null ? 0 : percentOf(newest.quantities.get(name) ?? 0n, included),
    estimatedCost: amountOf(usage, usage.rating.lines, name),
    projectedCost: amountOf(usage, usage.projected.lines, name),
  };
}

function partDocument(part: PricedPart, { catalog }: HeldCatalog): PartDocument {
  return {
    plan: part.plan.name,
    start: isoTime(part.startMs),
    end: isoTime(part.endMs),
    metrics: catalog.meters
      .filter(({ name }) => part.quantities.has(name))
      .map((meter) => {
        const included = includedOf(part, meter);
        return {
          metric: meter.name,
          quantity: formatScaled(part.quantities.get(meter.name) ?? 0n, meter.scale),
          included: included === null ? null : formatScaled(included, meter.scale),
        };
      }),
  };
}

/** Null when every unit is free. */
function includedOf({ plan }: PricedPart, { name, scale }: Meter): bigint | null {
  const price = plan.prices.find(({ metricName }) => metricName === name);
  return price === undefined ? null : includedUnits(price, scale);
}

/** A metric's lines together: what is used, and what a minimum or maximum spend adds or takes. */
function amountOf(usage: CustomerUsage, lines: readonly Line[], name: string): string {
  const sum = lines
    .filter(({ metricName }) => metricName === name)
    .reduce((amount, line) => amount + line.amountMinor, 0n);
  return formatMinor(sum, usage.rating.currency);
}

function budgetDocument(usage: CustomerUsage, budget: string): { amount: string; percentUsed: number } {
  const { currency, totalMinor } = usage.rating;
  const amountMinor = parseMajor(budget, currency) ?? 0n;
  return { amount: formatMinor(amountMinor, currency), percentUsed: percentOf(totalMinor, amountMinor) };
}
