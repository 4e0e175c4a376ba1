import { SCOPES, type ApiKey } from "../domain/access.ts";
import { apiKeyKey } from "./keys.ts";
import type { RedisClient } from "./redis.ts";

/** Longest time that a copy is of use: as long as a bucket waits for a ledger that is away. */
const COPY_TTL_SECONDS = 8 * 24 * 3600;

/** A key as the edge keeps it. */
export interface KeyCopy {
  key: ApiKey;
  /** When the ledger was asked for it, epoch ms. */
  askedMs: number;
}

/** Reads the edge's copy of a key by the SHA-256 of its text; undefined when Redis has none. */
export async function readKeyCopy(redis: RedisClient, sha256: string): Promise<KeyCopy | undefined> {
  const text = await redis.get(apiKeyKey(sha256));
  return text === null ? undefined : parseCopy(text);
}

/** Keeps a copy for the edge. */
export async function putKeyCopy(redis: RedisClient, sha256: string, copy: KeyCopy): Promise<void> {
  await redis.setFor(apiKeyKey(sha256), JSON.stringify(copy), COPY_TTL_SECONDS);
}

/** Sends the edge to the ledger for a key. */
export async function dropKeyCopy(redis: RedisClient, sha256: string): Promise<void> {
  await redis.remove(apiKeyKey(sha256));
}

/** What another version of the Worker wrote, or a hand, counts as no copy. */
function parseCopy(text: string): KeyCopy | undefined {
  try {
    const { key, askedMs } = JSON.parse(text) as Partial<KeyCopy>;
    const isWhole =
      typeof askedMs === "number" &&
      typeof key?.keyId === "string" &&
      SCOPES.includes(key.scope) &&
      [key.expiresMs, key.revokedMs, key.lastUsedMs].every((time) => time === null || Number.isInteger(time));
    return isWhole ? { key, askedMs } : undefined;
  } catch {
    return undefined;
  }
}
