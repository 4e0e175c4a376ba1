import { Redis } from "@upstash/redis/cloudflare";
import type { Script } from "./script.ts";

/** Longest wait for one answer: with a cold isolate's reading of the catalog, ours still comes before a client gives up. */
const TIMEOUT_MS = 2000;
/** Only the error's leading word is kept: the client's messages carry every argument of the command. */
const CODE = /^[A-Z]{2,20}\b/;

/** Redis did not answer, or answered with an error. The call may have been applied. */
export class RedisError extends Error {
  override readonly name = "RedisError";
  /** The leading word of Redis's error, e.g. `ERR`; `UNREACHABLE` or `TIMEOUT` when there was no answer. */
  readonly code: string;

  constructor(code: string) {
    super(`Redis: ${code}`);
    this.code = code;
  }

  /** True when there was no answer: whether the call was applied is unknown. */
  get isUnanswered(): boolean {
    return this.code === "UNREACHABLE" || this.code === "TIMEOUT";
  }
}

/** The commands we use. Each call is one HTTP request, sent once; retrying is the caller's decision. */
export interface RedisClient {
  /** Runs a script by its hash, or by its text when Redis does not know it. */
  run: (script: Script, keys: string[], args: string[]) => Promise<unknown>;
  /** How many of the keys exist, and the text of another: two commands in one request. */
  countAndGet: (keys: string[], key: string) => Promise<{ existing: number; value: string | null }>;
  get: (key: string) => Promise<string | null>;
  set: (key: string, value: string) => Promise<void>;
  /** Sets a value that Redis forgets after so many seconds. */
  setFor: (key: string, value: string, seconds: number) => Promise<void>;
  remove: (key: string) => Promise<void>;
  hmget: (key: string, fields: string[]) => Promise<(string | null)[]>;
  areMembers: (key: string, members: readonly string[]) => Promise<boolean[]>;
  addMembers: (key: string, members: readonly string[]) => Promise<void>;
  removeMember: (key: string, member: string) => Promise<void>;
}

/**
 * Connects to Upstash over HTTP.
 *
 * Everything the client library does by itself is off: it would send a lost call again, turn digits into numbers,
 * reorder calls in a pipeline, and take an aborted call for a success.
 */
export function createRedis(url: string, token: string): RedisClient {
  const redis = new Redis({
    url,
    token,
    automaticDeserialization: false,
    responseEncoding: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    readYourWrites: false,
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(TIMEOUT_MS),
  });
  return {
    ...plainCommands(redis),
    run: async (script, keys, args) => {
      try {
        return await redis.evalsha(script.sha1, keys, args);
      } catch (error) {
        if (!isUnknownScript(error)) {
          throw redisError(error);
        }
      }
      return guarded(redis.eval(script.source, keys, args));
    },
    hmget: async (key, fields) => {
      // With its deserialization off the library hands the plain array on, whatever its types say.
      const found: unknown = await guarded(redis.hmget(key, ...fields));
      return fields.map((_, index) =>
        Array.isArray(found) ? ((found[index] as string | null) ?? null) : null,
      );
    },
  };
}

function plainCommands(redis: Redis): Omit<RedisClient, "run" | "hmget"> {
  return {
    countAndGet: async (keys, key) => {
      const asked = redis
        .pipeline()
        .exists(...keys)
        .get<string>(key);
      const [existing, value] = await guarded(asked.exec<[number, string | null]>());
      return { existing, value };
    },
    get: (key) => guarded(redis.get<string>(key)),
    set: async (key, value) => {
      await guarded(redis.set(key, value));
    },
    setFor: async (key, value, seconds) => {
      await guarded(redis.set(key, value, { ex: seconds }));
    },
    remove: async (key) => {
      await guarded(redis.del(key));
    },
    areMembers: async (key, members) => {
      const found = await guarded(redis.smismember(key, [...members]));
      return found.map((isMember) => isMember === 1);
    },
    addMembers: async (key, [first, ...rest]) => {
      if (first !== undefined) {
        await guarded(redis.sadd(key, first, ...rest));
      }
    },
    removeMember: async (key, member) => {
      await guarded(redis.srem(key, member));
    },
  };
}

/** The library looks for the word anywhere, also in arguments; only a leading one means it. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

async function guarded<Value>(call: Promise<Value>): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    throw redisError(error);
  }
}

function redisError(error: unknown): RedisError {
  if (!(error instanceof Error)) {
    return new RedisError("UNREACHABLE");
  }
  if (error.name === "UpstashError") {
    return new RedisError(CODE.exec(error.message)?.[0] ?? "ERR");
  }
  return new RedisError(error.name === "TimeoutError" ? "TIMEOUT" : "UNREACHABLE");
}
