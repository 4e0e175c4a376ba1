import * as z from "zod";

const timeSchema = z.iso.datetime({ offset: true });

/** A time in an address: ISO 8601 with an offset, a date (its first moment in UTC) or epoch ms; read as epoch ms. */
export const momentSchema = z.string().transform((text, context): number => {
  const isTime = timeSchema.safeParse(text).success || z.iso.date().safeParse(text).success;
  const timeMs = /^\d{1,15}$/.test(text) ? Number(text) : isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timeMs)) {
    context.addIssue({
      code: "custom",
      message: "must be ISO 8601 with an offset (2026-11-01T00:00:00Z), a date, or epoch milliseconds",
    });
    return z.NEVER;
  }
  return timeMs;
});
