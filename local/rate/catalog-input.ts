import { catalogSchema, type Catalog } from "../../src/rating/catalog.ts";
import { faultLines, InputError } from "./input-error.ts";

/** Takes a catalog as it is put or got, or what carries one: a version of it, an invoice's export. */
export function readCatalog(source: string, document: unknown): Catalog {
  const parsed = catalogSchema.safeParse(catalogOf(document));
  if (!parsed.success) {
    throw new InputError(`${source} has no valid catalog: correct what is listed.`, {
      faults: faultLines(parsed.error),
    });
  }
  return parsed.data;
}

function catalogOf(document: unknown): unknown {
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    return document;
  }
  if ("catalog" in document && !("meters" in document)) {
    // An export may carry a version, which carries the catalog.
    return catalogOf(document.catalog);
  }
  // A file to be put may say from when it holds and why: no part of the catalog.
  const { effective: _effective, reason: _reason, ...catalog } = document as Record<string, unknown>;
  return catalog;
}
