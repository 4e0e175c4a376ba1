import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startOf } from "../../../local/process-identity.ts";
import { RedisConnection } from "../../../local/upstash/connection.ts";

const MAIN = join(import.meta.dirname, "../../../local/main.ts");
const TIMEOUT_MS = 60_000;

let dir: string;
let started: ChildProcess[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "edgemeter-stack-"));
  started = [];
});

afterEach(async () => {
  for (const child of started) {
    child.kill("SIGKILL");
  }
  await vi.waitUntil(() => !childrenOf(dir).some(isThere), { timeout: TIMEOUT_MS });
  await rm(dir, { recursive: true, force: true });
}, TIMEOUT_MS);

interface Run {
  child: ChildProcess;
  /** What it has printed so far, and the end of it. */
  output: () => string;
  ready: Promise<void>;
  /** Its exit status, or the signal that ended it. */
  ended: Promise<number | string>;
}

function start(...args: string[]): Run {
  const child = spawn(process.execPath, [MAIN, "--no-cron", "--no-demo", "--dir", dir, ...args], {
    env: { ...process.env, REDIS_URL: undefined, DATABASE_URL: undefined, npm_lifecycle_event: undefined },
  });
  started.push(child);
  let text = "";
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  const ready = new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("utf8");
      if (text.includes("Ctrl-C ends it.")) {
        resolve();
      }
    };
    child.stdout.on("data", onData);
    child.stderr.on("data", onData);
    child.once("close", () => reject(new Error(`it ended: ${text}`)));
  });
  ready.catch(() => undefined);
  return { child, output: () => text, ready, ended };
}

function childrenOf(folder: string): { pid: number; start: string }[] {
  try {
    const lines = readFileSync(join(folder, "children"), "utf8").trim().split("\n");
    return lines.map((line) => ({ pid: Number(line.split(" ")[0]), start: line.replace(/^\S+ /, "") }));
  } catch {
    return [];
  }
}

function isThere({ pid, start: since }: { pid: number; start: string }): boolean {
  return startOf(pid) === since;
}

async function readInfo(): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(dir, "stack.json"), "utf8")) as Record<string, string>;
}

test(
  "stack: killed outright it leaves no process, and the next start has its data",
  async () => {
    const first = start("--port", "0");
    await first.ready;
    const info = await readInfo();
    expect(Object.keys(info)).toEqual(
      expect.arrayContaining(["workerUrl", "adminKey", "redisUrl", "upstashUrl", "databaseUrl", "stripeUrl"]),
    );
    expect((await fetch(`${info["workerUrl"]}/healthz`)).status).toBe(200);
    const redis = new RedisConnection(info["redisUrl"] ?? "");
    await redis.send(["SET", "kept", "yes"]);
    redis.close();
    const children = childrenOf(dir);
    expect(children.map(isThere)).toEqual([true, true, true]);

    first.child.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");
    await expect.poll(() => children.map(isThere), { timeout: 20_000 }).toEqual([false, false, false]);

    const second = start("--port", "0");
    await second.ready;
    const again = new RedisConnection((await readInfo())["redisUrl"] ?? "");
    expect(String(await again.send(["GET", "kept"]))).toBe("yes");
    again.close();
    const later = childrenOf(dir);
    second.child.kill("SIGTERM");
    expect(await second.ended).toBe(0);
    expect(later.map(isThere)).toEqual([false, false, false]);
    await expect(readFile(join(dir, "stack.json"))).rejects.toThrow("ENOENT");
  },
  TIMEOUT_MS,
);

test(
  "stack: a second start in the same folder says so, one in another folder works",
  async () => {
    const first = start("--port", "0");
    await first.ready;
    const second = start("--port", "0");
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`${dir} is in use by process ${first.child.pid}.`);
    const third = start("--port", "0", "--dir", join(dir, "other"));
    await third.ready;
    for (const run of [first, third]) {
      run.child.kill("SIGINT");
      // eslint-disable-next-line no-await-in-loop -- one after the other
      expect(await run.ended).toBe(0);
    }
  },
  TIMEOUT_MS,
);

test(
  "stack: a part that dies ends the rest, and the start fails",
  async () => {
    const run = start("--port", "0");
    await run.ready;
    const [redis] = childrenOf(dir);
    process.kill(redis?.pid ?? 0, "SIGKILL");
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain("ended by itself");
    expect(childrenOf(dir)).toEqual([]);
  },
  TIMEOUT_MS,
);

test("stack: a port that is in use is said before anything is started", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const run = start("--port", String(port));
  expect(await run.ended).toBe(1);
  expect(run.output()).toBe(`Port ${port} is in use. Give another with --port.\n`);
  server.close();
});

test.each([
  ["an unknown option", ["--colour"], "Unknown option '--colour'"],
  ["a port that is none", ["--port", "http"], "--port wants a number from 0 to 65535, not 'http'."],
  ["a port that is too high", ["--port", "65536"], "--port wants a number"],
  ["a word too many", ["extra"], "Unexpected argument 'extra'"],
])("stack: %s is refused with the help", async (_name, args, message) => {
  const run = start(...args);
  expect(await run.ended).toBe(2);
  expect(run.output()).toContain(message);
  expect(run.output()).toContain("npm start -- [options]");
});

test(
  "stack: the local Stripe's events come to the Worker, signed as it expects",
  async () => {
    const run = start("--port", "0");
    await run.ready;
    const { stripeUrl, stripeKey } = await readInfo();
    const ask = async (method: string, path: string, body?: string): Promise<unknown> => {
      const headers = {
        authorization: `Bearer ${stripeKey}`,
        "content-type": "application/x-www-form-urlencoded",
      };
      const answer = await fetch(`${stripeUrl}${path}`, {
        method,
        headers,
        ...(body !== undefined && { body }),
      });
      return answer.json();
    };
    await ask("POST", "/v1/customers", "name=Acme");
    // Settles when what was on its way is answered.
    await ask("POST", "/_control/webhooks/deliver", "{}");

    expect(await ask("GET", "/v1/events?delivery_success=true")).toMatchObject({
      data: [{ type: "customer.created", pending_webhooks: 0 }],
    });
    expect(await ask("GET", "/v1/events?delivery_success=false")).toMatchObject({ data: [] });
  },
  TIMEOUT_MS,
);
