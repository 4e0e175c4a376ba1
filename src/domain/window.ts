/** One UTC hour: the grain in which usage is counted. */
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** Start of the UTC hour that contains the moment, both in epoch ms. */
export function hourStart(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS) * HOUR_MS;
}

/** Epoch ms as ISO 8601 UTC. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
