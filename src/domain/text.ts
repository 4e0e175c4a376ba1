import * as z from "zod";

/** Longest id, customer id and dimension value, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 128;

/** True for well-formed Unicode without U+0000: what both Redis and Postgres can hold unchanged. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\u0000");
}

/** A non-empty string of at most `maxLength` code units that both stores can hold unchanged. */
export function storableText(maxLength: number = MAX_TEXT_LENGTH): z.ZodString {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .refine(isStorableText, "must be well-formed Unicode without U+0000");
}
