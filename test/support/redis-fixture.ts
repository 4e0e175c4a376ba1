import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startRedis } from "../../local/redis-server.ts";
import { startLocalUpstash } from "../../local/upstash/server.ts";
import { createRedis, type RedisClient } from "../../src/counters/redis.ts";

const TOKEN = "secret";

/** A real Redis behind the endpoint that the Worker uses. */
export interface RedisFixture {
  /** The product's client. */
  redis: RedisClient;
  /** A bare connection, to look behind the scripts. */
  raw: Redis;
  /** Commands billed for what `work` does. */
  billed: (work: () => Promise<unknown>) => Promise<number>;
  /** Forgets all data; scripts stay known. */
  clear: () => Promise<void>;
  /** Forgets all scripts; data stays. */
  forgetScripts: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts a Redis of its own in a folder of its own. */
export async function startRedisFixture(): Promise<RedisFixture> {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-counters-"));
  const server = await startRedis({ dir, fresh: true, print: () => undefined });
  const upstash = await startLocalUpstash({ redisUrl: server.url, token: TOKEN });
  const raw = new Redis(server.url);
  return {
    redis: createRedis(upstash.url, TOKEN),
    raw,
    billed: async (work) => {
      upstash.commands.reset();
      await work();
      return upstash.commands.read().billed;
    },
    clear: async () => {
      await raw.flushall();
    },
    forgetScripts: async () => {
      await fetch(upstash.url, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify(["SCRIPT", "FLUSH"]),
      });
    },
    stop: async () => {
      raw.disconnect();
      await upstash.stop();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
