import { currencyOf, formatMinor } from "../domain/money.ts";
import { isoTime } from "../domain/window.ts";
import type { Statement } from "./database.ts";
import type { InvoiceStatus } from "./invoice-status.ts";

/** What of an invoice is told. */
export interface ToldInvoice {
  invoiceId: string;
  customerId: string;
  period: { startMs: number; endMs: number };
  currency: string;
  totalMinor: bigint;
  snapshot: { stripeCustomerId: string | null };
}

export type InvoiceNotification =
  | "invoice.created"
  | "invoice.paid"
  | "invoice.payment_failed"
  | "invoice.blocked";

/** What is told of an invoice that has come to a status; each is told once. */
const TOLD: Record<InvoiceStatus, readonly InvoiceNotification[]> = {
  // One that stays here for want of a Stripe customer.
  draft: ["invoice.created"],
  in_review: ["invoice.created"],
  open: ["invoice.created"],
  paid: ["invoice.created", "invoice.paid"],
  uncollectible: ["invoice.created"],
  blocked: ["invoice.blocked"],
  void: [],
  zero: [],
};

/** Has an invoice told that comes to `status` by the transaction that this belongs into; nothing when it does not. */
export function tellOfStatus(
  told: ToldInvoice,
  status: InvoiceStatus,
  nowMs: number,
  more: Record<string, unknown> = {},
): Statement[] {
  return TOLD[status].map((type) =>
    insertInvoiceNotification(told, { type, subject: `${type}:${told.invoiceId}`, status, more }, nowMs),
  );
}

/**
 * Keeps what is to be told of an invoice that has a status by now, once per subject.
 *
 * The ledger adds the invoice's number, which is not known before its row is written.
 */
export function insertInvoiceNotification(
  { invoiceId, customerId, period, currency, totalMinor, snapshot }: ToldInvoice,
  told: {
    type: InvoiceNotification;
    subject: string;
    status: InvoiceStatus;
    more: Record<string, unknown>;
  },
  nowMs: number,
): Statement {
  const data = {
    invoiceId,
    customerId,
    period: { start: isoTime(period.startMs), end: isoTime(period.endMs) },
    status: told.status,
    currency,
    total: formatMinor(totalMinor, currencyOf(currency)),
    customerHasStripe: snapshot.stripeCustomerId !== null,
    ...told.more,
  };
  return {
    // Of no customer: endpoints of single customers do not get it.
    text: `
insert into notifications (notification_id, type, subject, customer_id, data, created_at)
select 'ntf_' || gen_random_uuid(), $2, $3, null, $4::jsonb || jsonb_build_object('number', number),
  to_timestamp($5::bigint / 1000.0)
from invoices where invoice_id = $1 and status = $6
on conflict (subject) do nothing`,
    params: [invoiceId, told.type, told.subject, JSON.stringify(data), nowMs, told.status],
  };
}
