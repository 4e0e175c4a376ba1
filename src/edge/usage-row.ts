import { printQuantity, readQuantity, type ExactQuantity, type Quantity } from "./quantity.ts";

/** Dimension values of a metered request. Each combination is a series of its own: nothing that differs by request. */
export type Metadata = Record<string, string | number | boolean>;

/** What one request counts. */
export interface Increment {
  customerId: string;
  metricName: string;
  metadata?: Metadata | undefined;
  value: Quantity;
  /** Epoch ms. */
  atMs: number;
}

/** Merged usage of one customer, hour and series, as `POST /v1/events` takes it in a batch. */
export interface UsageRow {
  customerId: string;
  metricName: string;
  /** Start of the UTC hour, ISO 8601. */
  hour: string;
  metadata?: Metadata;
  count: number;
  sum: number | string;
  min: number | string;
  max: number | string;
  last: number | string;
  lastAt: string;
}

const HOUR_MS = 3_600_000;
const MAX_TIME_MS = 8.64e15;
/** Longest row name: what the meter would refuse for its size must not take a batch with it. */
const MAX_NAME_LENGTH = 8192;
/** Whole digits that no meter refuses, whatever its scale. */
const SAFE_DIGITS = 6;

/** An increment that is read and has its place. */
export interface PlacedIncrement extends Omit<Increment, "value"> {
  value: ExactQuantity;
  /** Names the row it is merged into. */
  rowName: string;
}

/**
 * Finds the row of an increment; throws a RangeError on what cannot be counted.
 *
 * Rows are apart by customer, hour and series, and by what a meter may refuse (sign, decimals, magnitude): a value that
 * is refused takes none with it that is not like it.
 */
export function placeIncrement(increment: Increment): PlacedIncrement {
  const { customerId, metricName, metadata, atMs } = increment;
  const value = readQuantity(increment.value);
  if (!(atMs >= 0 && atMs <= MAX_TIME_MS)) {
    throw new RangeError("now: must be in epoch ms");
  }
  const hour = Math.floor(atMs / HOUR_MS);
  const plain = plainMetadata(metadata);
  const rowName = JSON.stringify([customerId, metricName, hour, likeness(value), plain]);
  if (rowName.length > MAX_NAME_LENGTH) {
    throw new RangeError("customer and metadata are too long");
  }
  return { ...increment, metadata: plain, value, rowName };
}

function likeness({ coefficient, decimals }: ExactQuantity): string {
  const digits = coefficient.toString();
  const whole = Math.max(SAFE_DIGITS, digits.length - decimals);
  return `${coefficient < 0n ? "-" : ""}${whole}.${decimals}`;
}

/** A copy, its names in order; what is nothing is left out, what no dimension can be is refused before others wait with it. */
function plainMetadata(metadata: Metadata | undefined): Metadata | undefined {
  if (metadata === undefined) {
    return undefined;
  }
  const plain: Metadata = {};
  for (const name of Object.keys(metadata).toSorted()) {
    const value = metadata[name];
    if (value !== undefined && value !== null) {
      if (!["string", "number", "boolean"].includes(typeof value)) {
        throw new RangeError(`metadata.${name}: no dimension`);
      }
      plain[name] = value;
    }
  }
  return plain;
}

/** Merges increments of one row, exactly. */
export class MergedRow {
  readonly #first: PlacedIncrement;
  #count = 0;
  #sum = 0n;
  #min: bigint;
  #max: bigint;
  #last: bigint;
  #lastAtMs: number;

  constructor(first: PlacedIncrement) {
    const { coefficient } = first.value;
    this.#first = first;
    this.#min = coefficient;
    this.#max = coefficient;
    this.#last = coefficient;
    this.#lastAtMs = first.atMs;
    this.add(first);
  }

  /** Of two increments at one moment the greater is the last, as in the meter. */
  add({ value: { coefficient }, atMs }: PlacedIncrement): void {
    this.#count += 1;
    this.#sum += coefficient;
    if (coefficient < this.#min) {
      this.#min = coefficient;
    }
    if (coefficient > this.#max) {
      this.#max = coefficient;
    }
    if (atMs > this.#lastAtMs || (atMs === this.#lastAtMs && coefficient > this.#last)) {
      this.#last = coefficient;
      this.#lastAtMs = atMs;
    }
  }

  print(): UsageRow {
    const { customerId, metricName, metadata, atMs, value } = this.#first;
    const print = (coefficient: bigint): number | string =>
      printQuantity({ coefficient, decimals: value.decimals });
    return {
      customerId,
      metricName,
      hour: new Date(Math.floor(atMs / HOUR_MS) * HOUR_MS).toISOString(),
      ...(metadata !== undefined && { metadata }),
      count: this.#count,
      sum: print(this.#sum),
      min: print(this.#min),
      max: print(this.#max),
      last: print(this.#last),
      lastAt: new Date(this.#lastAtMs).toISOString(),
    };
  }
}
