import { Hono } from "hono";
import * as z from "zod";
import type { Deps } from "../../deps.ts";
import { checkLimit } from "../../usage/check-limit.ts";
import { parseDecimal } from "../../domain/decimal.ts";
import { customerUsage, type AskedPeriod, type CustomerUsage } from "../../usage/customer-usage.ts";
import { upcomingInvoice } from "../../usage/upcoming-invoice.ts";
import { usageDocument } from "../../usage/usage-document.ts";
import { requireScope } from "../auth.ts";
import { readCustomerId } from "../customer-id.ts";
import { readMonth } from "../month.ts";
import { ApiProblem } from "../problem.ts";
import { readQuery } from "../query.ts";

/** The address of a customer's usage: the running period, or the one that starts in a month. */
export const usageQuerySchema = z.strictObject({ period: z.string().optional() });

/** The address of a check: of which metric, and how much more of it. */
export const checkQuerySchema = z.strictObject({
  metric: z.string("which metric?"),
  quantity: z
    .string()
    .default("1")
    .refine((text) => parseDecimal(text) !== undefined, "a plain decimal such as 12.5"),
});

/** `GET /v1/customers/{id}/usage` and `/check`: every recorded event included. */
export function usageRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/customers/:id/usage", requireScope(deps.keys, "read"), async (context) => {
    const asked = readPeriod(readQuery(context.req.url, usageQuerySchema).parameters.period);
    const usage = found(await customerUsage(deps, readCustomerId(context), asked, deps.now()));
    context.header("cache-control", "no-store");
    return context.json(usageDocument(usage));
  });

  routes.get("/v1/customers/:id/invoices/upcoming", requireScope(deps.keys, "read"), async (context) => {
    const asked = { kind: "current" } as const;
    const usage = found(await customerUsage(deps, readCustomerId(context), asked, deps.now()));
    context.header("cache-control", "no-store");
    return context.json(upcomingInvoice(usage));
  });

  routes.get("/v1/customers/:id/check", requireScope(deps.keys, "read", "ingest"), async (context) => {
    const { metric } = readQuery(context.req.url, checkQuerySchema).parameters;
    const result = await checkLimit(deps, readCustomerId(context), metric, deps.now());
    if (result === "no_catalog") {
      throw new ApiProblem("no_catalog", "publish one with PUT /v1/catalog");
    }
    if (result === "unknown_metric") {
      throw new ApiProblem("invalid_request", "metric: the catalog has no meter of that name");
    }
    return context.json(result);
  });

  return routes;
}

function found(usage: CustomerUsage | "no_catalog" | undefined): CustomerUsage {
  if (usage === "no_catalog") {
    throw new ApiProblem("no_catalog", "publish one with PUT /v1/catalog");
  }
  if (usage === undefined) {
    throw new ApiProblem("not_found", "no customer of that id was put and it has no usage in this period");
  }
  return usage;
}

function readPeriod(text: string | undefined): AskedPeriod {
  if (text === undefined || text === "current") {
    return { kind: "current" };
  }
  return { kind: "month", monthMs: readMonth(text, "period: current or") };
}
