import type { Child } from "hono/jsx";

export interface Column<Row> {
  name: string;
  cell: (row: Row) => Child;
  /** Stands at the right. */
  isNumber?: boolean;
}

interface TableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  foot?: readonly Child[];
}

/** A table that can be scrolled by keyboard where the screen is narrow. */
export function Table<Row>({ label, columns, rows, foot }: TableProps<Row>) {
  const kind = (column: Column<Row> | undefined): string | undefined => (column?.isNumber ? "n" : undefined);
  return (
    <div class="scroll" role="region" aria-label={label} tabindex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" class={kind(column)}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {columns.map((column) => (
                <td class={kind(column)}>{column.cell(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
        {foot !== undefined && (
          <tfoot>
            <tr>
              {foot.map((cell, index) => (
                <td class={kind(columns[index])}>{cell}</td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

/** To the newest and the next page; `next` is the address of what follows. */
export function Pager({ first, next }: { first: string | undefined; next: string | undefined }) {
  if (first === undefined && next === undefined) {
    return <></>;
  }
  return (
    <nav class="pager" aria-label="Pages">
      <span>{first !== undefined && <a href={first}>← First page</a>}</span>
      <span>{next !== undefined && <a href={next}>Next page →</a>}</span>
    </nav>
  );
}
