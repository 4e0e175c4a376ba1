import type { RedisClient } from "../counters/redis.ts";
import { DAY_MS } from "../domain/window.ts";
import type { Database } from "../ledger/database.ts";
import { pruneClaims } from "../ledger/flush-claims.ts";
import { removeOldHours, type RetentionReport } from "../ledger/hour-retention.ts";
import { pruneJobRuns } from "../ledger/job-runs.ts";
import { pruneNotifications, type PrunedNotifications } from "../ledger/notification-retention.ts";
import { pruneStripeEvents } from "../ledger/stripe-events.ts";
import { checkCounters, type CountersReport } from "./check-counters.ts";
import { checkDays, type DaysReport } from "./check-days.ts";

/** Most rows of each kind that one run removes. */
const MAX_REMOVED = 20_000;
/** No bucket lives longer than eight days: no copy of Redis holds one of an older claim. */
const CLAIMS_KEPT_MS = 9 * DAY_MS;
const JOB_RUNS_KEPT_MS = 90 * DAY_MS;
const NOTIFICATIONS_KEPT_MS = 90 * DAY_MS;
/** Stripe sends an event again for three days by itself, and for thirty by hand. */
const STRIPE_EVENTS_KEPT_MS = 60 * DAY_MS;

export interface IntegrityDeps {
  redis: RedisClient;
  database: Database;
  /** How long hours are kept; days stay. */
  retentionMonths: number;
}

/** What compares; each changes no usage, and may run twice at once. */
export function checks(
  { redis, database, retentionMonths }: IntegrityDeps,
  nowMs: number,
): { days: () => Promise<DaysReport>; counters: () => Promise<CountersReport> } {
  return {
    days: () => checkDays(database, nowMs, retentionMonths),
    counters: () => checkCounters(redis, database, nowMs),
  };
}

/** What removes that is needed no more, so much of it at a time. */
export function upkeep(
  { database, retentionMonths }: IntegrityDeps,
  nowMs: number,
): {
  retention: () => Promise<RetentionReport>;
  claims: () => Promise<number>;
  jobRuns: () => Promise<number>;
  notifications: () => Promise<PrunedNotifications>;
  stripeEvents: () => Promise<number>;
} {
  return {
    retention: () => removeOldHours(database, nowMs, retentionMonths, MAX_REMOVED),
    claims: () => pruneClaims(database, nowMs - CLAIMS_KEPT_MS, MAX_REMOVED),
    jobRuns: () => pruneJobRuns(database, nowMs - JOB_RUNS_KEPT_MS, MAX_REMOVED),
    notifications: () => pruneNotifications(database, nowMs - NOTIFICATIONS_KEPT_MS, MAX_REMOVED),
    stripeEvents: () => pruneStripeEvents(database, nowMs - STRIPE_EVENTS_KEPT_MS, MAX_REMOVED),
  };
}
