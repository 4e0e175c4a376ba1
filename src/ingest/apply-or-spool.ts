import { recordGroups, type RecordStatus } from "../counters/record.ts";
import type { IdentifiedGroup } from "../domain/identified-group.ts";
import { RedisError, type RedisClient } from "../counters/redis.ts";
import { markSpooled } from "../counters/spool-mark.ts";
import { LedgerUnreachable, type Database } from "../ledger/database.ts";
import { insertSpooled } from "../ledger/spool.ts";

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
  const epoch = deps.randomId();
  const answered = await attempt(RedisError, () => recordGroups(deps.redis, groups, receivedAtMs, epoch));
  if (answered.isDone) {
    return answered.value;
  }
  const entry = { spoolId: deps.randomId(), receivedAtMs, groups };
  const [kept] = await Promise.all([
    attempt(LedgerUnreachable, () => insertSpooled(deps.database, entry)),
    // Best effort: a tick that has anything to flush, and the hourly run, look into the spool without it.
    markSpooled(deps.redis).catch(() => undefined),
  ]);
  if (!kept.isDone) {
    throw kept.error;
  }
  deps.spoolMemory.mayHold = true;
  return "spooled";
}

type Attempted<Value> = { isDone: true; value: Value } | { isDone: false; error: Error };

/** The one place that decides about repeating a call on the path of an event. */
async function attempt<Value>(
  failure: new (...args: never[]) => Error,
  call: () => Promise<Value>,
): Promise<Attempted<Value>> {
  let error = new Error("not attempted");
  for (let attempts = 0; attempts < ATTEMPTS; attempts += 1) {
    try {
      return { isDone: true, value: await call() };
    } catch (thrown) {
      if (!(thrown instanceof failure)) {
        throw thrown;
      }
      error = thrown;
    }
  }
  return { isDone: false, error };
}
