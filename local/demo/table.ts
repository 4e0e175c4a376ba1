const NUMERIC = /^-?[\d,.]*\d%?$|^–$/;

/** Prints rows under their titles, two spaces between columns; columns of figures stand to the right. */
export function formatTable(titles: string[], rows: string[][]): string {
  const columns = titles.map((title, index) => {
    const cells = rows.map((row) => row[index] ?? "");
    return {
      width: Math.max(title.length, ...cells.map((cell) => cell.length)),
      isNumeric: cells.length > 0 && cells.every((cell) => NUMERIC.test(cell)),
    };
  });
  const line = (cells: string[]): string =>
    columns
      .map(({ width, isNumeric }, index) => {
        const cell = cells[index] ?? "";
        return isNumeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  const rule = columns.map(({ width }) => "-".repeat(width)).join("  ");
  return [line(titles), rule, ...rows.map(line)].map((text) => `  ${text}\n`).join("");
}
