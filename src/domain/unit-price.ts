import * as z from "zod";
import { decimalFromNumber, formatScaled, parseDecimal, scaledTo } from "./decimal.ts";

/** Decimals of a unit price: prices are counted in 10^-12 of a minor unit. */
export const PRICE_SCALE = 12;

const MAX_PRICE_LENGTH = 32;
const PRICE = "must be a decimal of minor units such as 0.05, not negative, with at most 12 decimals";

/** A price in minor units: a decimal with at most 12 decimals, not negative; kept as decimal string. */
export const unitPriceSchema = z
  .union([z.number(), z.string()], { error: PRICE })
  .transform((input, context) => {
    const decimal = typeof input === "number" ? decimalFromNumber(input) : parseDecimal(input);
    const scaled = decimal && scaledTo(decimal, PRICE_SCALE);
    const text = scaled === undefined || scaled < 0n ? "" : formatScaled(scaled, PRICE_SCALE);
    if (text === "" || text.length > MAX_PRICE_LENGTH) {
      context.addIssue({ code: "custom", message: PRICE });
      return z.NEVER;
    }
    return text;
  });

/** Reads a price that the schema has accepted, in 10^-12 of a minor unit. */
export function parsePrice(text: string): bigint {
  const decimal = parseDecimal(text);
  const scaled = decimal && scaledTo(decimal, PRICE_SCALE);
  if (scaled === undefined) {
    throw new Error(`not a price: ${text}`);
  }
  return scaled;
}
