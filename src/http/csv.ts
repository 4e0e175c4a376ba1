/** A cell: text from outside, or something that we have printed ourselves, such as a number or a time. */
export type CsvCell = string | { printed: string };

/** What makes a spreadsheet take a cell for a formula. */
const FORMULA = /^[=+\-@\t\r]/;
const SPECIAL = /[",\r\n]/;

/**
 * Prints rows as RFC 4180 has it, each ended by CRLF.
 *
 * A text that begins with = + - @, tab or CR gets an apostrophe before it: opened in a spreadsheet it would be run as a
 * formula, and customers choose their own ids and dimension values (OWASP, "CSV Injection"). Whoever reads the file by
 * program takes that apostrophe off. What is printed by us stays as it is: a negative number is a number.
 */
export function csvDocument(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((cells) => `${cells.map(printCell).join(",")}\r\n`).join("");
}

function printCell(cell: CsvCell): string {
  const text = typeof cell === "string" ? (FORMULA.test(cell) ? `'${cell}` : cell) : cell.printed;
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
