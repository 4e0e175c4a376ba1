import type Stripe from "stripe";
import { invariant } from "../domain/invariant.ts";
import type { Invoice } from "../ledger/invoices.ts";
import type { PrintedLine } from "../rating/printed-line.ts";
import type { Attempt } from "./run-step.ts";
import { sentLines, tierText } from "./sent-lines.ts";

/** Ties a Stripe invoice to ours. */
export const INVOICE_KEY = "edgemeter_invoice_id";
/** Ties a Stripe line to ours. */
export const REF_KEY = "edgemeter_ref";
const PAGE = 100;
/** Most invoices of a customer that are looked through. */
const MAX_LOOKED_AT = 10_000;

/** What of a Stripe invoice decides whether it may go out. */
export interface StripeTotals {
  status: string;
  /** Before tax and discounts, in minor units. */
  subtotal: number;
}

/** Creates the draft that will carry our lines and nothing else. */
export async function createDraft(
  stripe: Stripe,
  invoice: Invoice,
  idempotencyKey: string,
): Promise<Stripe.Invoice> {
  const { snapshot, period } = invoice;
  return stripe.invoices.create(
    {
      customer: stripeCustomer(invoice),
      currency: invoice.currency,
      auto_advance: false,
      // Items of other origin that wait for the customer's next invoice stay where they are.
      pending_invoice_items_behavior: "exclude",
      collection_method: snapshot.collectionMethod,
      ...(snapshot.daysUntilDue !== null && { days_until_due: snapshot.daysUntilDue }),
      description: `Usage ${day(period.startMs)} to ${day(period.endMs - 1)} (UTC)`,
      metadata: {
        [INVOICE_KEY]: invoice.invoiceId,
        edgemeter_number: invoice.number,
        edgemeter_customer_id: invoice.customerId,
        edgemeter_period_start: new Date(period.startMs).toISOString(),
        ...(invoice.replaces !== null && { edgemeter_replaces: invoice.replaces }),
      },
    },
    { idempotencyKey },
  );
}

/**
 * What earlier attempts have created of an invoice, the newest first.
 *
 * Lists the customer's invoices, as search lags behind.
 */
export async function findInvoices(stripe: Stripe, invoice: Invoice): Promise<Stripe.Invoice[]> {
  const found: Stripe.Invoice[] = [];
  let looked = 0;
  try {
    for await (const candidate of stripe.invoices.list({ customer: stripeCustomer(invoice), limit: PAGE })) {
      if (candidate.metadata?.[INVOICE_KEY] === invoice.invoiceId) {
        found.push(candidate);
      }
      looked += 1;
      if (looked > MAX_LOOKED_AT) {
        throw new Error(`the Stripe customer of ${invoice.invoiceId} has too many invoices to look through`);
      }
    }
  } catch (error) {
    // A customer that Stripe does not know has no invoices there: what is to be void can be.
    if (!isUnknown(error)) {
      throw error;
    }
  }
  return found;
}

function isUnknown(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "resource_missing";
}

/**
 * Adds the lines that are not there yet, at once; answers the total before tax and discounts, in minor units.
 *
 * What somebody has made final meanwhile gets no more lines; its total tells whether it lacks any.
 */
export async function addMissingLines(
  stripe: Stripe,
  invoice: Invoice,
  stripeInvoiceId: string,
  attempt: Attempt,
): Promise<number> {
  const lines = sentLines(invoice);
  const there = attempt.mayBeThere
    ? await presentRefs(stripe, stripeInvoiceId)
    : new Set<string | undefined>();
  const missing = lines.filter(({ ref }) => !there.has(ref));
  if (missing.length === 0 || attempt.mayBeThere) {
    const { status, subtotal } = await stripe.invoices.retrieve(stripeInvoiceId);
    if (missing.length === 0 || status !== "draft") {
      return subtotal;
    }
  }
  const period = { start: invoice.period.startMs / 1000, end: invoice.period.endMs / 1000 };
  const added = await stripe.invoices.addLines(
    stripeInvoiceId,
    { lines: missing.map((line) => ({ ...lineParams(line), period })) },
    // Other parameters need another key.
    {
      idempotencyKey:
        missing.length === lines.length ? attempt.idempotencyKey : `${attempt.idempotencyKey}-rest`,
    },
  );
  return added.subtotal;
}

/**
 * Finalises a draft so that Stripe collects it; answers how it stands then.
 *
 * With `isOurs` it looks first: what is no draft any more, or has another total, is left as it is.
 */
export async function finalizeDraft(
  stripe: Stripe,
  stripeInvoiceId: string,
  idempotencyKey: string,
  isOurs: ((totals: StripeTotals) => boolean) | undefined,
): Promise<StripeTotals> {
  if (isOurs !== undefined) {
    const found = totalsOf(await stripe.invoices.retrieve(stripeInvoiceId));
    if (found.status !== "draft" || !isOurs(found)) {
      return found;
    }
  }
  return totalsOf(
    await stripe.invoices.finalizeInvoice(stripeInvoiceId, { auto_advance: true }, { idempotencyKey }),
  );
}

/** Deletes a draft that is not wanted; one that is gone already is fine. */
export async function deleteDraft(stripe: Stripe, stripeInvoiceId: string): Promise<void> {
  try {
    await stripe.invoices.del(stripeInvoiceId);
  } catch (error) {
    if (!isMissing(error)) {
      throw error;
    }
  }
}

/** An invoice as Stripe has it; undefined when it is not there, or not any more. */
export async function retrieveInvoice(
  stripe: Stripe,
  stripeInvoiceId: string,
): Promise<Stripe.Invoice | undefined> {
  try {
    return await stripe.invoices.retrieve(stripeInvoiceId);
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Voids an invoice that has gone out; whoever has it can pay it no more. */
export async function voidFinal(
  stripe: Stripe,
  stripeInvoiceId: string,
  idempotencyKey: string,
): Promise<void> {
  await stripe.invoices.voidInvoice(stripeInvoiceId, {}, { idempotencyKey });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "statusCode" in error && error.statusCode === 404;
}

function totalsOf({ status, subtotal }: Stripe.Invoice): StripeTotals {
  return { status: status ?? "open", subtotal };
}

/** All lines of an invoice, ours or not; Stripe takes some hundreds at most. */
export async function allLines(stripe: Stripe, stripeInvoiceId: string): Promise<Stripe.InvoiceLineItem[]> {
  const lines: Stripe.InvoiceLineItem[] = [];
  for await (const line of stripe.invoices.listLineItems(stripeInvoiceId, { limit: PAGE })) {
    lines.push(line);
  }
  return lines;
}

async function presentRefs(stripe: Stripe, stripeInvoiceId: string): Promise<Set<string | undefined>> {
  const lines = await allLines(stripe, stripeInvoiceId);
  return new Set(lines.map(({ metadata }) => metadata[REF_KEY]));
}

function lineParams(line: PrintedLine): Stripe.InvoiceAddLinesParams.Line {
  const amount = Number(line.amountMinor);
  invariant(Number.isSafeInteger(amount), `amount of line ${line.ref} fits Stripe's integers`);
  const tiers = tierText(line.tiers);
  return {
    amount,
    description: line.description,
    metadata: { [REF_KEY]: line.ref, ...(tiers === "" ? {} : { edgemeter_tiers: tiers }) },
  };
}

function stripeCustomer(invoice: Invoice): string {
  const { stripeCustomerId } = invoice.snapshot;
  invariant(stripeCustomerId !== null, `invoice ${invoice.invoiceId} has a Stripe customer`);
  return stripeCustomerId;
}

function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
