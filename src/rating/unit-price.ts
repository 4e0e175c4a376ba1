import * as z from "zod";
import { formatScaled, parseDecimal, scaledTo } from "../domain/decimal.ts";

/** Decimals of a unit price: prices are counted in 10^-12 of a minor unit. */
export const PRICE_SCALE = 12;

const MAX_PRICE_LENGTH = 32;

function toText(value: number | string): string {
  return String(value);
}

/** A price in minor units: a decimal string with at most 12 decimals, not negative. */
export const unitPriceSchema = z
  .union([z.number(), z.string()])
  .transform(toText)
  .refine(
    (text) => text.length <= MAX_PRICE_LENGTH && isPrice(text),
    "must be a decimal of minor units such as 0.05, not negative, with at most 12 decimals",
  )
  .transform((text) => formatScaled(parsePrice(text), PRICE_SCALE));

/** Reads a price that the schema has accepted, in 10^-12 of a minor unit. */
export function parsePrice(text: string): bigint {
  const decimal = parseDecimal(text);
  const scaled = decimal && scaledTo(decimal, PRICE_SCALE);
  if (scaled === undefined) {
    throw new Error(`not a price: ${text}`);
  }
  return scaled;
}

function isPrice(text: string): boolean {
  const decimal = parseDecimal(text);
  return decimal !== undefined && decimal.coefficient >= 0n && scaledTo(decimal, PRICE_SCALE) !== undefined;
}
