/** An exact fraction; the denominator is positive. */
export interface Rational {
  numerator: bigint;
  denominator: bigint;
}

/** A tier as the catalog document has it. */
export interface DocumentTier {
  upTo: string | null;
  unitPrice: string;
}

/** Reads a plain decimal string, without any of the product's code. */
export function rational(text: string): Rational {
  const isNegative = text.startsWith("-");
  const [whole = "", fraction = ""] = (isNegative ? text.slice(1) : text).split(".");
  const magnitude = BigInt(whole + fraction);
  return { numerator: isNegative ? -magnitude : magnitude, denominator: 10n ** BigInt(fraction.length) };
}

export function plus(left: Rational, right: Rational): Rational {
  return {
    numerator: left.numerator * right.denominator + right.numerator * left.denominator,
    denominator: left.denominator * right.denominator,
  };
}

export function minus(left: Rational, right: Rational): Rational {
  return plus(left, { numerator: -right.numerator, denominator: right.denominator });
}

export function times(left: Rational, right: Rational): Rational {
  return {
    numerator: left.numerator * right.numerator,
    denominator: left.denominator * right.denominator,
  };
}

export function isEqual(left: Rational, right: Rational): boolean {
  return left.numerator * right.denominator === right.numerator * left.denominator;
}

export function isZero({ numerator }: Rational): boolean {
  return numerator === 0n;
}

/** Of a divisor above zero. */
export function over(left: Rational, right: Rational): Rational {
  return {
    numerator: left.numerator * right.denominator,
    denominator: left.denominator * right.numerator,
  };
}

/** The least whole number that is not less than what is not below zero. */
export function ceiling({ numerator, denominator }: Rational): bigint {
  return numerator % denominator === 0n ? numerator / denominator : numerator / denominator + 1n;
}

export function isLess(left: Rational, right: Rational): boolean {
  return left.numerator * right.denominator < right.numerator * left.denominator;
}

/** Graduated price by definition: Σ price × length of `(previous upTo, upTo] ∩ (0, quantity]`, in minor units. */
export function graduatedByDefinition(tiers: readonly DocumentTier[], quantity: string): Rational {
  const used = rational(quantity);
  let amount = rational("0");
  let lower = rational("0");
  for (const tier of tiers) {
    const upper = tier.upTo === null || isLess(used, rational(tier.upTo)) ? used : rational(tier.upTo);
    if (isLess(lower, upper)) {
      amount = plus(amount, times(minus(upper, lower), rational(tier.unitPrice)));
    }
    lower = tier.upTo === null ? used : rational(tier.upTo);
  }
  return amount;
}

/** Rounds to the nearest multiple of `unit`; of two equally near the one further from zero. */
export function roundedByDefinition(value: Rational, unit = 1n): bigint {
  const isNegative = value.numerator < 0n;
  const magnitude = isNegative ? -value.numerator : value.numerator;
  const step = value.denominator * unit;
  const below = magnitude / step;
  const rest = magnitude % step;
  const steps = rest + rest >= step ? below + 1n : below;
  return (isNegative ? -steps : steps) * unit;
}

/** Prints `coefficient / 10^scale` digit by digit, trailing zeros included. */
export function decimalText(coefficient: bigint, scale: number): string {
  const digits = String(coefficient < 0n ? -coefficient : coefficient).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const text = scale === 0 ? whole : `${whole}.${digits.slice(-scale)}`;
  return coefficient < 0n ? `-${text}` : text;
}
