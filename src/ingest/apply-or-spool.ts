import { recordGroups, type RecordStatus } from "../counters/record.ts";
import type { IdentifiedGroup } from "../domain/identified-group.ts";
import { RedisError, type RedisClient } from "../counters/redis.ts";
import { LedgerError, LedgerUnreachable, type Database } from "../ledger/database.ts";
import { insertSpooled } from "../ledger/spool.ts";

/** No store can take events now; the client may send them again under the same ids. */
export class NoStore extends Error {
  override readonly name = "NoStore";
}

/** Attempts at each store; both may be repeated, since the ids are fixed. */
const ATTEMPTS = 2;

export interface ApplyDeps {
  redis: RedisClient;
  database: Database;
  /** Fresh randomness with each call. */
  randomId: () => string;
  /** What this isolate knows of the spool: plain data that requests may share. */
  spoolMemory: SpoolMemory;
}

export interface SpoolMemory {
  /** True from the first batch this isolate has spooled until a replay has found the spool empty. */
  mayHold: boolean;
}

/**
 * Counts groups, or keeps them for the minute cron when the counters do not answer.
 *
 * An attempt whose answer is lost may have counted them: repeating, spooling and replaying are harmless under their ids.
 * A repeat of ours may therefore be told `duplicate` of what its first attempt has counted. Throws when neither store
 * answers.
 */
export async function applyOrSpool(
  deps: ApplyDeps,
  groups: readonly IdentifiedGroup[],
  receivedAtMs: number,
): Promise<RecordStatus[] | "spooled"> {
  // Each attempt has an epoch of its own: a late one may meet a Redis that has lost the bucket of the first.
  const counted = await attempt(() => recordGroups(deps.redis, groups, receivedAtMs, deps.randomId()));
  if (counted.isDone) {
    return counted.value;
  }
  if (!(counted.error instanceof RedisError)) {
    throw counted.error;
  }
  const entry = { spoolId: deps.randomId(), receivedAtMs, groups };
  const kept = await attempt(() => insertSpooled(deps.database, entry));
  if (!kept.isDone) {
    throw new NoStore("neither Redis nor Postgres takes the events", { cause: kept.error });
  }
  deps.spoolMemory.mayHold = true;
  return "spooled";
}

/** Not after a timeout: waiting twice would outlast the client. */
function isWorthRepeating(error: unknown): boolean {
  if (error instanceof RedisError) {
    return error.code !== "TIMEOUT";
  }
  return error instanceof LedgerError || (error instanceof LedgerUnreachable && !error.isTimeout);
}

type Attempted<Value> = { isDone: true; value: Value } | { isDone: false; error: unknown };

/** The one place that decides about repeating a call on the path of an event. */
async function attempt<Value>(call: () => Promise<Value>): Promise<Attempted<Value>> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return { isDone: true, value: await call() };
    } catch (error) {
      if (attempts >= ATTEMPTS || !isWorthRepeating(error)) {
        return { isDone: false, error };
      }
    }
  }
}
