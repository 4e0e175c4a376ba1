import { Hono } from "hono";
import * as z from "zod";
import type { Deps } from "../../deps.ts";
import { MAX_TOKEN_SECONDS } from "../../domain/access.ts";
import { isoTime } from "../../domain/window.ts";
import { getCustomer } from "../../ledger/customers.ts";
import { customerUsage } from "../../usage/customer-usage.ts";
import { requireScope } from "../auth.ts";
import { checked, readOptionalJson } from "../body.ts";
import { readCustomerId } from "../customer-id.ts";
import { ApiProblem } from "../problem.ts";

const DEFAULT_SECONDS = 3600;

/** How long a token lasts. */
export const tokenSchema = z.strictObject({
  expiresInSeconds: z.int().min(1).max(MAX_TOKEN_SECONDS).default(DEFAULT_SECONDS),
});

/** `POST /v1/customers/{id}/tokens`: a token with which a customer's own page reads that one customer, for a day at most. */
export function customerTokenRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.post("/v1/customers/:id/tokens", requireScope(deps.keys, "admin"), async (context) => {
    const customerId = readCustomerId(context);
    const body = await readOptionalJson(context);
    const { expiresInSeconds } = checked(tokenSchema, body, "the token is not valid; none was made");
    if (deps.tokenSecret === undefined) {
      throw new ApiProblem("not_configured", "set the secret TOKEN_SECRET: tokens are signed with it");
    }
    const nowMs = deps.now();
    await checkExists(deps, customerId, nowMs);
    const { mintToken } = await import("../../access/customer-token.ts");
    const { token, expiresMs } = await mintToken(deps.tokenSecret, customerId, expiresInSeconds, nowMs);
    context.header("cache-control", "no-store");
    return context.json({ token, expiresAt: isoTime(expiresMs) }, 201);
  });

  return routes;
}

/** One that was put, or has usage as `GET …/usage` shows it: a misspelt id is told at once. */
async function checkExists(deps: Deps, customerId: string, nowMs: number): Promise<void> {
  if ((await getCustomer(deps.database, customerId)) !== undefined) {
    return;
  }
  const usage = await customerUsage(deps, customerId, { kind: "current" }, nowMs);
  if (usage === undefined || usage === "no_catalog") {
    throw new ApiProblem("not_found", "no customer of that id was put and it has no usage in this period");
  }
}
