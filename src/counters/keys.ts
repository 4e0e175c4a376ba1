import { invariant } from "../domain/invariant.ts";
import { hourStart, HOUR_MS } from "../domain/window.ts";

/** Index shards; a customer's buckets are all in one. */
export const SHARDS = 16;
/**
 * How long an id is remembered: late window (for merged usage an hour more, and 5 minutes ahead), a day in the spool, and
 * a margin for ticks that come late.
 */
export const ID_TTL_SECONDS = 51 * 3600;
/** How long a bucket outlives its hour, or its creation when that is later. */
export const BUCKET_TTL_MS = 8 * 24 * HOUR_MS;

/** Most hours of one reading: every period fits, and so do its keys on a script's stack. */
export const MAX_HOURS = 2000;

export interface BucketName {
  customerId: string;
  hourMs: number;
}

/** Key of a customer's bucket for the UTC hour that contains the moment. */
export function bucketKey(customerId: string, timeMs: number): string {
  return `b:${encodeURIComponent(customerId)}:${hourStart(timeMs) / HOUR_MS}`;
}

/** Keys of a customer's buckets for the hours of `[fromMs, toMs)`, oldest first; at most {@link MAX_HOURS}. */
export function bucketKeys(customerId: string, fromMs: number, toMs: number): string[] {
  invariant(toMs - fromMs <= MAX_HOURS * HOUR_MS, `at most ${MAX_HOURS} hours are read at once`);
  const keys: string[] = [];
  for (let hourMs = hourStart(fromMs); hourMs < toMs; hourMs += HOUR_MS) {
    keys.push(bucketKey(customerId, hourMs));
  }
  return keys;
}

/** Reads what {@link bucketKey} wrote. */
export function parseBucketKey(key: string): BucketName {
  const [, customer = "", hour = ""] = key.split(":");
  return { customerId: decodeURIComponent(customer), hourMs: Number(hour) * HOUR_MS };
}

/** Key of a remembered id, from its digest. */
export function idKey(digest: string): string {
  return `i:${digest}`;
}

export function dirtyKey(shard: number): string {
  return `dirty:${shard}`;
}

export function inflightKey(shard: number): string {
  return `inflight:${shard}`;
}

export function metaKey(shard: number): string {
  return `meta:${shard}`;
}

/** Holds the catalog in force, so that the edge reads it without Postgres. */
export const CATALOG_KEY = "catalog";

/** Holds when something in Postgres is due, so that a tick with nothing to do leaves it asleep. */
export const DUE_KEY = "due";

/** Set of the customers that are known to be in the ledger. */
export const KNOWN_KEY = "known";

/** Key of the edge's copy of an API key, from the SHA-256 of its text in hex. */
export function apiKeyKey(sha256: string): string {
  return `k:${sha256}`;
}

/** The shard of a customer: FNV-1a over its UTF-16 code units. */
export function shardOf(customerId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < customerId.length; index += 1) {
    hash = Math.imul(hash ^ customerId.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % SHARDS;
}
