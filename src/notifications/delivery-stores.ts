import { putDue, readDue, type DueMark } from "../counters/due.ts";
import type { RedisClient } from "../counters/redis.ts";
import type { Database } from "../ledger/database.ts";
import {
  claimDeliveries,
  nextDue,
  releaseDeliveries,
  settleDelivery,
  type ClaimedDelivery,
  type ClaimTerms,
  type ReleasedDelivery,
  type SettledDelivery,
} from "../ledger/deliveries.ts";
import { addressNotifications, type DeliveryTerms } from "../ledger/delivery-making.ts";

/** What delivering asks of the stores: each is one call, and may fail before or after it was applied. */
export interface DeliveryStores {
  readDue: () => Promise<DueMark>;
  address: (terms: DeliveryTerms, limit: number) => Promise<number>;
  claim: (terms: ClaimTerms) => Promise<ClaimedDelivery[]>;
  settle: (settled: SettledDelivery, nowMs: number) => Promise<void>;
  release: (claimId: string, released: readonly ReleasedDelivery[], nowMs: number) => Promise<void>;
  nextDue: () => Promise<number>;
  putDue: (found: DueMark, dueMs: number, token: string) => Promise<void>;
}

/** The stores themselves: scripts and statements. */
export function deliveryStores(redis: RedisClient, database: Database): DeliveryStores {
  return {
    readDue: () => readDue(redis),
    address: (terms, limit) => addressNotifications(database, terms, limit),
    claim: (terms) => claimDeliveries(database, terms),
    settle: (settled, nowMs) => settleDelivery(database, settled, nowMs),
    release: (claimId, released, nowMs) => releaseDeliveries(database, claimId, released, nowMs),
    nextDue: () => nextDue(database),
    putDue: (found, dueMs, token) => putDue(redis, found, dueMs, token),
  };
}
