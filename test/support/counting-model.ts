import { MAX_COUNTED } from "../../src/domain/event.ts";
import type { Aggregation } from "../../src/domain/meter.ts";
import { DAY_MS, HOUR_MS } from "../../src/domain/window.ts";

/** One event as it counts. */
export interface Increment {
  customerId: string;
  metric: string;
  aggregation: Aggregation;
  region: string | undefined;
  units: bigint;
  timeMs: number;
}

/** What one id stands for; null is a row that was refused by itself. */
export interface Group {
  id: string;
  content: string;
  /** The times it carries; null when it left any of them to the receipt. */
  carried: string | null;
  arrivedMs: number;
  increments: (Increment | null)[];
}

/** Recorded, duplicate, conflict, overflow, refused before. */
export type Letter = "r" | "d" | "c" | "o" | "x";

interface State {
  value: bigint;
  atMs: number | null;
}

/** A customer-hour: its counters, what a flush has saved of them, and what it saved in earlier lives of Redis. */
interface Bucket {
  customerId: string;
  current: Map<string, State>;
  flushed: Map<string, State>;
  earlier: Map<string, State>[];
}

interface Remembered {
  content: string;
  letters: Letter[];
  untilMs: number;
}

const REMEMBERED_MS = 51 * HOUR_MS;

/** What the counters must hold, in the plainest way: a map of counters and a map of ids. */
export class CountingModel {
  readonly #buckets = new Map<string, Bucket>();
  #ids = new Map<string, Remembered>();
  #counted = new Map<string, Group[]>();
  /** Groups counted a second time, rightly: days later, and without a time of their own. */
  countedAgain = 0;

  /** Counts groups at a moment; answers one letter per increment. */
  apply(groups: readonly Group[], nowMs: number): Letter[] {
    return groups.flatMap((group) => this.#applyGroup(group, nowMs));
  }

  /** The ledger now has all there is. */
  flush(): void {
    for (const bucket of this.#buckets.values()) {
      bucket.flushed = new Map(bucket.current);
    }
  }

  /** Redis loses everything: ids, and what no flush has saved. */
  empty(): void {
    this.#ids = new Map();
    this.#counted = new Map();
    for (const bucket of this.#buckets.values()) {
      bucket.earlier.push(bucket.flushed);
      bucket.current = new Map();
      bucket.flushed = new Map();
    }
  }

  /** Every series of every hour: its name → value, and time for `last`. */
  series(): Map<string, string> {
    const all = new Map<string, string>();
    for (const { current, earlier } of this.#buckets.values()) {
      for (const [name, { value, atMs }] of mergeAll([...earlier, current])) {
        all.set(name, `${value}@${atMs}`);
      }
    }
    return all;
  }

  /** A customer's total of each metric that it has used. */
  totals(customerId: string): Map<string, bigint> {
    const byMetric = new Map<string, State>();
    for (const bucket of this.#buckets.values()) {
      for (const [name, state] of bucket.customerId === customerId
        ? mergeAll([...bucket.earlier, bucket.current])
        : []) {
        const [, , metric, aggregation] = JSON.parse(name) as [string, number, string, Aggregation];
        byMetric.set(metric, combine(aggregation, byMetric.get(metric), state));
      }
    }
    return new Map([...byMetric].map(([metric, { value }]) => [metric, value]));
  }

  #applyGroup(group: Group, nowMs: number): Letter[] {
    const known = this.#ids.get(group.id);
    if (known !== undefined && known.untilMs > nowMs) {
      return known.content === group.content
        ? known.letters.map((letter) => (letter === "r" ? "d" : letter))
        : group.increments.map(() => "c");
    }
    const letters = group.increments.map((increment) => (increment === null ? "x" : this.#count(increment)));
    if (letters.includes("r")) {
      this.#audit(group);
      this.#ids.set(group.id, { content: group.content, letters, untilMs: nowMs + REMEMBERED_MS });
    }
    return letters;
  }

  /** G1: counted again at most when neither its times nor a day tell that it is a repeat. */
  #audit(group: Group): void {
    const before = this.#counted.get(group.id) ?? [];
    this.countedAgain += before.length > 0 ? 1 : 0;
    for (const earlier of before) {
      const isSame = earlier.content === group.content;
      if (isSame && group.carried !== null && group.carried === earlier.carried) {
        throw new Error(`counted twice though it carries its time: ${group.id}`);
      }
      if (Math.abs(group.arrivedMs - earlier.arrivedMs) <= DAY_MS) {
        throw new Error(`counted twice within a day: ${group.id}`);
      }
    }
    this.#counted.set(group.id, [...before, group]);
  }

  #count(increment: Increment): Letter {
    const { customerId, metric, aggregation, region, units, timeMs } = increment;
    const hour = Math.floor(timeMs / HOUR_MS);
    const bucket = this.#bucket(customerId, hour);
    const name = seriesName(customerId, hour, metric, aggregation, region);
    const added = { value: units, atMs: aggregation === "last" ? timeMs : null };
    const next = combine(aggregation, bucket.current.get(name), added);
    if (next.value > MAX_COUNTED || next.value < -MAX_COUNTED) {
      return "o";
    }
    bucket.current.set(name, next);
    return "r";
  }

  #bucket(customerId: string, hour: number): Bucket {
    const name = JSON.stringify([customerId, hour]);
    const bucket = this.#buckets.get(name) ?? {
      customerId,
      current: new Map<string, State>(),
      flushed: new Map<string, State>(),
      earlier: [],
    };
    this.#buckets.set(name, bucket);
    return bucket;
  }
}

/** Names a series of a customer and hour since the epoch. */
export function seriesName(
  customerId: string,
  hour: number,
  metric: string,
  aggregation: Aggregation,
  region: string | undefined,
): string {
  return JSON.stringify([customerId, hour, metric, aggregation, region ?? null]);
}

/** Adds a state to what there is, as the aggregation has it. */
export function combine(aggregation: Aggregation, held: State | undefined, added: State): State {
  if (held === undefined) {
    return added;
  }
  switch (aggregation) {
    case "sum":
    case "count":
      return { value: held.value + added.value, atMs: null };
    case "max":
      return added.value > held.value ? added : held;
    case "min":
      return added.value < held.value ? added : held;
    case "last": {
      const laterMs = (added.atMs ?? 0) - (held.atMs ?? 0);
      return laterMs > 0 || (laterMs === 0 && added.value > held.value) ? added : held;
    }
  }
}

function mergeAll(lives: readonly Map<string, State>[]): Map<string, State> {
  const merged = new Map<string, State>();
  for (const [name, state] of lives.flatMap((life) => [...life])) {
    const [, , , aggregation] = JSON.parse(name) as [string, number, string, Aggregation];
    merged.set(name, combine(aggregation, merged.get(name), state));
  }
  return merged;
}
