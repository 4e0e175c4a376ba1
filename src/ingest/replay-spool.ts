import { recordGroups, type RecordStatus } from "../counters/record.ts";
import { RedisError, type RedisClient } from "../counters/redis.ts";
import { DAY_MS } from "../domain/window.ts";
import type { Database } from "../ledger/database.ts";
import {
  countExpiredSpooled,
  deleteSpooled,
  markUnreplayed,
  pendingSpooled,
  type SpooledBatch,
} from "../ledger/spool.ts";
import type { Log } from "../log.ts";
import type { SpoolMemory } from "./apply-or-spool.ts";

/** How long after its receipt a batch is replayed: later its ids may be forgotten. */
const REPLAY_FOR_MS = DAY_MS;
/** Most measurements read, and counted in one call, at a time: a page fits an isolate many times over. */
const PAGE_MEASUREMENTS = 1000;
/** Most pages of one run. */
const MAX_PAGES = 300;

export interface ReplayDeps {
  redis: RedisClient;
  database: Database;
  randomId: () => string;
  spoolMemory: SpoolMemory;
  log: Log;
}

export interface ReplayReport {
  replayed: number;
  /**
   * Batches that Redis answered with an error, or that hold a row which a repeat was refused meanwhile though it was
   * promised to be counted: they are tried again, after all others, and expire at last.
   */
  failed: number;
  /** Measurements of the replayed batches by what became of them. */
  outcomes: Partial<Record<RecordStatus, number>>;
  /** Batches too old to be replayed, which wait for an operator. */
  expired: number;
}

/**
 * Counts what was spooled, under the ids and with the lateness of its receipt. May run twice at once.
 *
 * Goes on page by page until the spool is empty or Redis does not answer; a batch that cannot be counted holds up no
 * other.
 */
export async function replaySpool(deps: ReplayDeps, nowMs: number): Promise<ReplayReport> {
  const sinceMs = nowMs - REPLAY_FOR_MS;
  const report: ReplayReport = { replayed: 0, failed: 0, outcomes: {}, expired: 0 };
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const batches = await pendingSpooled(deps.database, sinceMs, nowMs, PAGE_MEASUREMENTS);
    if (batches.length === 0) {
      deps.spoolMemory.mayHold = report.failed > 0;
      break;
    }
    if (!(await replayPage(deps, batches, nowMs, report))) {
      break;
    }
  }
  report.expired = await countExpiredSpooled(deps.database, sinceMs);
  return report;
}

/** What became of a page's batches: which are done with, and which have to wait. */
interface Counted {
  done: string[];
  waiting: string[];
}

/** Counts a page in one call, or batch by batch when Redis refuses it whole; false when Redis does not answer. */
async function replayPage(
  deps: ReplayDeps,
  batches: readonly SpooledBatch[],
  nowMs: number,
  report: ReplayReport,
): Promise<boolean> {
  const whole = await count(deps, batches, nowMs, report);
  if (whole !== "refused" || batches.length === 1) {
    return settle(deps, whole === "refused" ? refusedAll(batches) : whole, nowMs, report);
  }
  for (const batch of batches) {
    const alone = await count(deps, [batch], nowMs, report);
    if (!(await settle(deps, alone === "refused" ? refusedAll([batch]) : alone, nowMs, report))) {
      return false;
    }
  }
  return true;
}

async function count(
  deps: ReplayDeps,
  batches: readonly SpooledBatch[],
  nowMs: number,
  report: ReplayReport,
): Promise<Counted | "refused" | "unanswered"> {
  const groups = batches.flatMap((batch) => batch.groups);
  try {
    const statuses = await recordGroups(deps.redis, groups, nowMs, deps.randomId());
    for (const status of statuses) {
      report.outcomes[status] = (report.outcomes[status] ?? 0) + 1;
    }
    return sortOut(batches, statuses);
  } catch (error) {
    if (error instanceof RedisError && error.isUnanswered) {
      return "unanswered";
    }
    deps.log({ level: "error", event: "spooled_batch_refused", error });
    return "refused";
  }
}

/** A row that stood at its receipt and is refused now was promised, and is owed: its batch is not done with. */
function sortOut(batches: readonly SpooledBatch[], statuses: readonly RecordStatus[]): Counted {
  const counted: Counted = { done: [], waiting: [] };
  let position = 0;
  for (const { spoolId, groups } of batches) {
    let isOwed = false;
    for (const measurement of groups.flatMap(({ measurements }) => measurements)) {
      isOwed ||= measurement !== null && statuses[position] === "refused_before";
      position += 1;
    }
    (isOwed ? counted.waiting : counted.done).push(spoolId);
  }
  return counted;
}

function refusedAll(batches: readonly SpooledBatch[]): Counted {
  return { done: [], waiting: batches.map(({ spoolId }) => spoolId) };
}

async function settle(
  deps: ReplayDeps,
  counted: Counted | "unanswered",
  nowMs: number,
  report: ReplayReport,
): Promise<boolean> {
  if (counted === "unanswered") {
    return false;
  }
  const { done, waiting } = counted;
  if (done.length > 0) {
    await deleteSpooled(deps.database, done);
    report.replayed += done.length;
  }
  if (waiting.length > 0) {
    await markUnreplayed(deps.database, waiting, nowMs);
    report.failed += waiting.length;
  }
  return true;
}
