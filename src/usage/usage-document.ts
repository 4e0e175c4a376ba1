import { formatScaled } from "../domain/decimal.ts";
import { currencyOf, formatMinor, parseMajor } from "../domain/money.ts";
import { isoTime } from "../domain/window.ts";
import { freeUpTo } from "../rating/catalog-check.ts";
import type { Line } from "../rating/line.ts";
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
}

/** Prints usage as the API answers it: quantities and amounts as decimal strings, percentages rounded half up. */
export function usageDocument(usage: CustomerUsage): UsageDocument {
  const { catalog, plan, rating } = usage;
  const currency = currencyOf(catalog.catalog.currency);
  const priced = new Set(plan.prices.map(({ metricName }) => metricName));
  const metrics = catalog.catalog.meters
    .filter(({ name }) => priced.has(name) || usage.quantities.has(name))
    .map(({ name }) => metricDocument(usage, name));
  return {
    customerId: usage.customerId,
    plan: plan.name,
    currency: currency.code,
    period: { start: isoTime(usage.period.startMs), end: isoTime(usage.period.endMs) },
    asOf: isoTime(usage.asOfMs),
    stale: usage.isStale,
    metrics,
    totalCost: formatMinor(rating.totalMinor, currency),
    projectedTotal: formatMinor(usage.projected.totalMinor, currency),
    budget: usage.budget === undefined ? null : budgetDocument(usage, usage.budget),
  };
}

function metricDocument(usage: CustomerUsage, name: string): MetricDocument {
  const meter = usage.catalog.meters.get(name);
  const price = usage.plan.prices.find(({ metricName }) => metricName === name);
  const scale = meter?.scale ?? 0;
  const quantity = usage.quantities.get(name) ?? 0n;
  const included = price === undefined ? null : (freeUpTo(price, scale) ?? null);
  return {
    metric: name,
    displayName: meter?.displayName ?? name,
    unit: meter?.unit ?? "",
    current: formatScaled(quantity, scale),
    included: included === null ? null : formatScaled(included, scale),
    percentUsed: included === null ? 0 : percentOf(quantity, included),
    estimatedCost: lineAmount(usage, usage.rating.lines, name),
    projectedCost: lineAmount(usage, usage.projected.lines, name),
  };
}

function lineAmount(usage: CustomerUsage, lines: readonly Line[], metricName: string): string {
  const line = lines.find((candidate) => candidate.metricName === metricName);
  return formatMinor(line?.amountMinor ?? 0n, usage.rating.currency);
}

function budgetDocument(usage: CustomerUsage, budget: string): { amount: string; percentUsed: number } {
  const { currency, totalMinor } = usage.rating;
  const amountMinor = parseMajor(budget, currency) ?? 0n;
  return { amount: formatMinor(amountMinor, currency), percentUsed: percentOf(totalMinor, amountMinor) };
}
