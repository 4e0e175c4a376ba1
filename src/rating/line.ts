import { formatScaled } from "../domain/decimal.ts";

/** What one tier adds to a line. Quantities are at the meter's scale, prices and fees in 10^-12 minor units. */
export interface TierDetail {
  /** Exclusive lower bound. */
  from: bigint;
  /** Inclusive upper bound; null when the tier is open. */
  to: bigint | null;
  /** What is priced by the tier: its own part, or in the models that price all by one tier the whole. */
  quantity: bigint;
  unitPrice: bigint;
  flatFee: bigint;
  /** Of a package price: how many were started, of what size, at what price each. */
  packages: Packages | null;
  /** Before rounding: quantity × unitPrice + flatFee + packages, at the scale of the amount it belongs to. */
  amount: bigint;
}

export interface Packages {
  count: bigint;
  /** At the meter's scale. */
  size: bigint;
  /** In 10^-12 minor units. */
  price: bigint;
}

/** An exact amount before rounding, at the scale of the price: `amount / 10^(meter's scale + 12)` minor units. */
export interface RatedAmount {
  amount: bigint;
  tiers: TierDetail[];
}

/** Prices a quantity at the meter's scale; below zero is priced as zero. */
export type RateQuantity = (quantity: bigint) => RatedAmount;

/** A rate of nothing. */
export const NOTHING: RatedAmount = { amount: 0n, tiers: [] };

export type LineKind = "base_fee" | "usage" | "min_spend" | "max_spend" | "plan_min_spend" | "plan_max_spend";

/** One invoice line. The ref is stable: the same price of the same period always has the same. */
export interface Line {
  ref: string;
  kind: LineKind;
  metricName: string | null;
  /** What people call the meter or the plan. */
  label: string;
  unit: string;
  /** Which part of the period it is for; empty when for all of it. */
  span: string;
  /** At `scale`. */
  quantity: bigint;
  scale: number;
  /** Rounded once, half away from zero, to what the currency can be charged in. */
  amountMinor: bigint;
  /** Scale of the tiers' amounts. */
  amountScale: number;
  tiers: TierDetail[];
}

/** A line's text on the invoice: `API Calls: 10000000 calls`. */
export function describeLine(line: Line): string {
  const label = line.span === "" ? line.label : `${line.label} (${line.span})`;
  switch (line.kind) {
    case "base_fee":
      return `${label}: base fee`;
    case "usage":
      return `${label}: ${formatScaled(line.quantity, line.scale)} ${line.unit}`;
    case "min_spend":
    case "plan_min_spend":
      return `${label}: up to the minimum spend`;
    case "max_spend":
    case "plan_max_spend":
      return `${label}: down to the maximum spend`;
  }
}
