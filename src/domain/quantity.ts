import * as z from "zod";
import { decimalFromNumber, formatScaled, parseDecimal, scaledTo } from "./decimal.ts";
import { MAX_SCALE } from "./meter.ts";

const MAX_QUANTITY_LENGTH = 32;
const QUANTITY = `must be a quantity such as 10000 or 2.5, not negative, of at most ${MAX_QUANTITY_LENGTH} digits`;

/** A quantity in the meter's unit, given as number or decimal string, kept as decimal string. */
export const quantitySchema = z
  .union([z.number(), z.string()], { error: QUANTITY })
  .transform((input, context) => {
    const decimal = typeof input === "number" ? decimalFromNumber(input) : parseDecimal(input);
    const isTaken = decimal !== undefined && decimal.coefficient >= 0n && decimal.scale <= MAX_SCALE;
    const text = isTaken ? formatScaled(decimal.coefficient, decimal.scale) : "";
    if (text === "" || text.length > MAX_QUANTITY_LENGTH) {
      context.addIssue({ code: "custom", message: QUANTITY });
      return z.NEVER;
    }
    return text;
  });

/** A quantity at the meter's scale; undefined when it has more decimals than that. */
export function quantityAt(text: string, scale: number): bigint | undefined {
  const decimal = parseDecimal(text);
  return decimal && scaledTo(decimal, scale);
}

/** A quantity that the catalog has accepted, at the meter's scale. */
export function parseQuantity(text: string, scale: number): bigint {
  const scaled = quantityAt(text, scale);
  if (scaled === undefined) {
    throw new Error(`not a quantity of ${scale} decimals: ${text}`);
  }
  return scaled;
}
