import { DAY_MS } from "../../src/domain/window.ts";
import type { Database } from "../../src/ledger/database.ts";
import { FILLED_MS } from "./filled-ledger.ts";

/** What a list asks for: one more than its page. */
export const PAGE = 101;
export const LONGEST_PAGE = 1001;
/** Where a later page begins. */
export const LATER = { timeMs: FILLED_MS - 10 * DAY_MS, id: "x" };

/** A function of the ledger, with arguments that the product calls it with. */
export interface LedgerCall {
  name: string;
  /** What is asked, where the function is called more than once. */
  asked: string;
  call: (database: Database) => Promise<unknown>;
}

/** A call under the function's own name. */
export function call<Args extends unknown[]>(
  run: (database: Database, ...args: Args) => Promise<unknown>,
  asked: string,
  ...args: Args
): LedgerCall {
  return { name: run.name, asked, call: (database) => run(database, ...args) };
}

/** `count` of what a number, from 1 on, stands for. */
export function several<Item>(count: number, item: (number: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => item(index + 1));
}
