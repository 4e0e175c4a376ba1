import { SHARDS } from "../../../src/counters/keys.ts";
import type { Bucket } from "../../../src/domain/bucket.ts";
import { callsSeries, CALLS_FIELD } from "../measurement.ts";
import type { HourState } from "./flush-world.ts";

/** A bucket as the counters hold it. */
export interface CounterBucket extends HourState {
  isDirty: boolean;
  fence: string | undefined;
}

interface Meta {
  born: string | undefined;
  number: number;
  fence: string | undefined;
  fences: number;
  recent: { number: number; claimId: string }[];
}

/** All that Redis holds of usage. */
export interface RedisState {
  buckets: Map<string, CounterBucket>;
  dirty: Map<string, number>;
  inflight: Map<string, { claimId: string; takenMs: number }>;
  metas: Meta[];
  /** Steps done by each pass of a fence. */
  passes: Map<string, number>;
}

/** Redis without a past. */
export function fresh(): RedisState {
  return {
    buckets: new Map(),
    dirty: new Map(),
    inflight: new Map(),
    passes: new Map(),
    metas: Array.from({ length: SHARDS }, () => ({
      born: undefined,
      number: 0,
      fence: undefined,
      fences: 0,
      recent: [],
    })),
  };
}

/** A bucket as a claim answers it. */
export function asClaimed(key: string, { customerId, hourMs, epoch, version, bits }: CounterBucket): Bucket {
  // A bucket begun anew holds no series until something is counted.
  const series =
    bits === 0n ? [] : [{ text: CALLS_FIELD, series: callsSeries, state: { value: bits, atMs: null } }];
  return { key, customerId, hourMs, epoch, version, series };
}
