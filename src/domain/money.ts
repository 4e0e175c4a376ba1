import { divideHalfAwayFromZero, formatScaled, parseDecimal, scaledTo } from "./decimal.ts";

/** How a currency is counted and rounded. Source: Stripe's documentation of currencies and minor units. */
export interface Currency {
  /** ISO 4217, lower case, as Stripe writes it. */
  code: string;
  /** Decimals of the major unit in an API amount. */
  decimals: 0 | 2 | 3;
  /** Amounts are whole multiples of this many minor units. */
  roundingUnit: bigint;
}

const ZERO_DECIMAL = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "));
const THREE_DECIMAL = new Set("bhd jod kwd omr tnd".split(" "));
// Kept at two decimals by Stripe for compatibility although only whole units can be charged.
const WHOLE_UNITS_OF_TWO_DECIMALS = new Set(["isk", "ugx"]);

/** The currency of an ISO 4217 code; two decimals unless it is known to have none or three. */
export function currencyOf(code: string): Currency {
  if (ZERO_DECIMAL.has(code)) {
    return { code, decimals: 0, roundingUnit: 1n };
  }
  if (THREE_DECIMAL.has(code)) {
    return { code, decimals: 3, roundingUnit: 10n };
  }
  return { code, decimals: 2, roundingUnit: WHOLE_UNITS_OF_TWO_DECIMALS.has(code) ? 100n : 1n };
}

/** Rounds `scaledMinor / 10^scale` minor units to what the currency can be charged in, half away from zero. */
export function roundToMinor(scaledMinor: bigint, scale: number, currency: Currency): bigint {
  const divisor = 10n ** BigInt(scale) * currency.roundingUnit;
  return divideHalfAwayFromZero(scaledMinor, divisor) * currency.roundingUnit;
}

/** Prints minor units as the major unit: 234000 → `2340.00`. */
export function formatMinor(amountMinor: bigint, currency: Currency): string {
  return formatScaled(amountMinor, currency.decimals, currency.decimals);
}

/** Prints `scaledMinor / 10^scale` minor units as the major unit, exactly: 0.5 cent → `0.005`. */
export function formatAmount(scaledMinor: bigint, scale: number, currency: Currency): string {
  return formatScaled(scaledMinor, scale + currency.decimals, currency.decimals);
}

/** Reads an amount in the major unit; undefined when it is no decimal or finer than the currency. */
export function parseMajor(text: string, currency: Currency): bigint | undefined {
  const decimal = parseDecimal(text);
  return decimal && scaledTo(decimal, currency.decimals);
}
