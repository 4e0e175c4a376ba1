import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "@upstash/redis";
import type { LocalServer } from "../../../local/local-server.ts";
import { startRedis } from "../../../local/redis-server.ts";
import { startLocalUpstash, type LocalUpstash } from "../../../local/upstash/server.ts";

const TOKEN = "secret";

/** An endpoint on a Redis of its own, the client that the Worker uses, and bare requests. */
export interface UpstashFixture {
  server: LocalServer;
  upstash: LocalUpstash;
  redis: Redis;
  token: string;
  post: (
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; body: unknown }>;
  clear: () => Promise<void>;
  stop: () => Promise<void>;
}

export async function startFixture(): Promise<UpstashFixture> {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-upstash-"));
  const server = await startRedis({ dir, fresh: true, print: () => undefined });
  const upstash = await startLocalUpstash({ redisUrl: server.url, token: TOKEN });
  const redis = new Redis({
    url: upstash.url,
    token: TOKEN,
    automaticDeserialization: false,
    enableAutoPipelining: false,
    retry: { retries: 0 },
  });
  return {
    server,
    upstash,
    redis,
    token: TOKEN,
    post: async (path, body, headers = {}) => {
      const response = await fetch(`${upstash.url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    },
    clear: async () => {
      await redis.flushall();
      await redis.scriptFlush();
      upstash.faults.reset();
      upstash.commands.reset();
    },
    stop: async () => {
      await upstash.stop();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
