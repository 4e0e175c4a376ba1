import * as z from "zod";
import { decimalFromNumber, formatScaled, parseDecimal, scaledTo } from "./decimal.ts";
import { decimalSchema, timestampMs, timestampSchema } from "./event.ts";
import type { Meter } from "./meter.ts";
import { storableText } from "./text.ts";

/** Largest correction either way, in the meter's smallest units: a hundred times what any counter holds. */
const MAX_ADJUSTED = 10n ** 18n;
/** Longest quantity read; what is longer is larger than any correction. */
const MAX_QUANTITY_LENGTH = 40;
const MAX_REASON_LENGTH = 1000;

/** A quantity in the meter's unit, maybe negative, given as number or decimal string: one text for each value. */
const quantitySchema = decimalSchema.transform((input, context) => {
  const decimal = typeof input === "number" ? decimalFromNumber(input) : parseDecimal(input);
  const text = decimal === undefined ? "" : formatScaled(decimal.coefficient, decimal.scale);
  if (text === "" || text.length > MAX_QUANTITY_LENGTH) {
    context.addIssue({
      code: "custom",
      message: `must be a number or a decimal string such as -12.5, of at most ${MAX_QUANTITY_LENGTH} characters`,
    });
    return z.NEVER;
  }
  return text;
});

/** A correction of usage as it is sent. */
export const adjustmentSchema = z.strictObject({
  id: storableText(),
  metricName: storableText(),
  quantity: quantitySchema,
  at: timestampSchema.transform(timestampMs),
  reason: storableText(MAX_REASON_LENGTH),
});

/** A correction of one customer's usage: added to its metric at its moment, never edited. */
export interface Adjustment {
  customerId: string;
  adjustmentId: string;
  metricName: string;
  /** In the meter's unit. */
  quantity: string;
  atMs: number;
  reason: string;
}

/** Why a meter cannot take a quantity that the schema has accepted; undefined when it can. */
export function quantityFault(quantity: string, meter: Meter): string | undefined {
  const decimal = parseDecimal(quantity);
  const scaled = decimal && scaledTo(decimal, meter.scale);
  if (scaled === undefined) {
    return `${meter.name} is counted to ${meter.scale} decimals`;
  }
  return scaled > MAX_ADJUSTED || scaled < -MAX_ADJUSTED
    ? `${meter.name} is adjusted by at most ${formatScaled(MAX_ADJUSTED, meter.scale)} at once`
    : undefined;
}

/** True when both say the same: one id may stand for that only. */
export function isSameAdjustment(left: Adjustment, right: Adjustment): boolean {
  return (
    left.customerId === right.customerId &&
    left.adjustmentId === right.adjustmentId &&
    left.metricName === right.metricName &&
    left.quantity === right.quantity &&
    left.atMs === right.atMs &&
    left.reason === right.reason
  );
}
