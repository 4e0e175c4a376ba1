import { Buffer } from "node:buffer";
import * as z from "zod";
import { storableText } from "../domain/text.ts";
import { ApiProblem } from "./problem.ts";

/** Where a page of a newest-first list begins: after the item of that time and id. */
export interface Position {
  timeMs: number;
  id: string;
}

export interface PageRequest {
  limit: number;
  after: Position | undefined;
}

/** Most items of one page. */
export const MAX_LIMIT = 1000;

/** What every list takes in its address; {@link readPage} reads them. */
export const pagingParameters = {
  limit: z.string().optional(),
  cursor: z.string().optional(),
};

/** The address of a list that takes nothing else. */
export const pageQuerySchema = z.strictObject(pagingParameters);

const positionSchema = z.tuple([z.int().min(0).max(8.64e15), storableText(256)]);
/** Items of a page whose size is not asked for. */
export const DEFAULT_LIMIT = 100;

/** Reads `limit` (1–1,000) and `cursor` from a query. */
export function readPage(query: { limit?: string | undefined; cursor?: string | undefined }): PageRequest {
  const limit = Number(query.limit ?? DEFAULT_LIMIT);
  if (!/^\d{1,4}$/.test(String(query.limit ?? DEFAULT_LIMIT)) || limit < 1 || limit > MAX_LIMIT) {
    throw new ApiProblem("invalid_request", `limit: a whole number from 1 to ${MAX_LIMIT}`);
  }
  return { limit, after: query.cursor === undefined ? undefined : readCursor(query.cursor) };
}

/** Makes a page of what was read with one item more than the limit. */
export function page<Item, Document>(
  items: readonly Item[],
  limit: number,
  position: (item: Item) => Position,
  print: (item: Item) => Document,
): { data: Document[]; nextCursor: string | null } {
  const data = items.slice(0, limit);
  const last = data.at(-1);
  const hasMore = items.length > limit && last !== undefined;
  return { data: data.map(print), nextCursor: hasMore ? writeCursor(position(last)) : null };
}

function writeCursor({ timeMs, id }: Position): string {
  return Buffer.from(JSON.stringify([timeMs, id])).toString("base64url");
}

function readCursor(cursor: string): Position {
  try {
    const [timeMs, id] = positionSchema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
    return { timeMs, id };
  } catch {
    throw new ApiProblem("invalid_cursor", "take the cursor from nextCursor of the page before");
  }
}
