import { putKeyCopy, readKeyCopy, type KeyCopy } from "../counters/key-copy.ts";
import { RedisError, type RedisClient } from "../counters/redis.ts";
import type { ApiKey } from "../domain/access.ts";
import { hourStart } from "../domain/window.ts";
import { findApiKey, noteKeyUse } from "../ledger/api-keys.ts";
import { EVENT_PATH_TIMEOUT_MS, LedgerUnreachable, type Database } from "../ledger/database.ts";
import * as memories from "./key-memory.ts";

/**
 * How long Redis's copy stands without the ledger being asked again. With what an isolate holds it, a revocation is in force
 * within a minute by time alone, other machines' clocks included, whatever has become of Redis meanwhile.
 */
const COPY_FRESH_MS = 28_000;
/** Other machines' clocks may be so much ahead. */
const MAX_SKEW_MS = 2_000;
const POLL_MS = 10;
const MAX_POLLS = 500;

export interface FindKeyDeps {
  redis: RedisClient;
  database: Database;
  memory: memories.KeyMemory;
}

/** A key and, at most once in its hour, what is still to be done when the request is answered. */
export interface FoundKey {
  key: ApiKey;
  afterwards: (() => Promise<void>) | undefined;
}

/**
 * Finds a key by the SHA-256 of its text, in hex: in memory, then in Redis, then once in Postgres, and puts it back.
 *
 * A Postgres that is away stops no key that memory or Redis has, a Redis that is empty or away none that Postgres has; where
 * nobody can tell, the error of the last store is thrown. Of keys that nobody has seen before only so many are looked up.
 */
export async function findKey(
  deps: FindKeyDeps,
  sha256: string,
  nowMs: number,
): Promise<FoundKey | "unknown" | "busy"> {
  const { memory } = deps;
  let recalled = memories.recall(memory, sha256, nowMs);
  // Without a reader this goes on at once: nothing is awaited before the mark is set.
  if (recalled === undefined && memories.isBeingRead(memory, sha256, nowMs)) {
    recalled = await readByAnother(memory, sha256, nowMs);
  }
  if (recalled !== undefined) {
    return recalled === "unknown" ? recalled : { key: recalled, afterwards: undefined };
  }
  const isStrange = !memory.known.has(sha256);
  if (isStrange && !memories.takeLookUp(memory, nowMs)) {
    return "busy";
  }
  memories.noteReading(memory, sha256, nowMs);
  try {
    const found = await lookUp(deps, sha256, nowMs);
    if (found === undefined) {
      memories.holdUnknown(memory, sha256, nowMs);
      return "unknown";
    }
    memories.hold(memory, sha256, found.key, nowMs);
    if (isStrange) {
      memories.returnLookUp(memory);
    }
    return { key: found.key, afterwards: useToNote(deps, sha256, found, nowMs) };
  } finally {
    memory.reading.delete(sha256);
  }
}

/**
 * What another request of this isolate finds meanwhile, or what is held until then; undefined when this one has to look.
 *
 * A Worker may not wait for another request's promise, so each waits on a timer of its own.
 */
async function readByAnother(
  memory: memories.KeyMemory,
  sha256: string,
  nowMs: number,
): Promise<ApiKey | "unknown" | undefined> {
  for (let polls = 0; polls < MAX_POLLS && memories.isBeingRead(memory, sha256, nowMs); polls += 1) {
    const stale = memories.recallStale(memory, sha256, nowMs);
    if (stale !== undefined) {
      return stale;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const found = memories.recall(memory, sha256, nowMs);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/** `isSure` when the ledger has said it a moment ago. */
async function lookUp(
  deps: FindKeyDeps,
  sha256: string,
  nowMs: number,
): Promise<(KeyCopy & { isSure: boolean }) | undefined> {
  const { redis, database, memory } = deps;
  const copy = await unlessAway(readKeyCopy(redis, sha256));
  if (copy !== undefined && isFresh(copy, nowMs)) {
    return { ...copy, isSure: true };
  }
  try {
    const key = await findApiKey(database, sha256, EVENT_PATH_TIMEOUT_MS);
    if (key === undefined) {
      return undefined;
    }
    const found = { key, askedMs: nowMs };
    await unlessAway(putKeyCopy(redis, sha256, found));
    return { ...found, isSure: true };
  } catch (error) {
    const held = copy?.key ?? memory.known.get(sha256)?.key;
    if (error instanceof LedgerUnreachable && held !== undefined) {
      return { key: held, askedMs: copy?.askedMs ?? 0, isSure: false };
    }
    throw error;
  }
}

function isFresh({ askedMs }: KeyCopy, nowMs: number): boolean {
  return nowMs - askedMs < COPY_FRESH_MS && askedMs - nowMs <= MAX_SKEW_MS;
}

/** Notes in the ledger and in Redis's copy that the key is used in this hour, if neither knows. */
function useToNote(
  { redis, database, memory }: FindKeyDeps,
  sha256: string,
  { key, askedMs, isSure }: KeyCopy & { isSure: boolean },
  nowMs: number,
): (() => Promise<void>) | undefined {
  const hourMs = hourStart(nowMs);
  const isOver = key.revokedMs !== null || (key.expiresMs !== null && key.expiresMs <= nowMs);
  if (!isSure || isOver || (key.lastUsedMs ?? -1) >= hourMs) {
    return undefined;
  }
  return async () => {
    await noteKeyUse(database, key.keyId, hourMs, EVENT_PATH_TIMEOUT_MS);
    const held = memory.known.get(sha256);
    if (held !== undefined) {
      held.key = { ...held.key, lastUsedMs: hourMs };
    }
    // With the time of the reading before: noting a use makes no key younger.
    await unlessAway(putKeyCopy(redis, sha256, { key: { ...key, lastUsedMs: hourMs }, askedMs }));
  };
}

async function unlessAway<Value>(call: Promise<Value>): Promise<Value | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RedisError) {
      return undefined;
    }
    throw error;
  }
}
