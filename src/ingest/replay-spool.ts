import { recordGroups } from "../counters/record.ts";
import { RedisError, type RedisClient } from "../counters/redis.ts";
import { unmarkSpooled } from "../counters/spool-mark.ts";
import { DAY_MS } from "../domain/window.ts";
import type { Database } from "../ledger/database.ts";
import { countExpiredSpooled, deleteSpooled, pendingSpooled } from "../ledger/spool.ts";
import type { SpoolMemory } from "./apply-or-spool.ts";

/** How long after its receipt a batch is replayed: later its ids may be forgotten. */
const REPLAY_FOR_MS = DAY_MS;
/** Most batches of one run. */
const MAX_BATCHES = 200;

export interface ReplayDeps {
  redis: RedisClient;
  database: Database;
  randomId: () => string;
  spoolMemory: SpoolMemory;
}

export interface ReplayReport {
  replayed: number;
  /** Measurements of the replayed batches by what became of them. */
  outcomes: Record<string, number>;
  /** Batches too old to be replayed, which wait for an operator. */
  expired: number;
}

/** Counts what was spooled, under the ids and with the lateness of its receipt. May run twice at once. */
export async function replaySpool(deps: ReplayDeps, nowMs: number): Promise<ReplayReport> {
  const sinceMs = nowMs - REPLAY_FOR_MS;
  const report: ReplayReport = { replayed: 0, outcomes: {}, expired: 0 };
  const batches = await pendingSpooled(deps.database, sinceMs, MAX_BATCHES);
  const done: string[] = [];
  let isReachable = true;
  for (const { spoolId, groups } of batches) {
    try {
      for (const status of await recordGroups(deps.redis, groups, nowMs, deps.randomId())) {
        report.outcomes[status] = (report.outcomes[status] ?? 0) + 1;
      }
      done.push(spoolId);
    } catch (error) {
      if (!(error instanceof RedisError)) {
        throw error;
      }
      isReachable = false;
      break;
    }
  }
  if (done.length > 0) {
    await deleteSpooled(deps.database, done);
  }
  report.replayed = done.length;
  report.expired = await countExpiredSpooled(deps.database, sinceMs);
  if (isReachable && batches.length < MAX_BATCHES) {
    deps.spoolMemory.mayHold = false;
    await unmarkSpooled(deps.redis);
  }
  return report;
}
