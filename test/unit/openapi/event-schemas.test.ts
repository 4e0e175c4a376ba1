import * as fc from "fast-check";
import { expect, test } from "vitest";
import type * as z from "zod";
import { decimalFromNumber, parseDecimal } from "../../../src/domain/decimal.ts";
import { eventSchema } from "../../../src/domain/event.ts";
import { mergedUsageSchema } from "../../../src/domain/merged-usage.ts";
import { isStorableText } from "../../../src/domain/text.ts";
import { usualEvent, usualMergedUsage } from "../../../src/domain/usual-input.ts";
import { apiDocument, DocumentJudge } from "../../support/api-document.ts";
import { arbitraryOf } from "../../support/api-fuzz/arbitrary-of.ts";
import { mutated, mutations } from "../../support/api-fuzz/mutation.ts";

const document = apiDocument();
const judge = new DocumentJudge(document, "as published");
const QUANTITIES = ["value", "count", "sum", "min", "max", "last"];

/** What `POST /v1/events` makes of one item: the hand-tuned reader first, then the schema, then its numbers. */
function isTaken(read: (input: unknown) => unknown, schema: z.ZodType, input: unknown): boolean {
  const parsed = read(input) ?? schema.safeParse(input).data;
  return (
    parsed !== undefined && QUANTITIES.every((name) => isQuantity((parsed as Record<string, unknown>)[name]))
  );
}

function isQuantity(value: unknown): boolean {
  if (value === undefined) {
    return true;
  }
  const decimal = typeof value === "number" ? decimalFromNumber(value) : parseDecimal(value as string);
  return decimal !== undefined;
}

/** What no keyword of JSON Schema says: the texts of the event itself are well-formed and without U+0000. */
function hasStorableTexts(input: unknown): boolean {
  return Object.values(input as object).every((value) => typeof value !== "string" || isStorableText(value));
}

test.each([
  ["Event", usualEvent, eventSchema],
  ["MergedUsage", usualMergedUsage, mergedUsageSchema],
] as const)("%s: what is taken is what the document says", (name, read, schema) => {
  const published = document.components.schemas[name] ?? {};
  const inputs = fc
    .tuple(arbitraryOf(document, published), fc.array(mutations, { maxLength: 2 }))
    .map(([value, changes]) => changes.reduce(mutated, value));
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(inputs, (input) => {
      const fault = judge.fault(published, input);
      const isFine = fault === undefined && hasStorableTexts(input);
      expect(isTaken(read, schema, input), fault ?? "nothing is wrong by the document").toBe(isFine);
      seen[isFine ? "taken" : "refused"] += 1;
    }),
    { numRuns: 5000, seed: 20_261_124 },
  );
  expect(seen.taken).toBeGreaterThan(500);
  expect(seen.refused).toBeGreaterThan(500);
});
