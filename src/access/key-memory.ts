import type { ApiKey } from "../domain/access.ts";

/** How long an isolate takes a key as it has read it. */
const FRESH_MS = 25_000;
/** For so much longer it does while one of its requests reads the key anew. */
const USABLE_MS = 5_000;
/** How long a key that is none is remembered as such. */
const UNKNOWN_MS = 10_000;
/** Only keys that exist are held, so that no stream of made-up ones drives them out. */
const MAX_KNOWN = 5_000;
const MAX_UNKNOWN = 5_000;
/** How long one request is taken to be reading, at most: longer than both stores have. */
const READING_MS = 6_000;
const MAX_READING = 1_000;
/** Most keys in a row that nobody has seen before which an isolate looks up, and how many more each second. */
const LOOK_UPS = 40;
const LOOK_UPS_PER_SECOND = 4;

interface HeldKey {
  key: ApiKey;
  freshUntilMs: number;
}

/** An isolate's memory of keys, by the SHA-256 of their text in hex: plain data that requests may share. */
export interface KeyMemory {
  known: Map<string, HeldKey>;
  /** Until when each is taken for unknown. */
  unknown: Map<string, number>;
  /** Since when a request reads each of them. */
  reading: Map<string, number>;
  /** How many strange keys may still be looked up. */
  lookUps: { left: number; atMs: number };
}

/** A memory that knows nothing. */
export function emptyKeyMemory(): KeyMemory {
  return {
    known: new Map(),
    unknown: new Map(),
    reading: new Map(),
    lookUps: { left: LOOK_UPS, atMs: 0 },
  };
}

/** What memory tells of a key; undefined when the stores have to be asked. */
export function recall(memory: KeyMemory, sha256: string, nowMs: number): ApiKey | "unknown" | undefined {
  const held = memory.known.get(sha256);
  if (held !== undefined && nowMs < held.freshUntilMs) {
    return held.key;
  }
  return (memory.unknown.get(sha256) ?? 0) > nowMs ? "unknown" : undefined;
}

/** A key that is held and no more fresh, while another request reads it anew. */
export function recallStale(memory: KeyMemory, sha256: string, nowMs: number): ApiKey | undefined {
  const held = memory.known.get(sha256);
  return held !== undefined && nowMs < held.freshUntilMs + USABLE_MS ? held.key : undefined;
}

/** Holds a key as it was read. */
export function hold(memory: KeyMemory, sha256: string, key: ApiKey, nowMs: number): void {
  memory.unknown.delete(sha256);
  // Put anew, it comes last: the first is the one that was not read for longest.
  memory.known.delete(sha256);
  memory.known.set(sha256, { key, freshUntilMs: nowMs + FRESH_MS });
  trim(memory.known, MAX_KNOWN);
}

/** Remembers for a short time that there is no such key. */
export function holdUnknown(memory: KeyMemory, sha256: string, nowMs: number): void {
  memory.known.delete(sha256);
  memory.unknown.delete(sha256);
  memory.unknown.set(sha256, nowMs + UNKNOWN_MS);
  trim(memory.unknown, MAX_UNKNOWN);
}

/** Whether a request of this isolate reads the key. One that was cancelled is forgotten after a while. */
export function isBeingRead(memory: KeyMemory, sha256: string, nowMs: number): boolean {
  const sinceMs = memory.reading.get(sha256);
  return sinceMs !== undefined && nowMs - sinceMs < READING_MS;
}

/** Notes that this request reads the key. */
export function noteReading(memory: KeyMemory, sha256: string, nowMs: number): void {
  memory.reading.delete(sha256);
  memory.reading.set(sha256, nowMs);
  trim(memory.reading, MAX_READING);
}

/** Takes one of the look-ups that are left for strange keys; false when there is none. */
export function takeLookUp({ lookUps }: KeyMemory, nowMs: number): boolean {
  const earned = Math.max(0, Math.floor(((nowMs - lookUps.atMs) * LOOK_UPS_PER_SECOND) / 1000));
  if (earned > 0) {
    lookUps.left = Math.min(LOOK_UPS, lookUps.left + earned);
    lookUps.atMs = nowMs;
  }
  if (lookUps.left < 1) {
    return false;
  }
  lookUps.left -= 1;
  return true;
}

/** Gives back a look-up that found a key. */
export function returnLookUp({ lookUps }: KeyMemory): void {
  lookUps.left = Math.min(LOOK_UPS, lookUps.left + 1);
}

function trim(map: Map<string, unknown>, size: number): void {
  for (const first of map.keys()) {
    if (map.size <= size) {
      return;
    }
    map.delete(first);
  }
}
