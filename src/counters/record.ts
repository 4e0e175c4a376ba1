import type { Measurement } from "../domain/event.ts";
import type { IdentifiedGroup } from "../domain/identified-group.ts";
import { invariant } from "../domain/invariant.ts";
import { formatSeries } from "../domain/series.ts";
import { hourStart, MINUTE_MS } from "../domain/window.ts";
import type { Aggregation } from "../domain/meter.ts";
import { BUCKET_TTL_MS, bucketKey, dirtyKey, ID_TTL_SECONDS, idKey, shardOf } from "./keys.ts";
import recordSource from "./record.lua";
import type { RedisClient } from "./redis.ts";
import { Script } from "./script.ts";

/** Most series of one customer and hour. */
export const MAX_SERIES = 1000;

/** `refused_before`: refused under this id before, or not even measured now. */
export type RecordStatus =
  | "recorded"
  | "duplicate"
  | "conflict"
  | "counter_overflow"
  | "too_many_series"
  | "refused_before";

const STATUS_OF_LETTER: Record<string, RecordStatus> = {
  r: "recorded",
  d: "duplicate",
  c: "conflict",
  o: "counter_overflow",
  s: "too_many_series",
  x: "refused_before",
};

const OPERATION_OF: Record<Aggregation, string> = { sum: "+", count: "+", max: ">", min: "<", last: "@" };

const recordScript = new Script(recordSource);

interface BucketPlan {
  key: string;
  shard: number;
  expiresAtMs: number;
  /** Series text → its number in the call, from 1. */
  series: Map<string, number>;
  operations: string[];
}

/**
 * Records groups in one script call, whatever the number of customers, hours and series in it.
 *
 * Answers one status per measurement, in order. Safe to repeat with the same groups. `epoch` is fresh randomness for
 * the buckets that this call creates.
 */
export async function recordGroups(
  redis: RedisClient,
  groups: readonly IdentifiedGroup[],
  nowMs: number,
  epoch: string,
): Promise<RecordStatus[]> {
  const { keys, args } = recordCall(groups, nowMs, epoch);
  const letters = await redis.run(recordScript, keys, args);
  invariant(typeof letters === "string", "the record script answers letters");
  return Array.from(letters, (letter) => {
    const status = STATUS_OF_LETTER[letter];
    invariant(status !== undefined, `letter of the record script: ${letter}`);
    return status;
  });
}

function recordCall(
  groups: readonly IdentifiedGroup[],
  nowMs: number,
  epoch: string,
): { keys: string[]; args: string[] } {
  const buckets = new Map<string, BucketPlan>();
  const bucketNumbers = new Map<string, number>();
  const groupArgs: string[] = [];
  for (const group of groups) {
    groupArgs.push(group.fingerprint, String(group.measurements.length));
    for (const measurement of group.measurements) {
      if (measurement === null) {
        groupArgs.push("0", "0", "0", "0");
        continue;
      }
      const plan = planBucket(buckets, bucketNumbers, measurement, nowMs);
      const text = formatSeries(measurement.series);
      let number = plan.series.get(text);
      if (number === undefined) {
        number = plan.series.size + 1;
        plan.series.set(text, number);
        plan.operations.push(OPERATION_OF[measurement.series.aggregation]);
      }
      const bucketNumber = bucketNumbers.get(plan.key) ?? 0;
      groupArgs.push(
        String(bucketNumber),
        String(number),
        String(measurement.value),
        String(measurement.timeMs),
      );
    }
  }
  const shards = [...new Set([...buckets.values()].map(({ shard }) => shard))];
  const header = [
    epoch,
    Math.floor(nowMs / MINUTE_MS),
    ID_TTL_SECONDS,
    MAX_SERIES,
    buckets.size,
    shards.length,
  ];
  return {
    keys: [...buckets.keys(), ...shards.map(dirtyKey), ...groups.map(({ idDigest }) => idKey(idDigest))],
    args: [
      ...header.map(String),
      ...[...buckets.values()].flatMap((plan) => bucketArgs(plan, shards)),
      ...groupArgs,
    ],
  };
}

function planBucket(
  buckets: Map<string, BucketPlan>,
  numbers: Map<string, number>,
  measurement: Measurement,
  nowMs: number,
): BucketPlan {
  const key = bucketKey(measurement.customerId, measurement.timeMs);
  const known = buckets.get(key);
  if (known !== undefined) {
    return known;
  }
  const expiresAtMs = Math.max(hourStart(measurement.timeMs), nowMs) + BUCKET_TTL_MS;
  const plan: BucketPlan = {
    key,
    shard: shardOf(measurement.customerId),
    expiresAtMs,
    series: new Map(),
    operations: [],
  };
  buckets.set(key, plan);
  numbers.set(key, buckets.size);
  return plan;
}

function bucketArgs(plan: BucketPlan, shards: number[]): string[] {
  const pairs = [...plan.series.keys()].flatMap((text, index) => [text, plan.operations[index] ?? ""]);
  const expiry = Math.ceil(plan.expiresAtMs / 1000);
  return [String(shards.indexOf(plan.shard) + 1), String(expiry), String(plan.series.size), ...pairs];
}
