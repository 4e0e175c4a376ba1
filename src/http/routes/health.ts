import { Hono } from "hono";
import type { Deps } from "../../deps.ts";

/** How long an isolate's answer stands, so that nobody can keep a database awake or run up commands by asking. */
const REMEMBERED_MS = 10_000;

/** `GET /healthz` and `GET /readyz`: open to all, they tell nothing but up or down. */
export function healthRoutes(deps: Deps): Hono {
  const routes = new Hono();
  let known: { redis: boolean; postgres: boolean; atMs: number } | undefined;

  routes.get("/healthz", (context) => context.json({ status: "ok" }));

  routes.get("/readyz", async (context) => {
    const nowMs = deps.now();
    if (known === undefined || nowMs - known.atMs >= REMEMBERED_MS) {
      const [redis, postgres] = await Promise.all([
        isUp(deps.redis.countExisting(["catalog"])),
        isUp(deps.database.query("select 1", [])),
      ]);
      known = { redis, postgres, atMs: nowMs };
    }
    const { redis, postgres } = known;
    const isReady = redis && postgres;
    return context.json({ status: isReady ? "ready" : "not_ready", redis, postgres }, isReady ? 200 : 503);
  });

  return routes;
}

async function isUp(probe: Promise<unknown>): Promise<boolean> {
  return probe.then(
    () => true,
    () => false,
  );
}
