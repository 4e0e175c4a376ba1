import type { FlushStores } from "../../../src/flush/flush-stores.ts";

/**
 * Usage of a schedule: each event has a bit of its own, and counts 2^bit. A sum then tells which events are in it, and one
 * that is counted twice shows.
 */
export interface HourState {
  customerId: string;
  hourMs: number;
  epoch: string;
  version: bigint;
  bits: bigint;
}

/** Counters and ledger, in memory or real, as far as flushing knows them. */
export interface FlushWorld {
  stores: FlushStores;
  /** Adds an event to its bucket, at once. */
  record: (event: {
    customerId: string;
    hourMs: number;
    bit: number;
    nowMs: number;
    epoch: string;
  }) => Promise<void>;
  /** The customer's buckets that may not be in the ledger yet. */
  readLive: (customerId: string, hoursMs: readonly number[]) => Promise<HourState[]>;
  /** All buckets that Redis has. */
  buckets: () => Promise<HourState[]>;
  /** True when any bucket is dirty or in flight. */
  hasWork: () => Promise<boolean>;
  /** All hours that the ledger has. */
  ledger: () => Promise<HourState[]>;
  /** Undefined before a life of Redis has a name. */
  copy: () => Promise<unknown>;
  /** Puts an older copy in place of Redis. */
  restore: (copy: unknown) => Promise<void>;
  empty: () => Promise<void>;
}
