import { ApiProblem } from "./problem.ts";

/** The entity tag of a numbered version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** Reads `If-Match`: the version that must be the latest; undefined when any will do. */
export function readIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header === "*") {
    return undefined;
  }
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(header)?.[1];
  if (version === undefined) {
    throw new ApiProblem("invalid_request", 'If-Match: the ETag of GET /v1/catalog, e.g. "3"');
  }
  return Number(version);
}

/** True when `If-None-Match` names the tag, weak or not (RFC 9110, 13.1.2). */
export function hasTag(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined &&
    header.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag)
  );
}
