import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import type { Stripe } from "stripe";

export type Metadata = Record<string, string>;

export interface StoredCustomer extends Omit<
  Stripe.Customer,
  "deleted" | "metadata" | "next_invoice_sequence" | "currency"
> {
  metadata: Metadata;
  currency: string | null;
  invoice_prefix: string;
  next_invoice_sequence: number;
  deleted?: true;
}

/** An invoice as Stripe answers it, but for its lines, which are views of its items. */
export interface StoredInvoice extends Omit<
  Stripe.Invoice,
  "lines" | "deleted" | "customer" | "metadata" | "status" | "auto_advance"
> {
  customer: string;
  metadata: Metadata;
  status: "draft" | "open" | "paid" | "uncollectible" | "void";
  auto_advance: boolean;
  /** In the order of the lines: newest first. */
  itemIds: string[];
}

/** An invoice item and, once it is on an invoice, its line. */
export interface StoredItem {
  id: string;
  lineId: string | null;
  invoice: string | null;
  customer: string;
  currency: string;
  amount: number;
  quantityDecimal: string;
  unitAmountDecimal: string;
  price: string;
  product: string;
  description: string | null;
  discountable: boolean;
  metadata: Metadata;
  period: { start: number; end: number };
  date: number;
}

export interface StoredEvent {
  id: string;
  type: string;
  created: number;
  request: { id: string | null; idempotency_key: string | null };
  data: { object: unknown; previous_attributes?: Record<string, unknown> };
  attempts: number;
  isDelivered: boolean;
}

/** The answer remembered for an idempotency key. */
export interface StoredReply {
  id: string;
  endpoint: string;
  parameters: string;
  status: number;
  body: string;
  requestId: string;
  storedMs: number;
}

interface Tables {
  customers: StoredCustomer;
  invoices: StoredInvoice;
  items: StoredItem;
  events: StoredEvent;
  replies: StoredReply;
}
type TableName = keyof Tables;
type Change = [table: TableName, id: string, value: Tables[TableName] | null];

const TABLE_NAMES: readonly TableName[] = ["customers", "invoices", "items", "events", "replies"];

/**
 * All objects, changed in transactions: changes are seen at once, kept by {@link Store.commit} and undone by
 * {@link Store.rollback}.
 *
 * With a path, each commit appends one line of JSON to that file before it returns; the file is read, and rewritten
 * without what was overwritten, when the store opens. A last line cut short by a crash counts as never committed.
 */
export class Store {
  readonly #tables: { [T in TableName]: Map<string, Tables[T]> } = {
    customers: new Map(),
    invoices: new Map(),
    items: new Map(),
    events: new Map(),
    replies: new Map(),
  };
  #changes: Change[] = [];
  #undo: Change[] = [];
  #journal: number | undefined;

  constructor(path?: string) {
    if (path === undefined) {
      return;
    }
    if (existsSync(path)) {
      this.#load(readFileSync(path, "utf8"));
    }
    const rows = TABLE_NAMES.flatMap((table) =>
      [...this.#tables[table]].map(([id, value]) => `${JSON.stringify([[table, id, value]])}\n`),
    );
    writeFileSync(`${path}.new`, rows.join(""));
    renameSync(`${path}.new`, path);
    this.#journal = openSync(path, "a");
  }

  /** A copy of the row, free to change and put back. */
  get<T extends TableName>(table: T, id: string): Tables[T] | undefined {
    const row = this.#tables[table].get(id);
    return row === undefined ? undefined : structuredClone(row);
  }

  /** All rows, newest first; to be read only. */
  list<T extends TableName>(table: T): Readonly<Tables[T]>[] {
    return [...this.#tables[table].values()].toReversed();
  }

  put<T extends TableName>(table: T, row: Tables[T]): void {
    this.#change([table, row.id, structuredClone(row)]);
  }

  delete(table: TableName, id: string): void {
    this.#change([table, id, null]);
  }

  /** Deletes all rows, at once. */
  clear(): void {
    for (const table of TABLE_NAMES) {
      for (const id of this.#tables[table].keys()) {
        this.delete(table, id);
      }
    }
    this.commit();
  }

  commit(): void {
    if (this.#journal !== undefined && this.#changes.length > 0) {
      writeSync(this.#journal, `${JSON.stringify(this.#changes)}\n`);
    }
    this.#changes = [];
    this.#undo = [];
  }

  rollback(): void {
    for (const change of this.#undo.toReversed()) {
      this.#apply(change);
    }
    this.#changes = [];
    this.#undo = [];
  }

  close(): void {
    if (this.#journal !== undefined) {
      closeSync(this.#journal);
      this.#journal = undefined;
    }
  }

  #change(change: Change): void {
    const [table, id] = change;
    this.#undo.push([table, id, this.#tables[table].get(id) ?? null]);
    this.#changes.push(change);
    this.#apply(change);
  }

  #apply([table, id, value]: Change): void {
    const rows = this.#tables[table] as Map<string, Tables[TableName]>;
    if (value === null) {
      rows.delete(id);
    } else {
      rows.set(id, value);
    }
  }

  #load(text: string): void {
    const lines = text.split("\n");
    // A complete file ends with a newline, so what follows the last one is empty or torn.
    for (const line of lines.slice(0, -1)) {
      for (const change of JSON.parse(line) as Change[]) {
        this.#apply(change);
      }
    }
  }
}
