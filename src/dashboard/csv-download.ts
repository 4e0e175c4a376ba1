import { csvDocument, type CsvCell } from "../http/csv.ts";

/** Rows that are read at once. */
export const CSV_PAGE = 1000;
/** Most rows of a download: its name says when there are more, which the API has page by page. */
const MAX_ROWS = 10_000;

/** Reads a list page after page, from its beginning, as far as a download goes. */
export async function everyPage<Item>(
  read: (cursor: string | undefined) => Promise<{ items: readonly Item[]; next: string | null }>,
): Promise<{ items: Item[]; isCut: boolean }> {
  const items: Item[] = [];
  let cursor: string | undefined;
  while (items.length < MAX_ROWS) {
    const found = await read(cursor);
    items.push(...found.items);
    if (found.next === null) {
      return { items, isCut: false };
    }
    cursor = found.next;
  }
  return { items, isCut: true };
}

/** Answers rows as a file that spreadsheets open; `isCut` when there are more. */
export function csvResponse(
  title: string,
  head: readonly string[],
  rows: readonly CsvCell[][],
  isCut = false,
): Response {
  const name = isCut ? `${title}-first-${rows.length}` : title;
  return new Response(csvDocument([[...head], ...rows]), {
    headers: {
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": `attachment; filename="${name}.csv"`,
      "cache-control": "no-store",
    },
  });
}

/** A cell of our own making, such as a number: nothing in it is a formula. */
export function printed(text: string | number | null): CsvCell {
  return { printed: text === null ? "" : String(text) };
}
