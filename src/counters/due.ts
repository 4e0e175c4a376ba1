import { dirtyKey, DUE_KEY, inflightKey, SHARDS } from "./keys.ts";
import putDueSource from "./put-due.lua";
import { RedisError, type RedisClient } from "./redis.ts";
import { Script } from "./script.ts";

const putDueScript = new Script(putDueSource);
const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);
const INDEXES = [...ALL_SHARDS.map(dirtyKey), ...ALL_SHARDS.map(inflightKey)];
const NEVER = "never";

/** When something in Postgres is due, as Redis has it. */
export interface DueMark {
  /** Epoch ms; 0 when it is to be looked at once, also where Redis does not know, and Infinity when nothing is. */
  dueMs: number;
  /** What was read: another word means that something was announced since. */
  word: string;
}

export interface Work {
  /** Any bucket is dirty or in flight. */
  hasBuckets: boolean;
  due: DueMark;
}

/** What a tick has to do: one call and two commands, so that an idle minute costs next to nothing. */
export async function readWork(redis: RedisClient): Promise<Work> {
  const { existing, value } = await redis.countAndGet(INDEXES, DUE_KEY);
  return { hasBuckets: existing > 0, due: readMark(value) };
}

/**
 * Has the next tick look into Postgres for what is due; one command. Comes after what is due is committed; `token` is fresh.
 *
 * Answers false when Redis did not take it. Nothing is lost then: the next tick that works looks too, and the hourly run
 * always.
 */
export async function announceDue(redis: RedisClient, token: string): Promise<boolean> {
  try {
    await redis.set(DUE_KEY, `0:${token}`);
    return true;
  } catch (error) {
    if (error instanceof RedisError) {
      return false;
    }
    throw error;
  }
}

/** When something in Postgres is due. Comes before Postgres is looked into, for {@link putDue}. */
export async function readDue(redis: RedisClient): Promise<DueMark> {
  return readMark(await redis.get(DUE_KEY));
}

/**
 * Keeps what was found in Postgres, epoch ms or Infinity; `token` is fresh. Three commands, none where it is known.
 *
 * If something was announced since `found` was read, the next tick looks again instead.
 */
export async function putDue(
  redis: RedisClient,
  found: DueMark,
  dueMs: number,
  token: string,
): Promise<void> {
  if (dueMs === found.dueMs) {
    return;
  }
  const word = `${dueMs === Infinity ? NEVER : String(dueMs)}:${token}`;
  if ((await redis.run(putDueScript, [DUE_KEY], [found.word, word])) !== 1) {
    await announceDue(redis, token);
  }
}

function readMark(word: string | null): DueMark {
  const [time = ""] = (word ?? "").split(":");
  if (time === NEVER) {
    return { dueMs: Infinity, word: word ?? "" };
  }
  return { dueMs: /^\d{1,16}$/.test(time) ? Number(time) : 0, word: word ?? "" };
}
