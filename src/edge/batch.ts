import { MergedRow, type PlacedIncrement, type UsageRow } from "./usage-row.ts";

/** Merged usage under one id, as it is sent: frozen, so that every attempt sends the same. */
export interface UsageBatch {
  batch: string;
  usage: readonly UsageRow[];
}

/** Most rows of a batch: what the meter takes in one call. */
export const MAX_ROWS = 1000;
/** Most bytes of a batch, well below what the meter takes. */
const MAX_BYTES = 900_000;
/** Bytes of a row beside its names, at most. */
const ROW_BYTES = 400;
const BYTES_PER_CHARACTER = 3;

/** A batch while it is filled and sent: plain data that the requests of an isolate share. */
export class OpenBatch {
  readonly #rows = new Map<string, MergedRow>();
  #bytes = 0;
  readonly #id: string;
  #document: UsageBatch | undefined;
  /** When it is sent if it is not full before, epoch ms. */
  readonly dueMs: number;
  /** Requests that stay until it is settled. */
  fallbacks = 0;
  /** Until when another request leaves it to the one that sends it, epoch ms. */
  takenUntilMs = 0;
  /** True once an attempt was made whose outcome is not known. */
  maybeApplied = false;
  isSettled = false;
  /** Wakes requests that wait for it, each beside a timer of its own; one that waits no more takes itself out. */
  readonly waiting = new Set<() => void>();

  constructor(id: string, dueMs: number) {
    this.#id = id;
    this.dueMs = dueMs;
  }

  get rows(): number {
    return this.#rows.size;
  }

  get isFull(): boolean {
    return this.#rows.size >= MAX_ROWS || this.#bytes >= MAX_BYTES;
  }

  /** True when this increment needs no row of its own. */
  has(increment: PlacedIncrement): boolean {
    return this.#rows.has(increment.rowName);
  }

  add(increment: PlacedIncrement): void {
    const row = this.#rows.get(increment.rowName);
    if (row === undefined) {
      this.#rows.set(increment.rowName, new MergedRow(increment));
      this.#bytes += ROW_BYTES + BYTES_PER_CHARACTER * increment.rowName.length;
    } else {
      row.add(increment);
    }
  }

  /** What is sent; made with the first call, and the same from then on. */
  freeze(): UsageBatch {
    this.#document ??= { batch: this.#id, usage: Array.from(this.#rows.values(), (row) => row.print()) };
    return this.#document;
  }

  settle(): void {
    this.isSettled = true;
    for (const wake of this.waiting) {
      wake();
    }
  }
}
