import { Hono } from "hono";
import { oldestUnflushed } from "../../counters/flush-lag.ts";
import type { Deps } from "../../deps.ts";
import { isoTime } from "../../domain/window.ts";
import { EVENT_PATH_TIMEOUT_MS } from "../../ledger/database.ts";

/** How long an isolate's answer stands, so that nobody can keep a database awake or run up commands by asking. */
const REMEMBERED_MS = 10_000;
/** How long one request is taken to be asking, at most: longer than both stores have. */
const ASKING_MS = 6_000;
const POLL_MS = 10;
const MAX_POLLS = 500;

interface Readiness {
  redis: boolean;
  postgres: boolean;
  /** Null when Redis does not tell. */
  flushLagSeconds: number | null;
  /** Since when the bucket waits that is not in the ledger for longest; null when none waits. */
  oldestDirtyBucket: string | null;
}

/** An isolate's memory of its stores: plain data that requests may share. */
interface ReadinessMemory {
  known: { readiness: Readiness; atMs: number } | undefined;
  /** Since when a request asks the stores, epoch ms; others wait for what it finds. */
  asking: { sinceMs: number } | undefined;
}

/** `GET /healthz` and `GET /readyz`: open to all, they tell whether it is up and how far the flush is behind. */
export function healthRoutes(deps: Deps): Hono {
  const routes = new Hono();
  const memory: ReadinessMemory = { known: undefined, asking: undefined };

  routes.get("/healthz", (context) => context.json({ status: "ok" }));

  routes.get("/readyz", async (context) => {
    const nowMs = deps.now();
    const readiness = (await remembered(memory, nowMs)) ?? (await ask(deps, memory, nowMs));
    const isReady = readiness.redis && readiness.postgres;
    return context.json({ status: isReady ? "ready" : "not_ready", ...readiness }, isReady ? 200 : 503);
  });

  return routes;
}

/**
 * What this isolate has found a moment ago, or another request of it finds meanwhile; undefined when the stores have to be
 * asked.
 *
 * A Worker may not wait for another request's promise, so each waits on a timer of its own, and not for ever: the one that
 * asks may have been cancelled.
 */
async function remembered(memory: ReadinessMemory, nowMs: number): Promise<Readiness | undefined> {
  for (let polls = 0; polls < MAX_POLLS; polls += 1) {
    const { known } = memory;
    if (known !== undefined && nowMs - known.atMs < REMEMBERED_MS) {
      return known.readiness;
    }
    if (memory.asking === undefined || nowMs - memory.asking.sinceMs >= ASKING_MS) {
      return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return undefined;
}

async function ask(deps: Deps, memory: ReadinessMemory, nowMs: number): Promise<Readiness> {
  const asking = { sinceMs: nowMs };
  memory.asking = asking;
  try {
    const [waiting, postgres] = await Promise.all([
      answered(oldestUnflushed(deps.redis, nowMs)),
      answered(deps.database.query("select 1", [], EVENT_PATH_TIMEOUT_MS)),
    ]);
    const readiness = {
      redis: waiting.isUp,
      postgres: postgres.isUp,
      flushLagSeconds: waiting.isUp ? secondsSince(waiting.value, nowMs) : null,
      oldestDirtyBucket: waiting.value === undefined ? null : isoTime(waiting.value),
    };
    memory.known = { readiness, atMs: nowMs };
    return readiness;
  } finally {
    if (memory.asking === asking) {
      memory.asking = undefined;
    }
  }
}

function secondsSince(timeMs: number | undefined, nowMs: number): number {
  return timeMs === undefined ? 0 : Math.max(0, Math.floor((nowMs - timeMs) / 1000));
}

interface Probe<Value> {
  isUp: boolean;
  value: Value | undefined;
}

async function answered<Value>(probe: Promise<Value>): Promise<Probe<Value>> {
  return probe.then(
    (value) => ({ isUp: true, value }),
    () => ({ isUp: false, value: undefined }),
  );
}
