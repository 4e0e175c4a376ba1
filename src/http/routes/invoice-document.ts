import { currencyOf } from "../../domain/money.ts";
import { isStorableText } from "../../domain/text.ts";
import { isoTime } from "../../domain/window.ts";
import type { Database } from "../../ledger/database.ts";
import type { InvoiceStep } from "../../ledger/invoice-status.ts";
import { getInvoice, type Invoice } from "../../ledger/invoices.ts";
import { totalsDocument } from "../../rating/bill.ts";
import { lineDocument } from "../../rating/printed-line.ts";
import { ApiProblem } from "../problem.ts";

/** The invoice of an id that came with a request; a problem when there is none. */
export async function foundInvoice(database: Database, invoiceId: string): Promise<Invoice> {
  const invoice = isStorableText(invoiceId) ? await getInvoice(database, invoiceId) : undefined;
  if (invoice === undefined) {
    throw new ApiProblem("not_found", "there is no invoice of that id");
  }
  return invoice;
}

/** The problem that says what Stripe did not do; undefined when it was not Stripe that failed. */
export function stripeRefusal(
  failure: { status: number | null; code: string } | undefined,
  advice: string,
): ApiProblem | undefined {
  if (failure === undefined) {
    return undefined;
  }
  const answer = failure.status === null ? "gave no answer" : `answered ${failure.status} ${failure.code}`;
  return new ApiProblem("stripe_refused", `Stripe ${answer}; ${advice}`);
}

/** An invoice as the API shows it. */
export function invoiceDocument(invoice: Invoice): object {
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
    ...(invoice.voiding !== null && {
      voidReason: invoice.voiding.reason,
      voidRequestedBy: invoice.voiding.requestedBy,
      voidRequestedAt: isoTime(invoice.voiding.requestedMs),
    }),
    ...(typeof invoice.voiding?.replacedBy === "string" && { replacedBy: invoice.voiding.replacedBy }),
    ...(invoice.replaces !== null && { replaces: invoice.replaces }),
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
