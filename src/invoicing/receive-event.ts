import type Stripe from "stripe";
import { currencyOf, formatMinor } from "../domain/money.ts";
import { isStorableText } from "../domain/text.ts";
import type { Database, Statement } from "../ledger/database.ts";
import { insertInvoiceNotification, tellOfStatus } from "../ledger/invoice-notifications.ts";
import type { InvoiceStatus } from "../ledger/invoice-status.ts";
import type { Invoice } from "../ledger/invoices.ts";
import { moveByEvent, readForEvent } from "../ledger/stripe-events.ts";
import { INVOICE_EVENTS, isWaiting, statusAfter, type InvoiceEvent } from "./invoice-moves.ts";
import { INVOICE_KEY } from "./stripe-invoice.ts";

/** Others that change the invoice meanwhile have it read anew, so often. */
const MAX_TRIES = 5;

/** An event as far as it says something of an invoice. */
export interface InvoiceEventNews {
  eventId: string;
  type: InvoiceEvent;
  createdMs: number;
  stripeInvoiceId: string;
  /** Ours, from its metadata. */
  invoiceId: string | null;
  stripeStatus: string;
  /** Before tax and discounts, in minor units. */
  subtotalMinor: bigint;
  /** Attempts to collect it so far. */
  attempts: number;
}

/** What became of an event: `kept` said nothing new, `ignored` is of no invoice of ours or of no kind that matters. */
export type EventVerdict = "moved" | "kept" | "duplicate" | "ignored";

/** Reads what an event says of an invoice; undefined when it is of another kind. */
export function readInvoiceEvent({ id, type, created, data }: Stripe.Event): InvoiceEventNews | undefined {
  const known = INVOICE_EVENTS.find((name) => name === type);
  if (known === undefined) {
    return undefined;
  }
  const object = data.object as Partial<Stripe.Invoice>;
  const { subtotal, status } = object;
  if (typeof object.id !== "string" || !Number.isSafeInteger(subtotal)) {
    return undefined;
  }
  const invoiceId = object.metadata?.[INVOICE_KEY] ?? null;
  return {
    eventId: id,
    type: known,
    createdMs: created * 1000,
    stripeInvoiceId: object.id,
    invoiceId: invoiceId !== null && isStorableText(invoiceId) ? invoiceId : null,
    stripeStatus: status ?? "draft",
    subtotalMinor: BigInt(subtotal ?? 0),
    attempts: object.attempt_count ?? 0,
  };
}

/**
 * Moves the invoice of an event to where the event takes it, and has that told. Events may come in any order and any
 * number of times, also at once.
 */
export async function receiveEvent(
  database: Database,
  news: InvoiceEventNews,
  nowMs: number,
): Promise<EventVerdict> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const { eventId, stripeInvoiceId, invoiceId } = news;
    const { isKnown, invoice } = await readForEvent(database, eventId, stripeInvoiceId, invoiceId);
    if (isKnown) {
      return "duplicate";
    }
    if (invoice === undefined || !isOfInvoice(news, invoice)) {
      return "ignored";
    }
    const { status: from } = invoice;
    const isEqual = news.subtotalMinor === invoice.subtotalMinor;
    const to = statusAfter(from, news.type, isEqual);
    const move = {
      invoiceId: invoice.invoiceId,
      from,
      to,
      voidReason: news.type === "invoice.deleted" ? "deleted in Stripe" : "voided in Stripe",
      finalized:
        isWaiting(from) && news.type !== "invoice.deleted"
          ? { stripeStatus: news.stripeStatus, subtotalMinor: news.subtotalMinor.toString() }
          : null,
      told: tellOf(news, invoice, to, nowMs),
    };
    const outcome = await moveByEvent(database, news, move, nowMs);
    if (outcome !== "stale") {
      return outcome === "known" ? "duplicate" : from === to ? "kept" : "moved";
    }
  }
  throw new Error(`the invoice of event ${news.eventId} changes all the time`);
}

/**
 * False of a surplus draft, and of a draft of which it is not written down yet that it is the one: when that is deleted,
 * another run has done so.
 */
function isOfInvoice({ type, stripeInvoiceId }: InvoiceEventNews, invoice: Invoice): boolean {
  return invoice.stripeInvoiceId === null
    ? type !== "invoice.deleted"
    : invoice.stripeInvoiceId === stripeInvoiceId;
}

function tellOf(news: InvoiceEventNews, invoice: Invoice, to: InvoiceStatus, nowMs: number): Statement[] {
  const stripeSubtotal = formatMinor(news.subtotalMinor, currencyOf(invoice.currency));
  const more = to === "blocked" ? { stripeSubtotal } : {};
  const told = to === invoice.status ? [] : tellOfStatus(invoice, to, nowMs, more);
  // What came after the invoice was paid or voided is news of the past.
  if (news.type !== "invoice.payment_failed" || to !== "open") {
    return told;
  }
  const failure = {
    type: "invoice.payment_failed",
    subject: `invoice.payment_failed:${invoice.invoiceId}:${news.attempts}`,
    status: to,
    more: { attempts: news.attempts },
  } as const;
  return [...told, insertInvoiceNotification(invoice, failure, nowMs)];
}
