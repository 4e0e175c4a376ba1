/** What one tier adds to a line. Quantities are at the meter's scale, `unitPrice` is in 10^-12 minor units. */
export interface TierDetail {
  /** Exclusive lower bound. */
  from: bigint;
  /** Inclusive upper bound; null when the tier is open. */
  to: bigint | null;
  quantity: bigint;
  unitPrice: bigint;
  /** Before rounding, at the scale of the amount it belongs to. */
  amount: bigint;
}

/** An exact amount before rounding: `amount / 10^amountScale` minor units. */
export interface RatedAmount {
  amount: bigint;
  amountScale: number;
  tiers: TierDetail[];
}

/** One invoice line. The ref is stable: the same price of the same period always has the same. */
export interface Line {
  ref: string;
  metricName: string | null;
  description: string;
  /** At `scale`. */
  quantity: bigint;
  scale: number;
  /** Rounded once, half away from zero, to what the currency can be charged in. */
  amountMinor: bigint;
  /** Scale of the tiers' amounts. */
  amountScale: number;
  tiers: TierDetail[];
}
