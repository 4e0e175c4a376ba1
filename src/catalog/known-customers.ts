import { markKnown, readKnown } from "../counters/known-customers.ts";
import { RedisError, type RedisClient } from "../counters/redis.ts";
import type { Database } from "../ledger/database.ts";
import { existingCustomers } from "../ledger/customers.ts";
import { LedgerUnreachable } from "../ledger/database.ts";

/** How long an isolate takes a customer for known without asking again, or asks Postgres no more for an unknown one. */
const KNOWN_MS = 60_000;
const UNKNOWN_MS = 5_000;
/** Most customers that an isolate remembers. */
const MAX_REMEMBERED = 10_000;

/** An isolate's memory of which customers there are: customer → until when, and whether it is known. */
export type CustomerMemory = Map<string, { isKnown: boolean; untilMs: number }>;

export interface KnownCustomersDeps {
  redis: RedisClient;
  database: Database;
  customerMemory: CustomerMemory;
}

/**
 * Those of the customers that were never put, or were deleted: from memory, then Redis, then once from Postgres.
 *
 * Postgres away, whom Redis does not know is not called unknown: one such customer must not stop its neighbours.
 */
export async function unknownCustomers(
  deps: KnownCustomersDeps,
  customerIds: readonly string[],
  nowMs: number,
): Promise<Set<string>> {
  const { customerMemory: memory } = deps;
  const asked = [...new Set(customerIds)].filter((id) => !isFresh(memory.get(id), nowMs, true));
  if (asked.length === 0) {
    return new Set();
  }
  // One that was put a moment ago is known to Redis, whatever this isolate remembers.
  const known = await inRedis(deps.redis, asked);
  const absent = asked.filter((id) => !known.has(id));
  const unsure = absent.filter((id) => !isFresh(memory.get(id), nowMs, false));
  const found = await inPostgres(deps, unsure);
  if (memory.size + asked.length > MAX_REMEMBERED) {
    memory.clear();
  }
  for (const id of [...known, ...(found ?? [])]) {
    memory.set(id, { isKnown: true, untilMs: nowMs + KNOWN_MS });
  }
  const unknown = absent.filter((id) => !unsure.includes(id) || found?.has(id) === false);
  for (const id of unknown.filter((name) => unsure.includes(name))) {
    memory.set(id, { isKnown: false, untilMs: nowMs + UNKNOWN_MS });
  }
  return new Set(unknown);
}

function isFresh(
  remembered: { isKnown: boolean; untilMs: number } | undefined,
  nowMs: number,
  isKnown: boolean,
): boolean {
  return remembered !== undefined && remembered.isKnown === isKnown && remembered.untilMs > nowMs;
}

async function inRedis(redis: RedisClient, customerIds: readonly string[]): Promise<Set<string>> {
  try {
    return await readKnown(redis, customerIds);
  } catch (error) {
    if (error instanceof RedisError) {
      return new Set();
    }
    throw error;
  }
}

/** Those that were put, and told to Redis; undefined when Postgres does not answer. */
async function inPostgres(
  deps: KnownCustomersDeps,
  customerIds: readonly string[],
): Promise<Set<string> | undefined> {
  if (customerIds.length === 0) {
    return new Set();
  }
  try {
    const found = await existingCustomers(deps.database, customerIds);
    if (found.length > 0) {
      await markKnown(deps.redis, found).catch(() => undefined);
    }
    return new Set(found);
  } catch (error) {
    if (error instanceof LedgerUnreachable) {
      return undefined;
    }
    throw error;
  }
}
