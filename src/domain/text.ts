import * as z from "zod";

/** Longest id, customer id and dimension value, in characters (code points). */
export const MAX_TEXT_LENGTH = 128;

/** True for well-formed Unicode without U+0000: what both Redis and Postgres can hold unchanged. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\u0000");
}

/** Names a customer: any text but the two that no address can hold. */
export function customerIdText(): z.ZodString {
  return storableText()
    .refine((id) => id !== "." && id !== "..", "must not be . or ..")
    .meta({ maxLength: MAX_TEXT_LENGTH, not: { enum: [".", ".."] } });
}

/** What {@link isStorableText} asks for, in words. */
export const STORABLE = "must be well-formed Unicode without U+0000";

/** True for a text of at most `maxLength` characters. */
export function hasAtMost(text: string, maxLength: number): boolean {
  return text.length <= maxLength || (text.length <= 2 * maxLength && Array.from(text).length <= maxLength);
}

/** A non-empty string of at most `maxLength` characters that both stores can hold unchanged. */
export function storableText(maxLength: number = MAX_TEXT_LENGTH): z.ZodString {
  return (
    z
      .string()
      .min(1)
      .refine((text) => hasAtMost(text, maxLength), `must have at most ${maxLength} characters`)
      .refine(isStorableText, STORABLE)
      // Counted in characters, which is what a schema's maxLength says and zod's own does not.
      .meta({ maxLength })
  );
}
