import { Hono, type Context } from "hono";
import * as z from "zod";
import type { Deps } from "../../deps.ts";
import { isStorableText } from "../../domain/text.ts";
import { getInvoice } from "../../ledger/invoices.ts";
import { requireScope } from "../auth.ts";
import { ApiProblem } from "../problem.ts";
import { readQuery } from "../query.ts";

/** The address of `GET /v1/invoices/{id}/explain`. */
export const explainQuerySchema = z.strictObject({
  ref: z.string("of which line? GET the invoice lists them"),
});

/** Why a line of an invoice has its amount: `/v1/invoices/{id}/lines/{ref}/explain`, or `/v1/invoices/{id}/explain?ref=`. */
export function invoiceLineRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/invoices/:id/lines/:ref/explain", requireScope(deps.keys, "read"), async (context) =>
    explained(deps, context, context.req.param("id"), context.req.param("ref")),
  );

  routes.get("/v1/invoices/:id/explain", requireScope(deps.keys, "read"), async (context) => {
    const { ref } = readQuery(context.req.url, explainQuerySchema).parameters;
    return explained(deps, context, context.req.param("id"), ref);
  });

  return routes;
}

async function explained(deps: Deps, context: Context, invoiceId: string, ref: string): Promise<Response> {
  const invoice = isStorableText(invoiceId) ? await getInvoice(deps.database, invoiceId) : undefined;
  if (invoice === undefined) {
    throw new ApiProblem("not_found", "there is no invoice of that id");
  }
  const { explainLine } = await import("../../invoicing/explain-line.ts");
  const explanation = await explainLine(deps.database, invoice, ref);
  if (explanation === undefined) {
    throw new ApiProblem("not_found", "the invoice has no line of that ref; GET the invoice lists them");
  }
  return context.json(explanation);
}
