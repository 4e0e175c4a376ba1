import type { InvoiceStatus } from "../ledger/invoice-status.ts";

/** Stripe's events that tell how an invoice stands. */
export const INVOICE_EVENTS = [
  "invoice.finalized",
  "invoice.paid",
  "invoice.payment_failed",
  "invoice.voided",
  "invoice.marked_uncollectible",
  "invoice.deleted",
] as const;
export type InvoiceEvent = (typeof INVOICE_EVENTS)[number];

type Moves = Record<InvoiceEvent, InvoiceStatus>;

/** To where an invoice goes that Stripe has not been known to have made final. */
const WAITING: Moves = {
  "invoice.finalized": "open",
  "invoice.paid": "paid",
  "invoice.payment_failed": "open",
  "invoice.voided": "void",
  "invoice.marked_uncollectible": "uncollectible",
  "invoice.deleted": "void",
};

function staying(status: InvoiceStatus): Moves {
  return {
    "invoice.finalized": status,
    "invoice.paid": status,
    "invoice.payment_failed": status,
    "invoice.voided": status,
    "invoice.marked_uncollectible": status,
    "invoice.deleted": status,
  };
}

/** Where an event takes an invoice of each status: never back, in whatever order events come. */
const MOVES: Record<InvoiceStatus, Moves> = {
  draft: WAITING,
  in_review: WAITING,
  // A failed attempt to collect says only that it was made final.
  blocked: WAITING,
  open: {
    ...staying("open"),
    "invoice.paid": "paid",
    "invoice.voided": "void",
    "invoice.marked_uncollectible": "uncollectible",
  },
  uncollectible: { ...staying("uncollectible"), "invoice.paid": "paid", "invoice.voided": "void" },
  paid: staying("paid"),
  void: staying("void"),
  // Not in Stripe.
  zero: staying("zero"),
};

/** Statuses by which we say that an amount is owed or was paid: not of an invoice whose total differs. */
const OWED: ReadonlySet<InvoiceStatus> = new Set(["open", "paid", "uncollectible"]);

/** True of a status from which an invoice first goes out. */
export function isWaiting(status: InvoiceStatus): boolean {
  return MOVES[status] === WAITING;
}

/**
 * The status of an invoice after an event of it; the same one when the event says nothing new.
 *
 * `isEqual`: the total before tax and discounts is ours in Stripe too. What goes out with another one is blocked.
 */
export function statusAfter(status: InvoiceStatus, event: InvoiceEvent, isEqual: boolean): InvoiceStatus {
  const next = MOVES[status][event];
  return isWaiting(status) && OWED.has(next) && !isEqual ? "blocked" : next;
}
