import type { Hono } from "hono";
import { createApp } from "./app.ts";
import { depsOf, type Deps } from "./deps.ts";
import { Misconfigured } from "./env.ts";
import { consoleLog, logUnder } from "./log.ts";
import { runScheduled } from "./scheduled.ts";

export { MeterEntrypoint } from "./rpc.ts";

const apps = new WeakMap<Deps, Hono>();

function appOf(deps: Deps): Hono {
  const app = apps.get(deps) ?? createApp(deps);
  apps.set(deps, app);
  return app;
}

export default {
  async fetch(request, env, context) {
    try {
      return await appOf(depsOf(env)).fetch(request, env, context);
    } catch (error) {
      if (!(error instanceof Misconfigured)) {
        throw error;
      }
      const requestId = crypto.randomUUID();
      logUnder(requestId, () => consoleLog({ level: "error", event: "misconfigured", error }));
      const problem = {
        type: "/docs/problems/misconfigured",
        title: "The Worker's settings are missing or wrong",
      };
      const body = JSON.stringify({
        ...problem,
        status: 500,
        code: "misconfigured",
        detail: "see the Worker's log",
        instance: new URL(request.url).pathname,
        requestId,
      });
      const headers = { "content-type": "application/problem+json", "x-request-id": requestId };
      return new Response(body, { status: 500, headers: { ...headers, "cache-control": "no-store" } });
    }
  },

  async scheduled(controller, env) {
    const deps = depsOf(env);
    await logUnder(deps.randomId(), () => runScheduled(deps, controller.cron, controller.scheduledTime));
  },
} satisfies ExportedHandler;
