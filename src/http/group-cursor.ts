import { Buffer } from "node:buffer";
import { sha256 } from "@noble/hashes/sha2.js";
import * as z from "zod";
import { storableText } from "../domain/text.ts";
import { ApiProblem } from "./problem.ts";

/** Where a page of groups begins: after a group, over the range of time of the first page. */
export interface GroupPosition {
  fromMs: number;
  toMs: number;
  key: readonly string[];
}

const DIGEST_BYTES = 12;
/** Longest part of a key: a dimension's value with its mark. */
const MAX_PART_LENGTH = 129;

/** What any query's windows lie within. */
const timeSchema = z.int().min(Date.UTC(1969, 0)).max(Date.UTC(9999, 11));
const cursorSchema = z.tuple([
  z.string(),
  timeSchema,
  timeSchema,
  z.array(z.union([z.literal(""), storableText(MAX_PART_LENGTH)])).min(1),
]);

/** Prints a position for the query that it belongs to, and only that. */
export function writeGroupCursor(query: string, { fromMs, toMs, key }: GroupPosition): string {
  return Buffer.from(JSON.stringify([digestOf(query), fromMs, toMs, key])).toString("base64url");
}

/** Reads a cursor that {@link writeGroupCursor} has printed for the same query, with as many parts of its key. */
export function readGroupCursor(query: string, parts: number, cursor: string): GroupPosition {
  const position = parseCursor(cursor);
  if (position?.digest !== digestOf(query) || position.key.length !== parts) {
    throw badCursor();
  }
  return position;
}

/** The answer to a cursor that is not ours, or not of this query. */
export function badCursor(): ApiProblem {
  return new ApiProblem("invalid_cursor", "take the cursor from nextCursor of the same query's page before");
}

function parseCursor(cursor: string): (GroupPosition & { digest: string }) | undefined {
  try {
    const text = Buffer.from(cursor, "base64url").toString("utf8");
    const [digest, fromMs, toMs, key] = cursorSchema.parse(JSON.parse(text));
    return { digest, fromMs, toMs, key };
  } catch {
    return undefined;
  }
}

function digestOf(query: string): string {
  const digest = sha256(new TextEncoder().encode(query));
  return Buffer.from(digest.subarray(0, DIGEST_BYTES)).toString("base64url");
}
