import type Stripe from "stripe";
import type { Database } from "../ledger/database.ts";
import { failStep, finishStep, renewStep, startStep, type Step } from "../ledger/invoice-steps.ts";
import type { InvoiceStatus, StepName, StepOutcome } from "../ledger/invoice-status.ts";
import type { Invoice } from "../ledger/invoices.ts";
import { HOUR_MS } from "../domain/window.ts";
import { addMissingLines, createDraft, finalizeDraft, findDraft } from "./stripe-invoice.ts";

/** Stripe may forget an idempotency key after this long. */
const KEY_LIFE_MS = 24 * HOUR_MS;

export interface SendDeps {
  database: Database;
  stripe: () => Promise<Stripe>;
  /** Fresh randomness with each call. */
  randomId: () => string;
  invoiceMode: "auto" | "review";
}

/** One attempt at a step: the key to send, and whether an earlier attempt may have left something in Stripe. */
export interface Attempt {
  idempotencyKey: string;
  mayBeThere: boolean;
}

interface StepResult {
  outcome: StepOutcome;
  status?: InvoiceStatus;
  stripeInvoiceId?: string;
}

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
  const stripe = await deps.stripe();
  const created = await runStep(deps, invoice, "create", nowMs, async (attempt) => {
    const found = attempt.mayBeThere ? await findDraft(stripe, invoice) : undefined;
    const draft = found ?? (await createDraft(stripe, invoice, attempt.idempotencyKey));
    return { outcome: { stripeInvoiceId: draft.id }, stripeInvoiceId: draft.id };
  });
  const stripeInvoiceId = created.stripeInvoiceId;
  if (stripeInvoiceId === undefined) {
    throw new Error(`step create of ${invoice.invoiceId} has no Stripe invoice`);
  }
  const added = await runStep(deps, invoice, "add_lines", nowMs, async (attempt) => {
    const subtotal = await addMissingLines(stripe, invoice, stripeInvoiceId, attempt);
    const isEqual = BigInt(subtotal) === invoice.subtotalMinor;
    const outcome = { subtotalMinor: String(subtotal) };
    return isEqual ? { outcome, ...reviewStatus(deps) } : { outcome, status: "blocked" };
  });
  if (BigInt(added.subtotalMinor ?? "-1") !== invoice.subtotalMinor) {
    return "blocked";
  }
  if (deps.invoiceMode === "auto") {
    await finalizeInvoice(deps, { ...invoice, stripeInvoiceId }, nowMs);
  }
  return "sent";
}

/** Makes a draft whose total was found equal final: from here Stripe collects it. */
export async function finalizeInvoice(deps: SendDeps, invoice: Invoice, nowMs: number): Promise<void> {
  const stripe = await deps.stripe();
  const { stripeInvoiceId } = invoice;
  if (stripeInvoiceId === null) {
    throw new Error(`invoice ${invoice.invoiceId} is not in Stripe`);
  }
  await runStep(deps, invoice, "finalize", nowMs, async (attempt) => {
    const stripeStatus = await finalizeDraft(stripe, stripeInvoiceId, attempt);
    return { outcome: { stripeStatus }, status: stripeStatus === "paid" ? "paid" : "open" };
  });
}

/** Runs a step unless it is finished, written down before and after. */
async function runStep(
  deps: SendDeps,
  invoice: Invoice,
  name: StepName,
  nowMs: number,
  work: (attempt: Attempt) => Promise<StepResult>,
): Promise<StepOutcome> {
  const newKey = (): string => `${invoice.invoiceId}-${name}-${deps.randomId()}`;
  const { step, isFirst } = await startStep(deps.database, invoice.invoiceId, name, newKey(), nowMs);
  if (step.finishedAtMs !== null) {
    return step.outcome ?? {};
  }
  let { idempotencyKey } = step;
  if (!isFirst && needsNewKey(step, nowMs)) {
    idempotencyKey = newKey();
    await renewStep(deps.database, invoice.invoiceId, name, idempotencyKey, nowMs);
  }
  try {
    const { outcome, ...follows } = await work({ idempotencyKey, mayBeThere: !isFirst });
    await finishStep(deps.database, invoice.invoiceId, name, outcome, follows, nowMs);
    return outcome;
  } catch (error) {
    const failure = stripeFailure(error);
    if (failure !== undefined) {
      await failStep(deps.database, invoice.invoiceId, name, failure);
    }
    throw error;
  }
}

/** A key that Stripe may have forgotten, or under which it has stored a failure, is of no more use. */
function needsNewKey(step: Step, nowMs: number): boolean {
  const status = step.outcome?.failure?.status ?? null;
  return nowMs - step.startedAtMs >= KEY_LIFE_MS || (status !== null && status >= 500);
}

function stripeFailure(error: unknown): StepOutcome["failure"] {
  if (!(error instanceof Error) || !("statusCode" in error || "rawType" in error)) {
    return undefined;
  }
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : null;
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return { status, code };
}

function reviewStatus(deps: SendDeps): { status?: InvoiceStatus } {
  return deps.invoiceMode === "review" ? { status: "in_review" } : {};
}
