import type { Database } from "../../src/ledger/database.ts";

/** A function of the ledger, with arguments that the product calls it with. */
export interface LedgerCall {
  name: string;
  /** What is asked, where the function is called more than once. */
  asked: string;
  call: (database: Database) => Promise<unknown>;
}

/** Calls a function of the ledger as the product does. */
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
