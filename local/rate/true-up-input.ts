import * as z from "zod";
import { parseDecimal } from "../../src/domain/decimal.ts";
import type { PricedTrueUp } from "../../src/rating/bill.ts";
import { catalogSchema } from "../../src/rating/catalog.ts";
import { faultLines, InputError } from "./input-error.ts";
import { readUsage } from "./usage-input.ts";

/** A close trues up three periods; each has as many lines as an invoice can have. */
const MAX_TRUE_UPS = 3;
const MAX_LINES = 100_000;

const trueUpsSchema = z
  .array(
    z.object({
      catalogVersion: z.int().min(1),
      catalog: catalogSchema,
      usage: z.unknown(),
      billed: z
        .array(
          z.object({
            ref: z.string().min(1),
            metricName: z.string().nullable(),
            description: z.string(),
            quantity: z.string().refine((text) => parseDecimal(text) !== undefined, "must be a quantity"),
            amountMinor: z.string().regex(/^-?\d{1,40}$/, "must be a whole number of minor units"),
          }),
        )
        .max(MAX_LINES),
    }),
  )
  .max(MAX_TRUE_UPS);

/** The earlier periods that an exported invoice corrects; none where the document has none. */
export function readTrueUps(source: string, document: unknown): PricedTrueUp[] {
  const given = typeof document === "object" && document !== null && "trueUps" in document;
  const parsed = trueUpsSchema.safeParse(given ? document.trueUps : []);
  if (!parsed.success) {
    throw new InputError(`${source} has no valid trueUps: correct what is listed.`, {
      faults: faultLines(parsed.error),
    });
  }
  return parsed.data.map((trueUp, index) => ({
    ...trueUp,
    usage: readUsage(`${source}, trueUps.${index}`, trueUp.usage, trueUp.catalog),
  }));
}
