import { Hono } from "hono";
import * as z from "zod";
import { announceDue } from "../../counters/due.ts";
import type { Deps } from "../../deps.ts";
import { customerIdSchema } from "../../domain/customer.ts";
import { periodContaining } from "../../domain/period.ts";
import { INVOICE_STATUSES } from "../../ledger/invoice-status.ts";
import { listInvoices, type Invoice, type InvoiceFilter } from "../../ledger/invoices.ts";
import { isCustomer, requireScope } from "../auth.ts";
import { readMonth } from "../month.ts";
import { page, pagingParameters, readPage, type Position } from "../pagination.ts";
import { ApiProblem } from "../problem.ts";
import { readQuery } from "../query.ts";
import { foundInvoice, invoiceDocument, stripeRefusal } from "./invoice-document.ts";

/** The address of `GET /v1/invoices`. */
export const invoiceQuerySchema = z.strictObject({
  customerId: customerIdSchema.optional(),
  period: z.string().optional(),
  status: z.enum(INVOICE_STATUSES, `one of ${INVOICE_STATUSES.join(", ")}`).optional(),
  ...pagingParameters,
});

/** `/v1/invoices`: what was billed, and how far sending it has come. */
export function invoiceRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/invoices", requireScope(deps.keys, "read"), async (context) => {
    const { limit: size, cursor, ...filter } = readQuery(context.req.url, invoiceQuerySchema).parameters;
    const { limit, after } = readPage({ limit: size, cursor });
    const isForCustomer = isCustomer(context);
    const asked = { ...filterOf(filter), isForCustomer };
    const invoices = await listInvoices(deps.database, asked, limit + 1, after);
    return context.json(page(invoices, limit, position, isForCustomer ? customerDocument : invoiceDocument));
  });

  routes.get("/v1/invoices/:id", requireScope(deps.keys, "read"), async (context) => {
    const invoice = await foundInvoice(deps.database, context.req.param("id"));
    return context.json(isCustomer(context) ? customerDocument(invoice) : invoiceDocument(invoice));
  });

  routes.get("/v1/invoices/:id/export", requireScope(deps.keys, "read"), async (context) => {
    const invoice = await foundInvoice(deps.database, context.req.param("id"));
    const { exportInvoice } = await import("../../invoicing/export-invoice.ts");
    context.header("content-disposition", `attachment; filename="${invoice.number}.json"`);
    return context.json(await exportInvoice(deps.database, invoice));
  });

  routes.post("/v1/invoices/run", requireScope(deps.keys, "admin"), async (context) => {
    const { runInvoicing } = await import("../../invoicing/run-invoicing.ts");
    const report = await runInvoicing(deps, deps.now());
    // What it had to tell, the next tick sends.
    await announceDue(deps.redis, deps.randomId());
    return context.json(report);
  });

  routes.post("/v1/invoices/:id/finalize", requireScope(deps.keys, "admin"), async (context) => {
    const invoice = await foundInvoice(deps.database, context.req.param("id"));
    if (invoice.status !== "in_review" || invoice.voiding !== null) {
      throw new ApiProblem(
        "conflict",
        invoice.voiding === null
          ? `the invoice is ${invoice.status}; only one in_review can be finalised`
          : "the invoice is to be void",
      );
    }
    await finalizeOrExplain(deps, invoice);
    await announceDue(deps.redis, deps.randomId());
    return context.json(invoiceDocument(await foundInvoice(deps.database, invoice.invoiceId)));
  });

  return routes;
}

/** What a customer token reads: not how sending went, nor why and by whom an invoice was void. */
function customerDocument(invoice: Invoice): object {
  return invoiceDocument({ ...invoice, steps: [], voiding: null });
}

function position(invoice: Invoice): Position {
  return { timeMs: invoice.createdAtMs, id: invoice.invoiceId };
}

async function finalizeOrExplain(deps: Deps, invoice: Invoice): Promise<void> {
  const { finalizeInvoice } = await import("../../invoicing/send-invoice.ts");
  const { stripeFailure } = await import("../../invoicing/run-step.ts");
  try {
    await finalizeInvoice(deps, invoice, deps.now());
  } catch (error) {
    const failure = stripeFailure(error);
    if (failure?.status === 409) {
      // Stripe is at the same request for somebody else.
      throw new ApiProblem("conflict", "another request finalises it right now: look at the invoice again");
    }
    throw stripeRefusal(failure, "look at the invoice there, then finalise again") ?? error;
  }
}

function filterOf({
  customerId,
  status,
  period,
}: Omit<z.infer<typeof invoiceQuerySchema>, "limit" | "cursor">): InvoiceFilter {
  return {
    customerId,
    status,
    periodStart: period === undefined ? undefined : monthRange(readMonth(period, "period")),
  };
}

function monthRange(monthMs: number): { fromMs: number; toMs: number } {
  const { startMs, endMs } = periodContaining(monthMs);
  return { fromMs: startMs, toMs: endMs };
}
