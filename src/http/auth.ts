import type { Context, MiddlewareHandler } from "hono";
import type { Access, Caller, Refusal, Scope } from "../domain/access.ts";
import { admitCustomer } from "./customer-access.ts";
import { ApiProblem } from "./problem.ts";
import { checkRate } from "./rate-limit.ts";

const WHY: Record<Exclude<Refusal, "busy">, string> = {
  unknown: "send a known key: Authorization: Bearer <key>",
  expired: "it has expired: make a new one",
  revoked: "this key was revoked: make a new one",
};

/**
 * Lets through requests whose bearer key has one of the scopes; `admin` has all. A customer token is let through where
 * {@link admitCustomer} lets it.
 */
export function requireScope(access: Access, ...scopes: Scope[]): MiddlewareHandler {
  return async function scopeRequired(context, next) {
    const caller = await identify(access, context);
    context.set("caller", caller);
    await checkRate(access, context, caller);
    if (caller.kind === "customer") {
      await admitCustomer(access, context, caller.customerId);
    } else if (caller.scope !== "admin" && !scopes.includes(caller.scope)) {
      const needed = [...new Set([...scopes, "admin"])].join(" or ");
      throw new ApiProblem("forbidden", `this key has the scope ${caller.scope}; needed is ${needed}`);
    }
    await next();
  };
}

/** Who asks, after {@link requireScope}: a key's id or the name of a Worker secret. */
export function callerName(context: Context): string {
  const caller = context.get("caller") as Caller;
  return caller.kind === "key" ? caller.id : `customer ${caller.customerId}`;
}

/** Whether a customer token asks, after {@link requireScope}: what is between us and Stripe is none of its affair. */
export function isCustomer(context: Context): boolean {
  return (context.get("caller") as Caller).kind === "customer";
}

async function identify(access: Access, context: Context): Promise<Caller> {
  const presented = /^Bearer +([^\s]+) *$/i.exec(context.req.header("authorization") ?? "")?.[1];
  if (presented === undefined) {
    throw new ApiProblem("unauthorized", WHY.unknown);
  }
  const identified = await access.identify(presented);
  if ("caller" in identified) {
    if (identified.afterwards !== undefined) {
      // What fails then is done with a later request.
      context.executionCtx.waitUntil(identified.afterwards().catch(() => undefined));
    }
    return identified.caller;
  }
  if (identified.refused === "busy") {
    throw new ApiProblem("rate_limited", "too many unknown keys come at once: send the same again");
  }
  throw new ApiProblem("unauthorized", WHY[identified.refused]);
}
