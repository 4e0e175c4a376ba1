/** How much a request counts: a bigint, a number by its shortest decimal text, or a decimal string. */
export type Quantity = number | string | bigint;

/** An exact decimal, `coefficient / 10^decimals`, without trailing zeros. */
export interface ExactQuantity {
  coefficient: bigint;
  decimals: number;
}

const MAX_LENGTH = 64;
const DECIMAL = /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/** Reads a quantity exactly; throws a RangeError on what is none. */
export function readQuantity(quantity: Quantity): ExactQuantity {
  if (Number.isSafeInteger(quantity)) {
    return { coefficient: BigInt(quantity), decimals: 0 };
  }
  const text = String(quantity);
  const [, whole = "", fraction = "", exponent] = (text.length <= MAX_LENGTH && DECIMAL.exec(text)) || [];
  // Only numbers are printed with an exponent; the meter takes no such text either.
  if (whole === "" || (exponent !== undefined && typeof quantity !== "number")) {
    throw new RangeError(`no quantity: ${text.slice(0, MAX_LENGTH)}`);
  }
  const digits = fraction.replace(/0+$/, "");
  const decimals = digits.length - Number(exponent ?? 0);
  const coefficient = BigInt(whole + digits);
  return decimals >= 0
    ? { coefficient, decimals }
    : { coefficient: coefficient * 10n ** BigInt(-decimals), decimals: 0 };
}

/** Prints a quantity for JSON: a number when that is exact, else a decimal string. */
export function printQuantity({ coefficient, decimals }: ExactQuantity): number | string {
  if (decimals === 0) {
    const number = Number(coefficient);
    return Number.isSafeInteger(number) ? number : coefficient.toString();
  }
  const isNegative = coefficient < 0n;
  const digits = (isNegative ? -coefficient : coefficient).toString().padStart(decimals + 1, "0");
  return `${isNegative ? "-" : ""}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
