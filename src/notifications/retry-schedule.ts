import { DAY_MS, HOUR_MS, MINUTE_MS } from "../domain/window.ts";

/** From one attempt to the next, at the least. Source: Standard Webhooks 1.0, "Deliverability and reliability". */
export const RETRY_DELAYS_MS: readonly number[] = [
  5_000,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];
/** Most attempts of a delivery. */
export const MAX_ATTEMPTS = RETRY_DELAYS_MS.length + 1;
/** How much longer than that it may be, so that what failed together does not come back together: 1 in so many. */
const JITTER_PART = 10;
/** Longest wait that a receiver may ask for. */
const MAX_RETRY_AFTER_MS = DAY_MS;
/** What is not delivered after this long is given up, however long receivers have asked to wait. */
export const GIVE_UP_AFTER_MS = 4 * DAY_MS;

/**
 * When a delivery is tried again after so many attempts, epoch ms; undefined when it was tried often enough.
 *
 * `random` is in [0, 1). `retryAfterMs` is what the receiver has asked for.
 */
export function nextAttemptMs(
  nowMs: number,
  attempts: number,
  random: number,
  retryAfterMs: number | undefined,
): number | undefined {
  const delayMs = RETRY_DELAYS_MS[attempts - 1];
  if (delayMs === undefined) {
    return undefined;
  }
  const jitterMs = Math.floor((delayMs / JITTER_PART) * random);
  return nowMs + Math.max(delayMs + jitterMs, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}

/** When a delivery comes again that was not tried, since its target is left alone: as after an attempt, or the longest wait. */
export function heldUntilMs(
  nowMs: number,
  attempts: number,
  random: number,
  retryAfterMs: number | undefined,
): number {
  return nextAttemptMs(nowMs, attempts, random, retryAfterMs) ?? nowMs + DAY_MS;
}

const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC_850 = /^[A-Z][a-z]+, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** Reads `Retry-After`, seconds or a date: ms from now, at most a day; undefined when there is none, or no sense in it. */
export function readRetryAfter(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,10}$/.test(text)) {
    return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS);
  }
  const dateMs = readHttpDate(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, Math.min(dateMs - nowMs, MAX_RETRY_AFTER_MS));
}

/** The three forms of RFC 9110, 5.6.7; all are in UTC. */
function readHttpDate(text: string): number {
  if (IMF_FIXDATE.test(text) || RFC_850.test(text)) {
    return Date.parse(text);
  }
  return ASCTIME.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
}
