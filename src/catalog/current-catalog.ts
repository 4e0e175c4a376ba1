import {
  putCatalogCopy,
  readCatalogCopy,
  readCatalogVersion,
  replaceCatalogCopy,
} from "../counters/catalog-copy.ts";
import { RedisError, type RedisClient } from "../counters/redis.ts";
import type { Meter } from "../domain/meter.ts";
import { latestCatalog } from "../ledger/catalog-versions.ts";
import type { Database } from "../ledger/database.ts";
import type { CatalogVersion } from "../rating/catalog.ts";

/** How long an isolate prices and counts by the catalog it has read. */
const FRESH_MS = 15_000;
/** How long one request is taken to be reading, and how others wait for it. */
const LOADING_MS = 5000;
const POLL_MS = 10;
const MAX_POLLS = 300;

/** A published catalog, ready to look meters up in. */
export interface HeldCatalog extends CatalogVersion {
  meters: ReadonlyMap<string, Meter>;
}

/** An isolate's memory of the catalog: plain data that requests may share. */
export interface CatalogMemory {
  held: HeldCatalog | undefined;
  readAtMs: number;
  /** When a request began to read it, epoch ms; others wait for what it finds, or go on with what is held. */
  loadingSinceMs: number | undefined;
}

export interface CatalogDeps {
  redis: RedisClient;
  database: Database;
  catalogMemory: CatalogMemory;
}

/**
 * The catalog in force: from memory, then Redis, then once from Postgres, and put back.
 *
 * What memory holds serves for `freshMs`. Undefined only when Postgres itself says that none was ever published. When no store answers, an older one in memory
 * serves; without one the error of the last store is thrown.
 */
export async function currentCatalog(
  deps: CatalogDeps,
  nowMs: number,
  freshMs: number = FRESH_MS,
): Promise<HeldCatalog | undefined> {
  const { catalogMemory: memory } = deps;
  if (memory.held !== undefined && nowMs - memory.readAtMs < freshMs) {
    return memory.held;
  }
  if (await isReadByAnother(memory, nowMs, freshMs)) {
    return memory.held;
  }
  memory.loadingSinceMs = nowMs;
  try {
    const found = (await fromRedis(deps.redis)) ?? (await fromPostgres(deps));
    if (found !== undefined) {
      remember(memory, found, nowMs);
    }
    return found && memory.held;
  } catch (error) {
    if (memory.held !== undefined) {
      return memory.held;
    }
    throw error;
  } finally {
    memory.loadingSinceMs = undefined;
  }
}

/**
 * Lets one request of an isolate read while the others go on with what is held, or wait a bounded time when nothing is.
 *
 * A Worker may not wait for another request's promise, so each waits on a timer of its own. A reader that was cancelled
 * is forgotten after a while.
 */
async function isReadByAnother(memory: CatalogMemory, nowMs: number, freshMs: number): Promise<boolean> {
  const isLoading = (): boolean =>
    memory.loadingSinceMs !== undefined && nowMs - memory.loadingSinceMs < LOADING_MS;
  for (let polls = 0; isLoading() && memory.held === undefined && polls < MAX_POLLS; polls += 1) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return memory.held !== undefined && (isLoading() || nowMs - memory.readAtMs < freshMs);
}

/**
 * Makes a version known to this isolate and, through Redis, to all others.
 *
 * A version that Redis did not take is copied by the next tick: it is published all the same.
 */
export async function spreadCatalog(
  deps: CatalogDeps,
  version: CatalogVersion,
  nowMs: number,
): Promise<void> {
  remember(deps.catalogMemory, version, nowMs);
  await unlessAway(putCatalogCopy(deps.redis, version.version, JSON.stringify(version)));
}

/** Brings the edge's copy in line with the ledger, also after either was set back; true when it was not. */
export async function repairCatalogCopy(deps: Pick<CatalogDeps, "redis" | "database">): Promise<boolean> {
  const copied = await readCatalogVersion(deps.redis);
  const latest = await latestCatalog(deps.database);
  if (latest === undefined || copied === String(latest.version)) {
    return false;
  }
  return replaceCatalogCopy(deps.redis, copied, latest.version, JSON.stringify(latest));
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
export function holdCatalog(version: CatalogVersion): HeldCatalog {
  return { ...version, meters: new Map(version.catalog.meters.map((meter) => [meter.name, meter])) };
}

function remember(memory: CatalogMemory, found: CatalogVersion, nowMs: number): void {
  if (memory.held?.version !== found.version) {
    memory.held = holdCatalog(found);
  }
  memory.readAtMs = nowMs;
}

/** Undefined when Redis has none or does not answer: Postgres is asked then. */
async function fromRedis(redis: RedisClient): Promise<CatalogVersion | undefined> {
  try {
    const document = await readCatalogCopy(redis);
    return document === undefined ? undefined : (JSON.parse(document) as CatalogVersion);
  } catch (error) {
    if (error instanceof RedisError) {
      return undefined;
    }
    throw error;
  }
}

async function fromPostgres(deps: CatalogDeps): Promise<CatalogVersion | undefined> {
  const latest = await latestCatalog(deps.database);
  if (latest !== undefined) {
    // Best effort: the next reader of an empty Redis asks Postgres again.
    await unlessAway(putCatalogCopy(deps.redis, latest.version, JSON.stringify(latest)));
  }
  return latest;
}
