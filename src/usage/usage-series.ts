import { formatScaled, parseDecimal } from "../domain/decimal.ts";
import { invariant } from "../domain/invariant.ts";

/** Usage of one window `[start, end)`, both ISO 8601 UTC; the value a decimal in the meter's unit. */
export interface Point {
  start: string;
  end: string;
  value: string;
}

/** One group's usage over time, oldest first. */
export interface UsageSeries {
  /** Given when grouped by customer, or of one customer. */
  customerId: string | undefined;
  /** Values of the dimensions grouped by; null for usage that was counted without that dimension. */
  dimensions: Record<string, string | null>;
  points: Point[];
}

/** Place of a window, counted from 1, and its value as Postgres prints it. */
export type PlacedValue = readonly [place: number, value: string];

/** Puts values, oldest first, to the bounds of their windows; filled, a window without usage has the value 0. */
export function pointsOf(
  bounds: readonly string[],
  values: readonly PlacedValue[],
  isFilled: boolean,
): Point[] {
  if (!isFilled) {
    return values.map(([place, value]) => pointAt(bounds, place, printValue(value)));
  }
  const byPlace = new Map(values);
  return bounds.slice(1).map((_, index) => {
    const value = byPlace.get(index + 1);
    return pointAt(bounds, index + 1, value === undefined ? "0" : printValue(value));
  });
}

function pointAt(bounds: readonly string[], place: number, value: string): Point {
  const start = bounds[place - 1];
  const end = bounds[place];
  invariant(start !== undefined && end !== undefined, `window ${place} is within the range`);
  return { start, end, value };
}

/** Without the trailing zeros that a sum in Postgres keeps. */
function printValue(text: string): string {
  const decimal = parseDecimal(text);
  invariant(decimal !== undefined, "a value of the ledger is a decimal");
  return formatScaled(decimal.coefficient, decimal.scale);
}
