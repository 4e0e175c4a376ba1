import { markKnown, readKnown } from "../counters/known-customers.ts";
import { RedisError, type RedisClient } from "../counters/redis.ts";
import type { Database } from "../ledger/database.ts";
import { existingCustomers } from "../ledger/customers.ts";

/** How long an isolate takes a customer for known, or for unknown, without asking again. */
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

/** Those of the customers that were never put, or were deleted: from memory, then Redis, then once from Postgres. */
export async function unknownCustomers(
  deps: KnownCustomersDeps,
  customerIds: readonly string[],
  nowMs: number,
): Promise<Set<string>> {
  const { customerMemory: memory } = deps;
  const known = new Set<string>();
  const unsure: string[] = [];
  for (const id of new Set(customerIds)) {
    const remembered = memory.get(id);
    if (remembered === undefined || remembered.untilMs <= nowMs) {
      unsure.push(id);
    } else if (remembered.isKnown) {
      known.add(id);
    }
  }
  if (unsure.length > 0) {
    const found = await findKnown(deps, unsure);
    if (memory.size + unsure.length > MAX_REMEMBERED) {
      memory.clear();
    }
    for (const id of unsure) {
      const isKnown = found.has(id);
      memory.set(id, { isKnown, untilMs: nowMs + (isKnown ? KNOWN_MS : UNKNOWN_MS) });
    }
    found.forEach((id) => known.add(id));
  }
  return new Set(customerIds.filter((id) => !known.has(id)));
}

async function findKnown(deps: KnownCustomersDeps, customerIds: readonly string[]): Promise<Set<string>> {
  const inRedis = await readKnown(deps.redis, customerIds).catch((error: unknown) => {
    if (error instanceof RedisError) {
      return new Set<string>();
    }
    throw error;
  });
  const rest = customerIds.filter((id) => !inRedis.has(id));
  if (rest.length === 0) {
    return inRedis;
  }
  const inPostgres = await existingCustomers(deps.database, rest);
  if (inPostgres.length > 0) {
    await markKnown(deps.redis, inPostgres).catch(() => undefined);
  }
  return new Set([...inRedis, ...inPostgres]);
}
