/** An exact decimal: `coefficient / 10^scale`. */
export interface Decimal {
  coefficient: bigint;
  scale: number;
}

/** Longest decimal text taken, so that no input makes arithmetic slow. */
export const MAX_DECIMAL_LENGTH = 64;

const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/;
const SCIENTIFIC = /^(-?)(\d)(?:\.(\d+))?e([+-]\d{1,3})$/;

/**
 * Reads a plain decimal string such as `-12.50` exactly.
 *
 * Undefined when the text is no such decimal or longer than {@link MAX_DECIMAL_LENGTH}.
 */
export function parseDecimal(text: string): Decimal | undefined {
  const match = text.length <= MAX_DECIMAL_LENGTH ? PLAIN.exec(text) : null;
  if (match === null) {
    return undefined;
  }
  const fraction = (match[3] ?? "").replace(/0+$/, "");
  return { coefficient: BigInt(`${match[1]}${match[2]}${fraction}`), scale: fraction.length };
}

/** Reads a JSON number by its shortest decimal text; undefined when it is not finite. */
export function decimalFromNumber(value: number): Decimal | undefined {
  const text = String(value);
  const match = SCIENTIFIC.exec(text);
  if (match === null) {
    return parseDecimal(text);
  }
  const fraction = match[3] ?? "";
  const coefficient = BigInt(`${match[1]}${match[2]}${fraction}`);
  const scale = fraction.length - Number(match[4]);
  return scale >= 0 ? { coefficient, scale } : { coefficient: coefficient * powerOfTen(-scale), scale: 0 };
}

/** Brings a decimal to `scale` decimals; undefined when it has more than that. */
export function scaledTo(value: Decimal, scale: number): bigint | undefined {
  if (value.scale <= scale) {
    return value.coefficient * powerOfTen(scale - value.scale);
  }
  const divisor = powerOfTen(value.scale - scale);
  return value.coefficient % divisor === 0n ? value.coefficient / divisor : undefined;
}

/** Prints `scaled / 10^scale` with at least `minDecimals` decimals and no further trailing zeros. */
export function formatScaled(scaled: bigint, scale: number, minDecimals = 0): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits
    .slice(digits.length - scale)
    .replace(/0+$/, "")
    .padEnd(minDecimals, "0");
  return `${scaled < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** Divides and rounds half away from zero; the divisor is positive. */
export function divideHalfAwayFromZero(dividend: bigint, divisor: bigint): bigint {
  const magnitude = dividend < 0n ? -dividend : dividend;
  const rounded = (2n * magnitude + divisor) / (2n * divisor);
  return dividend < 0n ? -rounded : rounded;
}

/** 10^exponent. */
export function powerOfTen(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}
