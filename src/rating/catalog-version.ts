import * as z from "zod";
import { storableText } from "../domain/text.ts";
import type { CatalogVersion } from "./catalog.ts";

/** Longest reason for a publication, in characters. */
export const MAX_REASON_LENGTH = 500;

/**
 * How a catalog is published: from when its prices hold, and why.
 *
 * `now`: for every period that ends after it. `nextPeriod`: for the periods that start at or after it. Its meters count at
 * once either way.
 */
export const publicationTermsSchema = z.strictObject({
  effective: z.enum(["now", "nextPeriod"]).default("now"),
  reason: storableText(MAX_REASON_LENGTH)
    .nullish()
    .transform((reason) => reason ?? undefined),
});

export type Effective = "now" | "nextPeriod";

/** Who published a version, why, and from when it prices. */
export interface PublicationTerms {
  publishedBy: string;
  reason: string | undefined;
  effective: Effective;
}

/** A published catalog with the terms of its publication. */
export interface PublishedVersion extends CatalogVersion, PublicationTerms {}

/** A published version without its document. */
export type VersionSummary = Omit<PublishedVersion, "catalog">;
