import type { InvoiceStatus } from "../ledger/invoice-status.ts";
import type { Invoice } from "../ledger/invoices.ts";
import { setInReview } from "../ledger/invoices.ts";
import { runStep, type SendDeps } from "./run-step.ts";
import {
  addMissingLines,
  createDraft,
  deleteDraft,
  finalizeDraft,
  findDraft,
  type StripeTotals,
} from "./stripe-invoice.ts";

/** Stripe's statuses of an invoice that is no draft, as ours. */
const SETTLED: Record<string, InvoiceStatus> = { paid: "paid", void: "void", uncollectible: "uncollectible" };

/**
 * Brings a draft to Stripe, from the step where the last run stopped.
 *
 * Throws when Stripe or the ledger fails; the next run goes on. Never creates a second invoice, whatever was lost.
 */
export async function sendInvoice(
  deps: SendDeps,
  invoice: Invoice,
  nowMs: number,
): Promise<"sent" | "blocked"> {
  const stripeInvoiceId = await create(deps, invoice, nowMs);
  const added = await addLines(deps, invoice, stripeInvoiceId, nowMs);
  if (!added.isEqual) {
    return "blocked";
  }
  if (deps.invoiceMode === "review") {
    // Whoever has ended the step before, in whatever mode.
    await setInReview(deps.database, invoice.invoiceId, nowMs);
    return "sent";
  }
  return finalize(deps, { ...invoice, stripeInvoiceId }, nowMs, added.isOwn);
}

/**
 * Makes a draft final whose total was found equal: from here Stripe collects it.
 *
 * The total is compared once more, since a draft can be edited in Stripe.
 */
export async function finalizeInvoice(
  deps: SendDeps,
  invoice: Invoice,
  nowMs: number,
): Promise<"sent" | "blocked"> {
  return finalize(deps, invoice, nowMs, false);
}

async function create(deps: SendDeps, invoice: Invoice, nowMs: number): Promise<string> {
  const stripe = await deps.stripe();
  let own: string | undefined;
  const { outcome } = await runStep(deps, invoice, "create", nowMs, async (attempt) => {
    const found = attempt.mayBeThere ? await findDraft(stripe, invoice) : undefined;
    const draft = found ?? (await createDraft(stripe, invoice, attempt.idempotencyKey));
    own = draft.id;
    return { outcome: { stripeInvoiceId: draft.id }, stripeInvoiceId: draft.id };
  });
  const { stripeInvoiceId } = outcome;
  if (stripeInvoiceId === undefined) {
    throw new Error(`step create of ${invoice.invoiceId} has no Stripe invoice`);
  }
  if (own !== undefined && own !== stripeInvoiceId) {
    await deleteDraft(stripe, own);
  }
  return stripeInvoiceId;
}

async function addLines(
  deps: SendDeps,
  invoice: Invoice,
  stripeInvoiceId: string,
  nowMs: number,
): Promise<{ isEqual: boolean; isOwn: boolean }> {
  const stripe = await deps.stripe();
  const { outcome, isOwn } = await runStep(deps, invoice, "add_lines", nowMs, async (attempt) => {
    const subtotal = await addMissingLines(stripe, invoice, stripeInvoiceId, attempt);
    const isEqual = BigInt(subtotal) === invoice.subtotalMinor;
    return { outcome: { subtotalMinor: String(subtotal) }, ...(!isEqual && { status: "blocked" }) };
  });
  return { isEqual: outcome.subtotalMinor === invoice.subtotalMinor.toString(), isOwn };
}

/** `isJustCompared`: this run has seen the draft's total itself, so that it need not be read again. */
async function finalize(
  deps: SendDeps,
  invoice: Invoice,
  nowMs: number,
  isJustCompared: boolean,
): Promise<"sent" | "blocked"> {
  const stripe = await deps.stripe();
  const { stripeInvoiceId } = invoice;
  if (stripeInvoiceId === null) {
    throw new Error(`invoice ${invoice.invoiceId} is not in Stripe`);
  }
  const isOurs = ({ subtotal }: StripeTotals): boolean => BigInt(subtotal) === invoice.subtotalMinor;
  const { outcome } = await runStep(deps, invoice, "finalize", nowMs, async (attempt) => {
    const mustLook = attempt.mayBeThere || !isJustCompared;
    const found = await finalizeDraft(
      stripe,
      stripeInvoiceId,
      attempt.idempotencyKey,
      mustLook ? isOurs : undefined,
    );
    const status = isOurs(found) ? (SETTLED[found.status] ?? "open") : "blocked";
    return { outcome: { stripeStatus: found.status, subtotalMinor: String(found.subtotal) }, status };
  });
  return outcome.subtotalMinor === invoice.subtotalMinor.toString() ? "sent" : "blocked";
}
