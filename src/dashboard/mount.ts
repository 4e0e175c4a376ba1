import { Hono, type Context, type ExecutionContext } from "hono";
import type { Deps } from "../deps.ts";

/** Everything of the dashboard and of the customer's page; nothing of the API. */
const PATHS = [
  "/",
  "/sign-in",
  "/sign-out",
  "/assets/*",
  "/customers",
  "/customers/*",
  "/invoices",
  "/invoices/*",
  "/catalog",
  "/catalog/*",
  "/alerts",
  "/alerts/*",
  "/webhooks",
  "/webhook-endpoints/*",
  "/jobs",
  "/jobs/*",
  "/keys",
  "/keys/*",
  "/portal",
  "/portal/*",
];

type Loaded = (
  request: Request,
  env: { requestId: string },
  execution: ExecutionContext,
) => Response | Promise<Response>;

/**
 * The dashboard's addresses. Its pages are loaded with the first of them that is asked for: counting starts without them.
 *
 * `createApi` makes the application that pages send their forms to, within the Worker.
 */
export function dashboardRoutes(deps: Deps, createApi: (deps: Deps) => Hono): Hono {
  const routes = new Hono();
  let loaded: Loaded | undefined;
  const serve = async (context: Context): Promise<Response> => {
    if (loaded === undefined) {
      const { createDashboard } = await import("./dashboard.tsx");
      const api = createApi(deps);
      loaded = createDashboard(deps, (request, execution) => api.fetch(request, {}, execution)).fetch;
    }
    return loaded(context.req.raw, { requestId: context.get("requestId") }, context.executionCtx);
  };
  for (const path of PATHS) {
    routes.all(path, serve);
  }
  return routes;
}
