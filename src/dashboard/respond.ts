import type { Context } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";

/** Statuses that pages have. */
type PageStatus = 200 | 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 500 | 502 | 503;

const DOCTYPE = "<!doctype html>";

/** Answers a page as HTML. */
export async function respond(
  context: Context,
  page: JSX.Element,
  status: PageStatus = 200,
): Promise<Response> {
  return context.html(DOCTYPE + String(await page), status);
}

/** A status for a page that shows why something was not done. */
export function refusedStatus(status: number): PageStatus {
  const known: readonly PageStatus[] = [400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503];
  return known.find((candidate) => candidate === status) ?? 400;
}
