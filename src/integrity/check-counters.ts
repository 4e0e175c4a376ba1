import type { BucketName } from "../counters/keys.ts";
import type { RedisClient } from "../counters/redis.ts";
import { MAX_SETTLED_BUCKETS, readSettled } from "../counters/settled.ts";
import { DAY_MS, HOUR_MS, isoTime } from "../domain/window.ts";
import { compareBuckets, heldHours, type BucketComparison, type HeldHour } from "../ledger/counter-check.ts";
import type { Database } from "../ledger/database.ts";
import { openFindings, settleFindings, type Finding } from "../ledger/integrity-findings.ts";

/** Hours flushed within this are looked at. */
const FLUSHED_WITHIN_MS = 26 * HOUR_MS;
/** Older hours have no bucket any more. */
const BUCKETS_LIVE_MS = 8 * DAY_MS;
/** Most known findings that a run looks at again; the rest of its buckets are a sample. */
const MAX_OPEN = 100;

export interface CountersReport {
  /** Buckets that could be compared. */
  checked: number;
  /** Buckets that were waiting to be flushed, or were flushed meanwhile: not compared. */
  moving: number;
  drifted: number;
}

/**
 * Compares a sample of what is flushed with the counters it came from and keeps where they do not agree. Changes nothing
 * else.
 *
 * Ledger, counters, ledger: a settled bucket's version is no lower than what the ledger held before, and no higher than
 * what it holds after.
 */
export async function checkCounters(
  redis: RedisClient,
  database: Database,
  nowMs: number,
): Promise<CountersReport> {
  const open = await openFindings(database, "counters", MAX_OPEN);
  const range = { fromMs: nowMs - BUCKETS_LIVE_MS, flushedSinceMs: nowMs - FLUSHED_WITHIN_MS };
  const sample = MAX_SETTLED_BUCKETS - open.size;
  const seed = Math.floor(nowMs / HOUR_MS);
  const before = await heldHours(database, range, seed, sample, [...open].map(readSubject));
  const { settled, gone, waiting } = await readSettled(redis, before);
  const compared = settled.length === 0 ? [] : await compareBuckets(database, settled);
  const report: CountersReport = { checked: 0, moving: waiting, drifted: 0 };
  const drifted: Finding[] = [];
  const agreed = gone.map(subjectOf);
  const held = new Map(before.map((hour) => [subjectOf(hour), hour]));
  for (const comparison of compared) {
    const subject = subjectOf(comparison.bucket);
    const verdict = judge(comparison, held.get(subject));
    if (verdict === "moving") {
      report.moving += 1;
      continue;
    }
    report.checked += 1;
    if (verdict === "drifted") {
      drifted.push({ subject, detail: detailOf(comparison) });
    } else {
      agreed.push(subject);
    }
  }
  report.drifted = drifted.length;
  await settleFindings(
    database,
    "counters",
    { drifted, agreed: agreed.filter((subject) => open.has(subject)) },
    nowMs,
  );
  return report;
}

function judge(
  { bucket, version, differing }: BucketComparison,
  before: HeldHour | undefined,
): "agreed" | "drifted" | "moving" {
  if (bucket.version < (before?.versions.get(bucket.epoch) ?? 0n)) {
    return "drifted";
  }
  if (version === undefined) {
    // Begun anew by a fence, and nothing counted since.
    return bucket.series.length === 0 ? "agreed" : "drifted";
  }
  if (version > bucket.version) {
    return "moving";
  }
  return version < bucket.version || differing > 0 ? "drifted" : "agreed";
}

function detailOf({ bucket, version, differing, series }: BucketComparison): Finding["detail"] {
  return {
    customerId: bucket.customerId,
    hour: isoTime(bucket.hourMs),
    epoch: bucket.epoch,
    counterVersion: bucket.version.toString(),
    ledgerVersion: version?.toString() ?? null,
    differing,
    series,
  };
}

function subjectOf({ customerId, hourMs }: BucketName): string {
  return JSON.stringify([customerId, isoTime(hourMs)]);
}

function readSubject(subject: string): BucketName {
  const [customerId, hour] = JSON.parse(subject) as [string, string];
  return { customerId, hourMs: Date.parse(hour) };
}
