import type { Hono } from "hono";
import { createApp } from "./app.ts";
import { depsOf, type Deps } from "./deps.ts";
import { Misconfigured } from "./env.ts";
import { consoleLog } from "./log.ts";
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
      consoleLog({ level: "error", event: "misconfigured", error });
      const problem = {
        type: "/docs/problems/misconfigured",
        title: "The Worker's settings are missing or wrong",
      };
      const body = JSON.stringify({
        ...problem,
        status: 500,
        code: "misconfigured",
        detail: "see the Worker's log",
      });
      return new Response(body, { status: 500, headers: { "content-type": "application/problem+json" } });
    }
  },

  async scheduled(controller, env) {
    await runScheduled(depsOf(env), controller.cron, controller.scheduledTime);
  },
} satisfies ExportedHandler;
