import {
  putCatalogCopy,
  readCatalogCopy,
  readCatalogState,
  replaceCatalogCopy,
  type CatalogCopy,
} from "../counters/catalog-copy.ts";
import { RedisError, type RedisClient } from "../counters/redis.ts";
import type { Meter } from "../domain/meter.ts";
import { latestCatalog } from "../ledger/catalog-versions.ts";
import { EVENT_PATH_TIMEOUT_MS, type Database } from "../ledger/database.ts";
import type { PublishedVersion } from "../rating/catalog-version.ts";

/** How long an isolate prices and counts by the catalog it has read. */
const FRESH_MS = 15_000;
/** How long one request is taken to be reading, at most; others wait for it somewhat shorter. */
const READING_MS = 10_000;
const POLL_MS = 10;
const MAX_POLLS = 500;

/** A published catalog, ready to look meters up in. */
export interface HeldCatalog extends PublishedVersion {
  meters: ReadonlyMap<string, Meter>;
}

/** An isolate's memory of the catalog: plain data that requests may share. */
export interface CatalogMemory {
  held: HeldCatalog | undefined;
  /** Some other versions, that price periods which the current one does not; the last used first. */
  others: HeldCatalog[];
  readAtMs: number;
  /** The request that reads it now, and since when, epoch ms; others wait for it, or go on with what is held. */
  reading: { sinceMs: number } | undefined;
}

export interface CatalogDeps {
  redis: RedisClient;
  database: Database;
  catalogMemory: CatalogMemory;
}

/**
 * The catalog in force: from memory, then Redis, then once from Postgres, and put back.
 *
 * Undefined only when Postgres itself says that none was ever published. When no store answers, an older one in memory
 * serves; without one the error of the last store is thrown.
 */
export async function currentCatalog(deps: CatalogDeps, nowMs: number): Promise<HeldCatalog | undefined> {
  const { catalogMemory: memory } = deps;
  if (memory.held !== undefined && nowMs - memory.readAtMs < FRESH_MS) {
    return memory.held;
  }
  // Without a reader this goes on at once: nothing is awaited before the mark is set.
  if (isReading(memory, nowMs) && (await isReadByAnother(memory, nowMs))) {
    return memory.held;
  }
  const reading = { sinceMs: nowMs };
  memory.reading = reading;
  try {
    return await rereadCatalog(deps, nowMs);
  } catch (error) {
    if (memory.held !== undefined) {
      return memory.held;
    }
    throw error;
  } finally {
    if (memory.reading === reading) {
      memory.reading = undefined;
    }
  }
}

/**
 * The catalog as the stores have it now, whatever memory holds.
 *
 * Throws when no store answers: nothing is called unknown because a store is away.
 */
export async function rereadCatalog(deps: CatalogDeps, nowMs: number): Promise<HeldCatalog | undefined> {
  const { catalogMemory: memory } = deps;
  const copied = await fromRedis(deps.redis);
  if (typeof copied === "object") {
    // A copy that is behind what this isolate has published is brought up to date by the next tick.
    return remember(memory, isBehind(copied, memory.held) ? undefined : copied, nowMs);
  }
  const latest = await latestCatalog(deps.database, EVENT_PATH_TIMEOUT_MS);
  if (latest === undefined) {
    return undefined;
  }
  if (copied === "none") {
    await unlessAway(putCatalogCopy(deps.redis, copyOf(latest)));
  }
  return remember(memory, latest, nowMs);
}

/**
 * Lets one request of an isolate read while the others go on with what is held, or wait a bounded time when nothing is.
 *
 * A Worker may not wait for another request's promise, so each waits on a timer of its own. A reader that was cancelled
 * is forgotten after a while.
 */
async function isReadByAnother(memory: CatalogMemory, nowMs: number): Promise<boolean> {
  for (
    let polls = 0;
    isReading(memory, nowMs) && memory.held === undefined && polls < MAX_POLLS;
    polls += 1
  ) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return memory.held !== undefined && (isReading(memory, nowMs) || nowMs - memory.readAtMs < FRESH_MS);
}

function isReading(memory: CatalogMemory, nowMs: number): boolean {
  return memory.reading !== undefined && nowMs - memory.reading.sinceMs < READING_MS;
}

/**
 * Makes a version known to this isolate and, through Redis, to all others.
 *
 * A version that Redis did not take is copied by the next tick: it is published all the same.
 */
export async function spreadCatalog(
  deps: CatalogDeps,
  version: PublishedVersion,
  nowMs: number,
): Promise<void> {
  remember(deps.catalogMemory, version, nowMs);
  const put = (): Promise<void> => putCatalogCopy(deps.redis, copyOf(version));
  await unlessAway(put().catch(put));
}

/** Brings the edge's copy in line with the ledger, also after either was set back; true when it was not. */
export async function repairCatalogCopy(deps: Pick<CatalogDeps, "redis" | "database">): Promise<boolean> {
  const copied = await readCatalogState(deps.redis);
  const latest = await latestCatalog(deps.database);
  if (latest === undefined) {
    return false;
  }
  const isCurrent =
    copied.version === String(latest.version) && copied.publishedMs === String(latest.publishedAtMs);
  return isCurrent && copied.isWhole ? false : replaceCatalogCopy(deps.redis, copied.version, copyOf(latest));
}

function copyOf(version: PublishedVersion): CatalogCopy {
  const { version: number, publishedAtMs } = version;
  return { version: number, publishedAtMs, document: JSON.stringify(version) };
}

/** A copy by a Worker that knew no terms of publication does not tell when its prices hold: it is made anew. */
function readCopy(document: string): PublishedVersion | "none" {
  const copied = JSON.parse(document) as Omit<PublishedVersion, "effective"> & Partial<PublishedVersion>;
  return copied.effective === undefined ? "none" : { ...copied, effective: copied.effective };
}

/** After a Postgres set back a number may stand for another catalog: of two the one that was published later counts. */
function isBehind(copied: PublishedVersion, held: PublishedVersion | undefined): boolean {
  if (held === undefined || held.version === copied.version) {
    return held !== undefined && held.publishedAtMs > copied.publishedAtMs;
  }
  return held.version > copied.version;
}

async function unlessAway(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof RedisError)) {
      throw error;
    }
  }
}

/** Prepares a version for looking meters up. */
export function holdCatalog(version: PublishedVersion): HeldCatalog {
  return { ...version, meters: new Map(version.catalog.meters.map((meter) => [meter.name, meter])) };
}

/** Keeps what was found; nothing found means that what is held is still right. */
function remember(
  memory: CatalogMemory,
  found: PublishedVersion | undefined,
  nowMs: number,
): HeldCatalog | undefined {
  const { held } = memory;
  if (
    found !== undefined &&
    (held?.version !== found.version || held.publishedAtMs !== found.publishedAtMs)
  ) {
    memory.held = holdCatalog(found);
  }
  memory.readAtMs = nowMs;
  return memory.held;
}

/** `none` when Redis has none, `away` when it does not answer: Postgres is asked then. */
async function fromRedis(redis: RedisClient): Promise<PublishedVersion | "none" | "away"> {
  try {
    const document = await readCatalogCopy(redis);
    return document === undefined ? "none" : readCopy(document);
  } catch (error) {
    if (error instanceof RedisError) {
      return "away";
    }
    throw error;
  }
}
