import { Hono } from "hono";
import * as z from "zod";
import { announceDue } from "../../counters/due.ts";
import type { Deps } from "../../deps.ts";
import { storableText } from "../../domain/text.ts";
import { requestVoid } from "../../ledger/invoice-voids.ts";
import { requireScope } from "../auth.ts";
import { checked, readJson } from "../body.ts";
import { ApiProblem } from "../problem.ts";
import { foundInvoice, invoiceDocument, stripeRefusal } from "./invoice-document.ts";

/** The only scope that may void. */
const REQUESTED_BY = "admin";
const MAX_REASON = 500;

/** Why an invoice is void, and whether it is made anew. */
export const voidSchema = z.strictObject({
  reason: storableText(MAX_REASON),
  reissue: z.boolean().default(false),
});

/** `POST /v1/invoices/{id}/void`: takes an invoice back, and makes it anew if that is wanted. */
export function invoiceVoidRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.post("/v1/invoices/:id/void", requireScope(deps.keys, "admin"), async (context) => {
    const invalid = "the request is not valid; nothing was voided";
    const { reason, reissue } = checked(voidSchema, await readJson(context), invalid);
    const { invoiceId } = await foundInvoice(deps.database, context.req.param("id"));
    const request = { invoiceId, reason, requestedBy: REQUESTED_BY, isReissue: reissue };
    await requestVoid(deps.database, request, deps.now());
    const asked = await foundInvoice(deps.database, invoiceId);
    if (asked.voiding === null) {
      throw isPaid();
    }
    if (asked.voiding.reason !== reason) {
      const other = JSON.stringify(asked.voiding.reason);
      throw new ApiProblem("conflict", `it is void, or to be, for another reason: ${other}`);
    }
    if ((await voidOrExplain(deps, invoiceId)) === "paid") {
      throw isPaid();
    }
    await announceDue(deps.redis, deps.randomId());
    const invoice = await foundInvoice(deps.database, invoiceId);
    // Accepted: a draft was on its way to Stripe. The hourly run goes on.
    return context.json(invoiceDocument(invoice), invoice.status === "void" ? 200 : 202);
  });

  return routes;
}

function isPaid(): ApiProblem {
  return new ApiProblem("conflict", "a paid invoice cannot be void: refund it, or credit it, in Stripe");
}

async function voidOrExplain(deps: Deps, invoiceId: string): Promise<"void" | "paid" | "creating"> {
  const [{ voidInvoice }, { stripeFailure }] = await Promise.all([
    import("../../invoicing/void-invoice.ts"),
    import("../../invoicing/run-step.ts"),
  ]);
  try {
    return await voidInvoice(deps, invoiceId, deps.now());
  } catch (error) {
    const advice = "the void is written down: send it again, or the hourly run goes on with it";
    throw stripeRefusal(stripeFailure(error), advice) ?? error;
  }
}
