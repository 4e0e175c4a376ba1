import { Agent, request } from "node:http";
import { askedPath, type Asked } from "./metered-product/asked.ts";

/** What the client does to one request. */
export interface Planned {
  asked: Asked;
  method: string;
  /** Goes away so many ms after sending, or with the first bytes of the answer; null stays to the end. */
  leaves: number | "at first bytes" | null;
}

const STATUSES = [200, 200, 200, 201, 204, 206, 301, 304, 400, 401, 404, 429, 500, 503];
const BODILESS = new Set([204, 304]);
const METHODS = ["GET", "GET", "GET", "POST", "HEAD", "OPTIONS"];
const CUSTOMERS = 40;

/** Numbers of [0, 1) that a seed decides (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One request of a random kind; a few stream, a few throw, a few lose their client. */
export function planRequest(random: () => number): Planned {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const status = pick(STATUSES);
  const kind = random();
  const isStreamed = kind < 0.15 && !BODILESS.has(status);
  const mode = kind > 0.98 ? "throw" : isStreamed ? pick(["stream", "fixed"] as const) : "plain";
  const leaving = random();
  return {
    asked: {
      customer: `cus_${Math.floor(random() ** 2 * CUSTOMERS)}`,
      region: pick(["eu", "us", "ap"]),
      status,
      value: (Math.floor(random() * 1_000_000) / 1000).toString(),
      mode,
      chunks: Math.floor(random() * 8),
      chunkBytes: 1 + Math.floor(random() * 3000),
      waitMs: random() < 0.1 ? Math.floor(random() * 4) : 0,
    },
    method: pick(METHODS),
    leaves: leaving < 0.03 ? Math.floor(random() * 6) : leaving < 0.06 ? "at first bytes" : null,
  };
}

export interface Load {
  productUrl: string;
  random: () => number;
  requests: number;
  concurrency: number;
  /** Not more than so many in a second; as fast as it goes when absent. */
  perSecond?: number;
}

/** Sends random requests and settles when each has been answered, or left by its client. */
export async function sendLoad({
  productUrl,
  random,
  requests,
  concurrency,
  perSecond,
}: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const startMs = performance.now();
  let sent = 0;
  const lane = async (): Promise<void> => {
    while (sent < requests) {
      const dueMs = perSecond === undefined ? 0 : startMs + (sent * 1000) / perSecond - performance.now();
      sent += 1;
      const planned = planRequest(random);
      if (dueMs > 1) {
        await new Promise((resolve) => {
          setTimeout(resolve, dueMs);
        });
      }
      await sendPlanned(productUrl, planned, agent);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, lane));
  } finally {
    agent.destroy();
  }
}

function sendPlanned(productUrl: string, { asked, method, leaves }: Planned, agent: Agent): Promise<void> {
  return new Promise((resolve) => {
    const outgoing = request(new URL(askedPath(asked), productUrl), { method, agent });
    outgoing.on("close", resolve);
    outgoing.on("error", () => undefined);
    outgoing.on("response", (response) => {
      response.on("error", () => undefined);
      if (leaves === "at first bytes") {
        response.once("data", () => outgoing.destroy());
      }
      response.resume();
    });
    if (typeof leaves === "number") {
      setTimeout(() => outgoing.destroy(), leaves);
    }
    outgoing.end();
  });
}
