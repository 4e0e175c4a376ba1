import * as z from "zod";
import { named } from "../named.ts";

/** A quantity or an amount: digits, maybe a sign and decimals. */
export const decimal = named("Decimal", z.string().regex(/^-?\d+(\.\d+)?$/), {
  description: "A decimal string: exact, whatever its size.",
  examples: ["2340.00"],
});

/** A moment in UTC. */
export const moment = named("Moment", z.iso.datetime(), {
  description: "ISO 8601 in UTC.",
  examples: ["2026-11-23T12:00:00.000Z"],
});

/** A half-open range of time. */
export const period = named("Period", z.object({ start: moment, end: moment }), {
  description: "From `start` up to, and without, `end`.",
});

/** A page of a list. */
export function pageOf<Item extends z.ZodType>(
  refId: string,
  item: Item,
): z.ZodObject<{ data: z.ZodArray<Item>; nextCursor: z.ZodNullable<z.ZodString> }> {
  const nextCursor = z.string().nullable().describe("Where the next page begins; null on the last one.");
  return named(refId, z.object({ data: z.array(item), nextCursor }), { description: "Newest first." });
}
