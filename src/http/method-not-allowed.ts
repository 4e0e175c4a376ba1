import type { Context, Hono } from "hono";
import { ApiProblem } from "./problem.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE"];

/** The problem of an address that no route has: of its method, where another would do (RFC 9110, 15.5.6), or of all. */
export function noRoute(app: Hono, context: Context): ApiProblem {
  const { path } = context.req;
  const allowed = METHODS.filter((method) => hasRoute(app, method, path));
  if (allowed.length === 0) {
    return new ApiProblem("not_found", "no such address; see the README");
  }
  context.header("allow", allowed.join(", "));
  return new ApiProblem("method_not_allowed", `this address takes ${allowed.join(", ")}`);
}

function hasRoute(app: Hono, method: string, path: string): boolean {
  const [matches] = app.router.match(method, path);
  return matches.some(([[, route]]) => route.method === method);
}
