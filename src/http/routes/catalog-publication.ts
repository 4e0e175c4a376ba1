import type { Context } from "hono";
import * as z from "zod";
import type { Publication } from "../../catalog/publish-catalog.ts";
import { isoTime } from "../../domain/window.ts";
import type { CatalogDiff } from "../../rating/catalog-diff.ts";
import type { PublishedVersion, VersionSummary } from "../../rating/catalog-version.ts";
import { etagOf, hasTag } from "../etag.ts";
import { ApiProblem } from "../problem.ts";
import { readQuery } from "../query.ts";

/** Identifies the key that publishes: the only scope that may. */
export const PUBLISHED_BY = "admin";

const TERMS = ["effective", "reason"] as const;
/** The terms of a publication where they come in the address. */
export const termsQuerySchema = z.strictObject({
  effective: z.string().optional(),
  reason: z.string().optional(),
});

/**
 * Takes the terms of a publication, `effective` and `reason`, out of a body and its address.
 *
 * Both may give one as long as they agree. The terms themselves are validated with what is published.
 */
export function readTerms(url: string, body: unknown): { document: unknown; terms: unknown } {
  const { parameters } = readQuery(url, termsQuerySchema);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return { document: body, terms: parameters };
  }
  const { effective, reason, ...document } = body as Record<string, unknown>;
  const given = { effective, reason };
  const errors = TERMS.filter(
    (term) => given[term] !== undefined && parameters[term] !== undefined && given[term] !== parameters[term],
  ).map((path) => ({ path, message: "is given twice: the body and the address disagree" }));
  if (errors.length > 0) {
    const paths = errors.map(({ path }) => path).join(", ");
    throw new ApiProblem("invalid_request", `the body and the address disagree: ${paths}`, { errors });
  }
  return { document, terms: { ...withoutAbsent(given), ...parameters } };
}

/** Answers a publication with what it has changed, or throws why there was none. */
export function answerPublication(
  context: Context,
  publication: Publication,
  newStatus: 200 | 201,
): Response {
  if (publication.outcome === "invalid") {
    throw new ApiProblem("invalid_content", "the catalog is not valid; nothing was published", {
      errors: publication.faults,
    });
  }
  if (publication.outcome === "outdated") {
    throw new ApiProblem(
      "precondition_failed",
      `version ${publication.version} is the latest: read it, then publish again`,
    );
  }
  const { version } = publication;
  context.header("etag", etagOf(version.version));
  const diff = publication.outcome === "published" ? publication.diff : { changes: [], leftOff: 0 };
  const document = { ...versionDocument(version), ...diffDocument(diff) };
  return context.json(document, publication.outcome === "published" ? newStatus : 200);
}

/** Answers with a tag, and without the document when the client has it. */
export function answerTagged(context: Context, version: number, document: object): Response {
  context.header("etag", etagOf(version));
  return hasTag(context.req.header("if-none-match"), etagOf(version))
    ? context.body(null, 304)
    : context.json(document);
}

/** A version as the API shows it. */
export function versionDocument(version: PublishedVersion): object {
  return { ...summaryDocument(version), catalog: version.catalog };
}

/** A version in a list. */
export function summaryDocument(version: VersionSummary): object {
  const { publishedAtMs, publishedBy, reason, effective } = version;
  return {
    version: version.version,
    publishedAt: isoTime(publishedAtMs),
    publishedBy,
    reason: reason ?? null,
    effective,
  };
}

/** What makes one version of another; `changesLeftOff` counts those that are not told. */
export function diffDocument({ changes, leftOff }: CatalogDiff): object {
  return { changes, changesLeftOff: leftOff };
}

function withoutAbsent(given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
