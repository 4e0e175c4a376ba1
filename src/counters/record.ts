import type { Measurement } from "../domain/event.ts";
import type { IdentifiedGroup } from "../domain/identified-group.ts";
import { invariant } from "../domain/invariant.ts";
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
  /** In the call, from 1. */
  number: number;
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
  const plans = new Map<string, BucketPlan>();
  const groupArgs: string[] = [];
  for (const group of groups) {
    groupArgs.push(group.fingerprint, String(group.measurements.length));
    for (const measurement of group.measurements) {
      if (measurement === null) {
        groupArgs.push("0", "0", "0", "0");
      } else {
        const plan = planBucket(plans, measurement, nowMs);
        const { value, timeMs } = measurement;
        groupArgs.push(
          String(plan.number),
          String(planSeries(plan, measurement)),
          String(value),
          String(timeMs),
        );
      }
    }
  }
  const buckets = [...plans.values()];
  const shards = [...new Set(buckets.map(({ shard }) => shard))];
  const minute = Math.floor(nowMs / MINUTE_MS);
  const header = [minute, ID_TTL_SECONDS, MAX_SERIES, buckets.length, shards.length];
  return {
    keys: [
      ...buckets.map(({ key }) => key),
      ...shards.map(dirtyKey),
      ...groups.map(({ idDigest }) => idKey(idDigest)),
    ],
    args: [
      epoch,
      ...header.map(String),
      ...buckets.flatMap((plan) => bucketArgs(plan, shards)),
      ...groupArgs,
    ],
  };
}

/** The number of a measurement's series within its bucket. */
function planSeries(
  { series, operations }: BucketPlan,
  { seriesText, series: { aggregation } }: Measurement,
): number {
  const known = series.get(seriesText);
  if (known !== undefined) {
    return known;
  }
  operations.push(OPERATION_OF[aggregation]);
  series.set(seriesText, operations.length);
  return operations.length;
}

function planBucket(buckets: Map<string, BucketPlan>, measurement: Measurement, nowMs: number): BucketPlan {
  const hourMs = hourStart(measurement.timeMs);
  // The hour's digits end where its colon is: no two customer-hours have one name.
  const name = `${hourMs}:${measurement.customerId}`;
  const known = buckets.get(name);
  if (known !== undefined) {
    return known;
  }
  const expiresAtMs = Math.max(hourMs, nowMs) + BUCKET_TTL_MS;
  const plan: BucketPlan = {
    number: buckets.size + 1,
    key: bucketKey(measurement.customerId, hourMs),
    shard: shardOf(measurement.customerId),
    expiresAtMs,
    series: new Map(),
    operations: [],
  };
  buckets.set(name, plan);
  return plan;
}

function bucketArgs(plan: BucketPlan, shards: number[]): string[] {
  const pairs = [...plan.series.keys()].flatMap((text, index) => [text, plan.operations[index] ?? ""]);
  const expiry = Math.ceil(plan.expiresAtMs / 1000);
  return [String(shards.indexOf(plan.shard) + 1), String(expiry), String(plan.series.size), ...pairs];
}
