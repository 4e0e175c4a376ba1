import type Stripe from "stripe";
import { MINUTE_MS } from "../domain/window.ts";
import type { Database } from "../ledger/database.ts";
import { openFindings, settleFindings, type Finding } from "../ledger/integrity-findings.ts";
import { invoicesToCheck, markChecked } from "../ledger/invoice-checks.ts";
import { getInvoice, type Invoice } from "../ledger/invoices.ts";
import { compareInvoice, type Difference, type StripeTwin } from "./compare-invoice.ts";
import { inLanes } from "./in-lanes.ts";
import { stripeFailure } from "./run-step.ts";
import { allLines, REF_KEY, retrieveInvoice } from "./stripe-invoice.ts";

/** Most invoices that one run compares, besides those that did not agree before. */
const MAX_CHECKED = 400;
const MAX_OPEN = 100;
/** Requests at a time: Stripe takes 25 a second per endpoint, and answers in a tenth of one at best. */
const LANES = 2;
/** What has changed in Stripe this lately is told by an event that may be on its way. */
const EVENT_UNDER_WAY_MS = 2 * MINUTE_MS;

export interface InvoicesReport {
  /** Invoices that were compared. */
  checked: number;
  /** Invoices that were changing: not compared. */
  moving: number;
  drifted: number;
  /** True when Stripe asked to be asked less; the next run goes on. */
  isCut: boolean;
}

/**
 * Compares invoices that were not compared since a moment, or any, with Stripe's, those not compared for longest first, and keeps
 * where they do not agree.
 * Changes neither. What was compared is kept also when Stripe fails on the way.
 */
export async function checkInvoices(
  stripe: Stripe,
  database: Database,
  nowMs: number,
  sinceMs: number | null,
): Promise<InvoicesReport> {
  const open = await openFindings(database, "invoices", MAX_OPEN);
  const invoices = await invoicesToCheck(database, [...open], sinceMs, MAX_CHECKED);
  const report: InvoicesReport = { checked: 0, moving: 0, drifted: 0, isCut: false };
  const checked: string[] = [];
  const drifted: Finding[] = [];
  try {
    const isWhole = await inLanes(invoices, LANES, async (invoice) => {
      const differences = await differencesOf(stripe, database, invoice, nowMs);
      if (differences === "limited" || differences === "moving") {
        report.moving += differences === "moving" ? 1 : 0;
        return differences === "moving";
      }
      checked.push(invoice.invoiceId);
      if (differences.length > 0) {
        drifted.push(findingOf(invoice, differences));
      }
      return true;
    });
    report.isCut = !isWhole;
  } finally {
    const subjects = new Set(drifted.map(({ subject }) => subject));
    const agreed = checked.filter((id) => open.has(id) && !subjects.has(id));
    await settleFindings(database, "invoices", { drifted, agreed }, nowMs);
    await markChecked(database, checked, nowMs);
  }
  return { ...report, checked: checked.length, drifted: drifted.length };
}

/** What differs; `moving` when that may be because the invoice changes, `limited` when Stripe was asked too much. */
async function differencesOf(
  stripe: Stripe,
  database: Database,
  invoice: Invoice,
  nowMs: number,
): Promise<Difference[] | "moving" | "limited"> {
  const { stripeInvoiceId, invoiceId, status } = invoice;
  if (stripeInvoiceId === null || status === "blocked" || status === "draft") {
    // Found before, and settled since.
    return [];
  }
  if (invoice.voiding !== null && status !== "void") {
    return "moving";
  }
  try {
    const found = await retrieveInvoice(stripe, stripeInvoiceId);
    const differences = compareInvoice(invoice, found && (await twinOf(stripe, found)));
    if (differences.length === 0) {
      return [];
    }
    // Events that came in between have moved it.
    const now = await getInvoice(database, invoiceId);
    const isMoving = now?.status !== status || (differences[0]?.what === "status" && isFresh(found, nowMs));
    return isMoving ? "moving" : differences;
  } catch (error) {
    if (stripeFailure(error)?.status === 429) {
      return "limited";
    }
    throw error;
  }
}

function isFresh(found: Stripe.Invoice | undefined, nowMs: number): boolean {
  const times = Object.values(found?.status_transitions ?? {});
  return times.some((seconds) => seconds !== null && seconds * 1000 > nowMs - EVENT_UNDER_WAY_MS);
}

async function twinOf(stripe: Stripe, found: Stripe.Invoice): Promise<StripeTwin> {
  const lines = found.lines.has_more ? await allLines(stripe, found.id) : found.lines.data;
  return {
    status: found.status ?? "",
    currency: found.currency,
    subtotal: found.subtotal,
    lines: lines.map(({ metadata, amount }) => ({ ref: metadata[REF_KEY] ?? null, amount })),
  };
}

function findingOf(
  { invoiceId, number, customerId, stripeInvoiceId }: Invoice,
  differences: Difference[],
): Finding {
  return { subject: invoiceId, detail: { invoiceId, number, customerId, stripeInvoiceId, differences } };
}
