import type Stripe from "stripe";
import { HOUR_MS, MINUTE_MS } from "../domain/window.ts";
import { currencyOf, formatMinor } from "../domain/money.ts";
import type { Database } from "../ledger/database.ts";
import { tellOfStatus } from "../ledger/invoice-notifications.ts";
import { failStep, finishStep, renewStep, startStep, type Step } from "../ledger/invoice-steps.ts";
import type { InvoiceStatus, StepName, StepOutcome } from "../ledger/invoice-status.ts";
import type { Invoice } from "../ledger/invoices.ts";

/** Stripe may forget an idempotency key after this long. */
const KEY_LIFE_MS = 24 * HOUR_MS;
/** A request that was answered 5xx, perhaps by something between us and Stripe, is over after this long. */
const SETTLED_MS = 10 * MINUTE_MS;
/** Attempts of one run at a step: the second, when the first was answered what Stripe had stored of an earlier run's. */
const MAX_TRIES = 2;

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

/** What an attempt came to, and what follows for the invoice. */
export interface StepResult {
  outcome: StepOutcome;
  status?: InvoiceStatus;
  stripeInvoiceId?: string;
}

/** How a step stands after it was run; `isOwn` when this run has ended it. */
export interface EndedStep {
  outcome: StepOutcome;
  isOwn: boolean;
}

/**
 * Runs a step unless it is finished, written down before and after.
 *
 * Of two runs at once both send the same key, and both go on with the outcome that was written first. Undefined when the
 * invoice is void or about to be: then nothing is done.
 */
export async function runStep(
  deps: SendDeps,
  invoice: Invoice,
  name: StepName,
  nowMs: number,
  work: (attempt: Attempt) => Promise<StepResult>,
): Promise<EndedStep | undefined> {
  const { database } = deps;
  for (let tries = 1; ; tries += 1) {
    const begun = await beginStep(deps, invoice.invoiceId, name, nowMs);
    if (begun === undefined) {
      return undefined;
    }
    const { step, isFirst } = begun;
    if (step.finishedAtMs !== null) {
      return { outcome: step.outcome ?? {}, isOwn: false };
    }
    try {
      const result = await work({ idempotencyKey: step.idempotencyKey, mayBeThere: !isFirst });
      const told =
        result.status === undefined
          ? []
          : tellOfStatus(invoice, result.status, nowMs, stripeSubtotal(invoice, result));
      return await finishStep(database, invoice.invoiceId, name, result, nowMs, told);
    } catch (error) {
      const failure = stripeFailure(error);
      if (failure !== undefined) {
        await failStep(database, invoice.invoiceId, name, failure);
      }
      // What it repeats is an earlier attempt's end: another key may be taken at once, after looking.
      if (failure?.isRepeated !== true || tries === MAX_TRIES) {
        throw error;
      }
    }
  }
}

/** The step with the key for its next attempt, a new one where the old is of no more use. */
async function beginStep(
  { database, randomId }: SendDeps,
  invoiceId: string,
  name: StepName,
  nowMs: number,
): Promise<{ step: Step; isFirst: boolean } | undefined> {
  const newKey = (): string => `${invoiceId}-${name}-${randomId()}`;
  const begun = await startStep(database, invoiceId, name, newKey(), nowMs);
  if (begun === undefined || begun.isFirst || !needsNewKey(begun.step, nowMs)) {
    return begun;
  }
  await renewStep(database, invoiceId, name, begun.step.idempotencyKey, newKey(), nowMs);
  return startStep(database, invoiceId, name, newKey(), nowMs);
}

/** What Stripe's total is where it differs, for who reads that an invoice is blocked. */
function stripeSubtotal({ currency }: Invoice, { status, outcome }: StepResult): Record<string, unknown> {
  return status !== "blocked" || outcome.subtotalMinor === undefined
    ? {}
    : { stripeSubtotal: formatMinor(BigInt(outcome.subtotalMinor), currencyOf(currency)) };
}

/** Why Stripe refused or failed; undefined for any other error. */
export function stripeFailure(error: unknown): StepOutcome["failure"] {
  if (!(error instanceof Error) || !("rawType" in error || "statusCode" in error)) {
    return undefined;
  }
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : null;
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return { status, code, ...(isRepeated(error) && { isRepeated: true }) };
}

/** True of an answer that Stripe had stored under the key and gives again. */
function isRepeated(error: Error): boolean {
  const headers: unknown = "headers" in error ? error.headers : undefined;
  const value =
    headers instanceof Headers
      ? headers.get("idempotent-replayed")
      : (headers as Record<string, unknown> | undefined)?.["idempotent-replayed"];
  return value === "true";
}

/**
 * A key that Stripe may have forgotten, or under which it may have stored a refusal or a failure, is of no more use.
 *
 * 409 and 429 are not stored; after a 5xx the attempt may still be under way for a while.
 */
function needsNewKey(step: Step, nowMs: number): boolean {
  const { status = null, isRepeated: isStored } = step.outcome?.failure ?? {};
  const ageMs = nowMs - step.startedAtMs;
  if (step.finishedAtMs !== null) {
    return false;
  }
  if (ageMs >= KEY_LIFE_MS || isStored === true) {
    return true;
  }
  if (status === null || status === 409 || status === 429) {
    return false;
  }
  return status < 500 || ageMs >= SETTLED_MS;
}
