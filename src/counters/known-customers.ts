import { KNOWN_KEY } from "./keys.ts";
import type { RedisClient } from "./redis.ts";

/** Those of the customers that Redis knows; one that it does not know may be known to the ledger. */
export async function readKnown(redis: RedisClient, customerIds: readonly string[]): Promise<Set<string>> {
  const isMember = await redis.areMembers(KNOWN_KEY, customerIds);
  return new Set(customerIds.filter((_, index) => isMember[index]));
}

/** Lets the edge know customers. */
export async function markKnown(redis: RedisClient, customerIds: readonly string[]): Promise<void> {
  await redis.addMembers(KNOWN_KEY, customerIds);
}

/** Lets the edge forget a customer. */
export async function unmarkKnown(redis: RedisClient, customerId: string): Promise<void> {
  await redis.removeMember(KNOWN_KEY, customerId);
}
