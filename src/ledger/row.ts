import { invariant } from "../domain/invariant.ts";
import type { Row } from "./database.ts";

/** Reads a column that is never null. */
export function column(row: Row, name: string): string {
  const value = row[name];
  invariant(typeof value === "string", `column ${name} is there`);
  return value;
}

/** Reads an epoch ms column, written as `extract(epoch from …) * 1000`. */
export function timeColumn(row: Row, name: string): number {
  return Math.round(Number(column(row, name)));
}

/** Reads an epoch ms column that may be null. */
export function timeOrNull(row: Row, name: string): number | null {
  return (row[name] ?? null) === null ? null : timeColumn(row, name);
}
