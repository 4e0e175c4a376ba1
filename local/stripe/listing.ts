import type { Stripe } from "stripe";
import { invalidParameter, resourceMissing } from "./errors.ts";

export interface ListPage<T> {
  object: "list";
  data: T[];
  has_more: boolean;
  url: string;
}

interface ListQuery {
  limit?: number;
  starting_after?: string;
  ending_before?: string;
}

const DEFAULT_LIMIT = 10;

/**
 * One page of rows, which come in the order of the list; the cursor may be a row that the filter leaves out, and must
 * exist.
 */
export function pageOf<T extends { id: string }>(
  rows: readonly T[],
  matches: (row: T) => boolean,
  query: ListQuery,
  list: { url: string; noun: string },
): ListPage<T> {
  if (query.starting_after !== undefined && query.ending_before !== undefined) {
    throw invalidParameter(
      "ending_before",
      "You cannot parameterize both starting_after and ending_before in a single request.",
    );
  }
  const limit = query.limit ?? DEFAULT_LIMIT;
  const { object, url } = { object: "list", url: list.url } as const;
  if (query.ending_before !== undefined) {
    const before = rows.slice(0, cursorIndex(rows, query.ending_before, "ending_before", list.noun));
    const found = before.filter(matches);
    return { object, data: found.slice(-limit), has_more: found.length > limit, url };
  }
  const start =
    query.starting_after === undefined
      ? 0
      : cursorIndex(rows, query.starting_after, "starting_after", list.noun) + 1;
  const found = rows.slice(start).filter(matches);
  return { object, data: found.slice(0, limit), has_more: found.length > limit, url };
}

function cursorIndex(rows: readonly { id: string }[], id: string, param: string, noun: string): number {
  const index = rows.findIndex((row) => row.id === id);
  if (index === -1) {
    throw resourceMissing(noun, id, param, 400);
  }
  return index;
}

/** Whether a time is the one asked for or inside the bounds asked for; always when nothing is asked. */
export function isInRange(value: number | null, asked: Stripe.RangeQueryParam | number | undefined): boolean {
  if (asked === undefined) {
    return true;
  }
  if (value === null) {
    return false;
  }
  if (typeof asked === "number") {
    return value === asked;
  }
  return (
    (asked.gt === undefined || value > asked.gt) &&
    (asked.gte === undefined || value >= asked.gte) &&
    (asked.lt === undefined || value < asked.lt) &&
    (asked.lte === undefined || value <= asked.lte)
  );
}
