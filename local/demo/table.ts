const FIGURE = /^-?[\d,.]*\d$|^–$/;

/** Prints rows under their titles, two spaces between columns; columns of figures, except the first column, stand to the right. */
export function formatTable(titles: string[], rows: string[][]): string {
  const columns = titles.map((title, index) => {
    const cells = rows.map((row) => row[index] ?? "");
    return {
      width: Math.max(title.length, ...cells.map((cell) => cell.length)),
      isRight: index > 0 && cells.every((cell) => FIGURE.test(cell)),
    };
  });
  const line = (cells: string[]): string =>
    columns
      .map(({ width, isRight }, index) => {
        const cell = cells[index] ?? "";
        return isRight ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  const rule = columns.map(({ width }) => "-".repeat(width)).join("  ");
  return [line(titles), rule, ...rows.map(line)].map((text) => `  ${text}\n`).join("");
}
