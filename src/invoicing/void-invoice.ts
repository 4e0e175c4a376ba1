import type Stripe from "stripe";
import { invariant } from "../domain/invariant.ts";
import { MINUTE_MS } from "../domain/window.ts";
import { tellOfStatus } from "../ledger/invoice-notifications.ts";
import { markVoidFailed, pendingVoids, settleVoid, withdrawVoid } from "../ledger/invoice-voids.ts";
import { getInvoice, type Invoice } from "../ledger/invoices.ts";
import type { Log } from "../log.ts";
import { statusAfter } from "./invoice-moves.ts";
import { reissueInvoice, type ReissueDeps } from "./reissue-invoice.ts";
import { runStep, type SendDeps } from "./run-step.ts";
import { deleteDraft, findInvoices, retrieveInvoice, voidFinal } from "./stripe-invoice.ts";

/** A draft that was being created when its void was asked for is in Stripe after this long, or never. */
const CREATING_MS = 10 * MINUTE_MS;
/** Most voids that one run goes on with. */
const MAX_PER_RUN = 100;

export type VoidDeps = SendDeps & ReissueDeps;

/** `paid`: it cannot be void, and the request is withdrawn. `creating`: a draft is on its way; the next run goes on. */
export type VoidOutcome = "void" | "paid" | "creating";

/**
 * Does what was asked for by {@link requestVoid}, from where the last attempt stopped: out of Stripe, void here, and made
 * anew if that is wanted. May run twice at once. Throws when Stripe or the ledger fails; the hourly run goes on.
 */
export async function voidInvoice(deps: VoidDeps, invoiceId: string, nowMs: number): Promise<VoidOutcome> {
  const invoice = await getInvoice(deps.database, invoiceId);
  invariant(invoice !== undefined, `invoice ${invoiceId} is there`);
  const { voiding } = invoice;
  if (voiding === null) {
    return invoice.status === "void" ? "void" : "paid";
  }
  if (invoice.status !== "void") {
    const outcome = await takeBackOnce(deps, invoice, voiding.requestedMs, nowMs);
    if (outcome !== "void") {
      return outcome;
    }
  }
  if (voiding.isReissue && voiding.replacedBy === null) {
    await reissueInvoice(deps, invoice, nowMs);
  }
  await settleVoid(deps.database, invoiceId, nowMs);
  return "void";
}

/** Goes on with voids that were asked for and are not done; one that fails keeps none of the others. */
export async function finishVoids(
  deps: VoidDeps & { log: Log },
  nowMs: number,
): Promise<{ voided: number; failed: number }> {
  const report = { voided: 0, failed: 0 };
  for (const invoiceId of await pendingVoids(deps.database, MAX_PER_RUN)) {
    try {
      const outcome = await voidInvoice(deps, invoiceId, nowMs);
      report.voided += outcome === "void" ? 1 : 0;
    } catch (error) {
      report.failed += 1;
      deps.log({ level: "error", event: "invoice_not_voided", error });
      await markVoidFailed(deps.database, invoiceId, nowMs);
    }
  }
  return report;
}

/** Of two at once Stripe may refuse one: that is fine when the other has done it. */
async function takeBackOnce(
  deps: SendDeps,
  invoice: Invoice,
  requestedMs: number,
  nowMs: number,
): Promise<VoidOutcome> {
  try {
    return await takeBack(deps, invoice, requestedMs, nowMs);
  } catch (error) {
    const now = await getInvoice(deps.database, invoice.invoiceId);
    if (now?.status === "void") {
      return "void";
    }
    throw error;
  }
}

/** Deletes what is a draft in Stripe and voids what is not, after looking how it stands there. */
async function takeBack(
  deps: SendDeps,
  invoice: Invoice,
  requestedMs: number,
  nowMs: number,
): Promise<VoidOutcome> {
  const stripe = await deps.stripe();
  const creation = invoice.steps.find(({ step }) => step === "create");
  const known = invoice.stripeInvoiceId ?? creation?.outcome?.stripeInvoiceId;
  const found = known === undefined ? [] : [await retrieveInvoice(stripe, known)];
  if (known === undefined && creation !== undefined) {
    found.push(...(await findInvoices(stripe, invoice)));
    if (found.length === 0 && nowMs - requestedMs < CREATING_MS) {
      return "creating";
    }
  }
  const there = found.filter((one) => one !== undefined);
  const paid = there.find(({ status }) => status === "paid");
  if (paid !== undefined) {
    const isEqual = BigInt(paid.subtotal) === invoice.subtotalMinor;
    const status = statusAfter(invoice.status, "invoice.paid", isEqual);
    await withdrawVoid(deps.database, invoice.invoiceId, status, tellOfStatus(invoice, status, nowMs), nowMs);
    return "paid";
  }
  await runStep(deps, invoice, "void", nowMs, async ({ idempotencyKey }) => {
    for (const one of there) {
      await takeOut(stripe, one, `${idempotencyKey}-${one.id}`);
    }
    const [first] = there;
    const stripeStatus = first === undefined ? "absent" : first.status === "draft" ? "deleted" : "void";
    return { outcome: { stripeStatus }, status: "void" };
  });
  return "void";
}

async function takeOut(stripe: Stripe, { id, status }: Stripe.Invoice, key: string): Promise<void> {
  if (status === "draft") {
    await deleteDraft(stripe, id);
  } else if (status !== "void") {
    await voidFinal(stripe, id, key);
  }
}
