import type { InvoiceStatus } from "../ledger/invoice-status.ts";
import type { Invoice } from "../ledger/invoices.ts";
import { setInReview } from "../ledger/invoices.ts";
import { runStep, type SendDeps } from "./run-step.ts";
import {
  addMissingLines,
  createDraft,
  deleteDraft,
  finalizeDraft,
  findInvoices,
  type StripeTotals,
} from "./stripe-invoice.ts";

/** Stripe's statuses of an invoice that is no draft, as ours. */
const SETTLED: Record<string, InvoiceStatus> = { paid: "paid", void: "void", uncollectible: "uncollectible" };

/** What sending an invoice came to; `voided`: it is void, or about to be, and was left alone. */
export type SendOutcome = "sent" | "blocked" | "voided";

/**
 * Brings a draft to Stripe, from the step where the last run stopped.
 *
 * Throws when Stripe or the ledger fails; the next run goes on. Never creates a second invoice, whatever was lost.
 */
export async function sendInvoice(deps: SendDeps, invoice: Invoice, nowMs: number): Promise<SendOutcome> {
  const stripeInvoiceId = await create(deps, invoice, nowMs);
  const added = stripeInvoiceId && (await addLines(deps, invoice, stripeInvoiceId, nowMs));
  if (!stripeInvoiceId || !added) {
    return "voided";
  }
  if (!added.isEqual) {
    return "blocked";
  }
  if (deps.invoiceMode === "review") {
    // Whoever has ended the step before, in whatever mode.
    await setInReview(deps.database, invoice, nowMs);
    return "sent";
  }
  return finalize(deps, { ...invoice, stripeInvoiceId }, nowMs, added.isOwn);
}

/**
 * Makes a draft final whose total was found equal: from here Stripe collects it.
 *
 * The total is compared once more, since a draft can be edited in Stripe.
 */
export async function finalizeInvoice(deps: SendDeps, invoice: Invoice, nowMs: number): Promise<SendOutcome> {
  return finalize(deps, invoice, nowMs, false);
}

async function create(deps: SendDeps, invoice: Invoice, nowMs: number): Promise<string | undefined> {
  const stripe = await deps.stripe();
  let drafts: string[] = [];
  const ended = await runStep(deps, invoice, "create", nowMs, async (attempt) => {
    const found = attempt.mayBeThere ? await findInvoices(stripe, invoice) : [];
    // The newest is first; one that is no draft any more is the one that counts, or else the oldest.
    const kept =
      found.findLast(({ status }) => status !== "draft") ??
      found.at(-1) ??
      (await createDraft(stripe, invoice, attempt.idempotencyKey));
    drafts = [kept, ...found].filter(({ status }) => status === "draft").map(({ id }) => id);
    return { outcome: { stripeInvoiceId: kept.id }, stripeInvoiceId: kept.id };
  });
  if (ended === undefined) {
    return undefined;
  }
  const { stripeInvoiceId } = ended.outcome;
  if (stripeInvoiceId === undefined) {
    throw new Error(`step create of ${invoice.invoiceId} has no Stripe invoice`);
  }
  // After it is written down which one counts: of two runs each may have found the other's.
  for (const id of new Set(drafts)) {
    if (id !== stripeInvoiceId) {
      await deleteDraft(stripe, id);
    }
  }
  return stripeInvoiceId;
}

async function addLines(
  deps: SendDeps,
  invoice: Invoice,
  stripeInvoiceId: string,
  nowMs: number,
): Promise<{ isEqual: boolean; isOwn: boolean } | undefined> {
  const stripe = await deps.stripe();
  const ended = await runStep(deps, invoice, "add_lines", nowMs, async (attempt) => {
    const subtotal = await addMissingLines(stripe, invoice, stripeInvoiceId, attempt);
    const isEqual = BigInt(subtotal) === invoice.subtotalMinor;
    return { outcome: { subtotalMinor: String(subtotal) }, ...(!isEqual && { status: "blocked" }) };
  });
  return (
    ended && {
      isEqual: ended.outcome.subtotalMinor === invoice.subtotalMinor.toString(),
      isOwn: ended.isOwn,
    }
  );
}

/** `isJustCompared`: this run has seen the draft's total itself, so that it need not be read again. */
async function finalize(
  deps: SendDeps,
  invoice: Invoice,
  nowMs: number,
  isJustCompared: boolean,
): Promise<SendOutcome> {
  const stripe = await deps.stripe();
  const { stripeInvoiceId } = invoice;
  if (stripeInvoiceId === null) {
    throw new Error(`invoice ${invoice.invoiceId} is not in Stripe`);
  }
  const isOurs = ({ subtotal }: StripeTotals): boolean => BigInt(subtotal) === invoice.subtotalMinor;
  const ended = await runStep(deps, invoice, "finalize", nowMs, async (attempt) => {
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
  if (ended === undefined) {
    return "voided";
  }
  return ended.outcome.subtotalMinor === invoice.subtotalMinor.toString() ? "sent" : "blocked";
}
