import { SPOOL_KEY } from "./keys.ts";
import type { RedisClient } from "./redis.ts";

/** Longer than anything in the spool may be replayed. */
const MARK_TTL_SECONDS = 2 * 24 * 3600;

/** Tells the next tick that the spool holds something. */
export async function markSpooled(redis: RedisClient): Promise<void> {
  await redis.setFor(SPOOL_KEY, "1", MARK_TTL_SECONDS);
}

/** Takes the mark back: the spool was found empty. */
export async function unmarkSpooled(redis: RedisClient): Promise<void> {
  await redis.del(SPOOL_KEY);
}
