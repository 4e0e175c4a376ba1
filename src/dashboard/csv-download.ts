import { csvDocument, type CsvCell } from "../http/csv.ts";

/** Most rows of a download; what is larger is read through the API, page by page. */
export const MAX_CSV_ROWS = 1000;

/** Answers rows as a file that spreadsheets open. */
export function csvResponse(name: string, head: readonly string[], rows: readonly CsvCell[][]): Response {
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
