import { Hono } from "hono";
import type { Deps } from "../../deps.ts";

/** `GET /healthz` and `GET /readyz`: open to all, they tell nothing but up or down. */
export function healthRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/healthz", (context) => context.json({ status: "ok" }));

  routes.get("/readyz", async (context) => {
    const [redis, postgres] = await Promise.all([
      isUp(deps.redis.countExisting(["catalog"])),
      isUp(deps.database.query("select 1", [])),
    ]);
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
