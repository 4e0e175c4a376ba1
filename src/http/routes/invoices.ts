import { Hono } from "hono";
import type { Deps } from "../../deps.ts";
import { customerIdSchema } from "../../domain/customer.ts";
import { currencyOf } from "../../domain/money.ts";
import { periodContaining } from "../../domain/period.ts";
import { isStorableText } from "../../domain/text.ts";
import { isoTime } from "../../domain/window.ts";
import { INVOICE_STATUSES, type InvoiceStep } from "../../ledger/invoice-status.ts";
import { getInvoice, listInvoices, type Invoice, type InvoiceFilter } from "../../ledger/invoices.ts";
import { totalsDocument } from "../../rating/bill.ts";
import { lineDocument } from "../../rating/printed-line.ts";
import { requireScope } from "../auth.ts";
import { readMonth } from "../month.ts";
import { page, readPage, type Position } from "../pagination.ts";
import { ApiProblem } from "../problem.ts";

/** `/v1/invoices`: what was billed, and how far sending it has come. */
export function invoiceRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/invoices", requireScope(deps.keys, "read"), async (context) => {
    const query = context.req.query();
    const { limit, after } = readPage(query);
    const invoices = await listInvoices(deps.database, readFilter(query), limit + 1, after);
    return context.json(page(invoices, limit, position, invoiceDocument));
  });

  routes.get("/v1/invoices/:id", requireScope(deps.keys, "read"), async (context) => {
    return context.json(invoiceDocument(await foundInvoice(deps, context.req.param("id"))));
  });

  routes.get("/v1/invoices/:id/export", requireScope(deps.keys, "read"), async (context) => {
    const invoice = await foundInvoice(deps, context.req.param("id"));
    const { exportInvoice } = await import("../../invoicing/export-invoice.ts");
    context.header("content-disposition", `attachment; filename="${invoice.number}.json"`);
    return context.json(await exportInvoice(deps.database, invoice));
  });

  routes.post("/v1/invoices/run", requireScope(deps.keys, "admin"), async (context) => {
    const { runInvoicing } = await import("../../invoicing/run-invoicing.ts");
    return context.json(await runInvoicing(deps, deps.now()));
  });

  routes.post("/v1/invoices/:id/finalize", requireScope(deps.keys, "admin"), async (context) => {
    const invoice = await foundInvoice(deps, context.req.param("id"));
    if (invoice.status !== "in_review") {
      throw new ApiProblem(
        "conflict",
        `the invoice is ${invoice.status}; only one in_review can be finalised`,
      );
    }
    await finalizeOrExplain(deps, invoice);
    return context.json(invoiceDocument(await foundInvoice(deps, invoice.invoiceId)));
  });

  return routes;
}

function position(invoice: Invoice): Position {
  return { timeMs: invoice.createdAtMs, id: invoice.invoiceId };
}

async function foundInvoice(deps: Deps, invoiceId: string): Promise<Invoice> {
  const invoice = isStorableText(invoiceId) ? await getInvoice(deps.database, invoiceId) : undefined;
  if (invoice === undefined) {
    throw new ApiProblem("not_found", "there is no invoice of that id");
  }
  return invoice;
}

async function finalizeOrExplain(deps: Deps, invoice: Invoice): Promise<void> {
  const { finalizeInvoice } = await import("../../invoicing/send-invoice.ts");
  const { stripeFailure } = await import("../../invoicing/run-step.ts");
  try {
    await finalizeInvoice(deps, invoice, deps.now());
  } catch (error) {
    const failure = stripeFailure(error);
    if (failure === undefined) {
      throw error;
    }
    const answer = failure.status === null ? "gave no answer" : `answered ${failure.status} ${failure.code}`;
    throw new ApiProblem(
      "stripe_refused",
      `Stripe ${answer}; look at the invoice there, then finalise again`,
    );
  }
}

function readFilter(query: Record<string, string | undefined>): InvoiceFilter {
  const status = INVOICE_STATUSES.find((known) => known === query["status"]);
  if (query["status"] !== undefined && status === undefined) {
    throw new ApiProblem("invalid_request", `status: one of ${INVOICE_STATUSES.join(", ")}`);
  }
  const { customerId } = query;
  if (customerId !== undefined && !customerIdSchema.safeParse(customerId).success) {
    throw new ApiProblem("invalid_request", "customerId: 1 to 128 characters without U+0000");
  }
  const { period } = query;
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

function invoiceDocument(invoice: Invoice): object {
  const currency = currencyOf(invoice.currency);
  return {
    id: invoice.invoiceId,
    number: invoice.number,
    customerId: invoice.customerId,
    period: { start: isoTime(invoice.period.startMs), end: isoTime(invoice.period.endMs) },
    status: invoice.status,
    currency: invoice.currency,
    catalogVersion: invoice.catalogVersion,
    lines: invoice.lines.map((line) => lineDocument(line, currency)),
    ...totalsDocument(invoice.subtotalMinor, invoice.totalMinor, currency),
    // Null: it waits for the customer to have one.
    stripeCustomerId: invoice.snapshot.stripeCustomerId,
    stripeInvoiceId: invoice.stripeInvoiceId,
    steps: invoice.steps.map(stepDocument),
  };
}

function stepDocument({ step, startedAtMs, finishedAtMs, outcome }: InvoiceStep): object {
  return {
    step,
    startedAt: isoTime(startedAtMs),
    finishedAt: finishedAtMs === null ? null : isoTime(finishedAtMs),
    outcome,
  };
}
