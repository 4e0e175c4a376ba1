import type * as z from "zod";
import { catalogSchema, type Catalog } from "../rating/catalog.ts";

/** What is wrong with a document, and where. */
export interface Fault {
  path: string;
  message: string;
}

/** A document that is to be published, as far as it can be read. */
export interface CatalogReading {
  /** Undefined when anything is wrong with it. */
  catalog: Catalog | undefined;
  faults: Fault[];
}

/** Most faults that one answer tells, and most items of a list that are looked at one by one. */
export const MAX_FAULTS = 1000;

type Members = Record<string, unknown>;
type Issue = z.core.$ZodIssue;

/** Reads a document by the catalog's schema; a fault in one part keeps none in the others from being told. */
export function readCatalog(document: unknown): CatalogReading {
  const parsed = catalogSchema.safeParse(document);
  if (parsed.success) {
    return { catalog: parsed.data, faults: [] };
  }
  return { catalog: undefined, faults: parsed.error.issues.slice(0, MAX_FAULTS).map(faultOf) };
}

/** An issue of any schema as a fault. */
export function faultOf({ path, message }: Issue): Fault {
  return { path: path.join("."), message };
}

/** A member that is a list, with what of its items is no object as an empty one; undefined when it is no list. */
export function listIn(document: unknown, member: string): Members[] | undefined {
  const list = isObject(document) ? document[member] : undefined;
  return Array.isArray(list) ? list.map((item: unknown) => (isObject(item) ? item : {})) : undefined;
}

/** The names in a list; undefined when it, or one of them, cannot be read. */
export function namesIn(document: unknown, member: string): Set<string> | undefined {
  const names = listIn(document, member)?.map(({ name }) => name);
  return names?.every((name) => typeof name === "string") === true ? new Set(names) : undefined;
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
