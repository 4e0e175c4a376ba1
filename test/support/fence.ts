import {
  closeFence,
  fencePage,
  type FencePass,
  type FenceReason,
  openFence,
  raiseNumbers,
} from "../../src/counters/fence.ts";
import type { RedisClient } from "../../src/counters/redis.ts";

/** Few enough that a test has more than one page. */
export const PAGE_KEYS = 300;

/** A pass over all keys that has begun so many buckets anew. */
export interface DonePass extends FencePass {
  begun: number;
}

/** Begins every bucket anew, page by page; undefined when that may not be gone on with. */
export async function passOver(
  redis: RedisClient,
  incident: string,
  pass: string,
  epoch: string,
): Promise<DonePass | undefined> {
  const done = { incident, pass, steps: 0, begun: 0 };
  let cursor = "0";
  do {
    const page = await fencePage(redis, done, cursor, epoch, PAGE_KEYS);
    if (page === undefined) {
      return undefined;
    }
    done.steps += 1;
    done.begun += page.begun;
    cursor = page.cursor;
  } while (cursor !== "0");
  return done;
}

/** The counters' part of a fence, done by one run; undefined when it was not opened, or another run has closed it. */
export async function fenceOnce(
  redis: RedisClient,
  incident: string,
  reason: FenceReason = "by_hand",
  unreached: ReadonlyMap<number, number> = new Map(),
): Promise<{ name: string; begun: number } | undefined> {
  const name = await openFence(redis, incident, reason);
  const pass = name && (await passOver(redis, name, `pass of ${incident}`, `epoch of ${incident}`));
  if (!pass || (await raiseNumbers(redis, pass, unreached)) === undefined) {
    return undefined;
  }
  const isClosed = await closeFence(redis, { ...pass, steps: pass.steps + 1 });
  return isClosed ? { name, begun: pass.begun } : undefined;
}
