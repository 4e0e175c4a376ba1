import type { Stripe } from "stripe";
import type { Call } from "./call.ts";
import { findCustomer } from "./customers.ts";
import { stateRefused, StripeFailure } from "./errors.ts";
import { invoiceView, refreshDraft, type InvoiceView } from "./invoice-view.ts";
import { findInvoice, saveInvoice } from "./invoices.ts";
import { minimumCharge } from "./parameters/currencies.ts";
import type { StoredInvoice } from "./store.ts";

const HOUR_SECONDS = 3600;
const NOT_OPEN = "You can only pass in open invoices. This invoice isn't open.";

/** Finalises a draft: number, balance and status are settled; nothing due makes it paid at once. */
export function finalizeInvoice(
  call: Call,
  params: Stripe.InvoiceFinalizeInvoiceParams,
  id: string,
): InvoiceView {
  const invoice = findInvoice(call, id, "id");
  const isAdvancing = params.auto_advance ?? invoice.auto_advance;
  return finalizeDraft(call, { ...invoice, auto_advance: isAdvancing });
}

function finalizeDraft(call: Call, before: StoredInvoice): InvoiceView {
  if (before.status !== "draft") {
    throw stateRefused("This invoice is already finalized, you can't re-finalize a non-draft invoice.", {
      code: "invoice_not_editable",
    });
  }
  const draft = refreshDraft(call, before);
  const settled = settleBalance(draft);
  const open: StoredInvoice = {
    ...draft,
    ...settled,
    status: "open",
    number: draft.number ?? takeNumber(call, draft.customer),
    effective_at: draft.effective_at ?? call.nowSeconds,
    automatically_finalizes_at: null,
    next_payment_attempt:
      draft.auto_advance && draft.collection_method === "charge_automatically"
        ? call.nowSeconds + HOUR_SECONDS
        : null,
    hosted_invoice_url: `https://invoice.stripe.invalid/i/acct_local/${draft.id}`,
    invoice_pdf: `https://pay.stripe.invalid/invoice/acct_local/${draft.id}/pdf`,
    status_transitions: { ...draft.status_transitions, finalized_at: call.nowSeconds },
  };
  const customer = findCustomer(call, draft.customer, "customer", 400);
  if (customer.currency === draft.currency && settled.ending_balance !== customer.balance) {
    call.store.put("customers", { ...customer, balance: settled.ending_balance });
  }
  if (settled.amount_due > 0) {
    return saveInvoice(call, before, open, ["invoice.finalized"]);
  }
  return saveInvoice(call, before, paidInvoice(call, { ...open, attempted: true }), [
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_succeeded",
  ]);
}

/** What is due and what goes to the customer's balance: credit left over, or an amount too small to charge. */
function settleBalance(draft: StoredInvoice) {
  const sum = draft.total + draft.starting_balance;
  const isChargeable = sum >= minimumCharge(draft.currency);
  const amountDue = isChargeable ? sum : 0;
  return { amount_due: amountDue, amount_remaining: amountDue, ending_balance: isChargeable ? 0 : sum };
}

function takeNumber(call: Call, customerId: string): string {
  const customer = findCustomer(call, customerId, "customer", 400);
  const sequence = customer.next_invoice_sequence;
  call.store.put("customers", { ...customer, next_invoice_sequence: sequence + 1 });
  return `${customer.invoice_prefix}-${String(sequence).padStart(4, "0")}`;
}

function paidInvoice(call: Call, invoice: StoredInvoice): StoredInvoice {
  return {
    ...invoice,
    status: "paid",
    auto_advance: false,
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, paid_at: call.nowSeconds },
  };
}

/** Pays an invoice, a draft after finalising it; a declined method answers 402 and keeps the failed attempt. */
export function payInvoice(call: Call, params: Stripe.InvoicePayParams, id: string): InvoiceView {
  const found = findInvoice(call, id, "id");
  if (found.status === "paid") {
    throw stateRefused("Invoice is already paid");
  }
  if (found.status === "draft" && finalizeDraft(call, found).status === "paid") {
    return invoiceView(call, findInvoice(call, id, "id"));
  }
  if (params.paid_out_of_band === true) {
    return completePayment(call, id, { isAttempt: false });
  }
  const method = params.payment_method ?? params.source ?? defaultMethod(call, findInvoice(call, id, "id"));
  if (method === null) {
    throw stateRefused(
      "This customer has no attached payment source or default payment method. Please consider adding a default payment method.",
      { code: "resource_missing" },
    );
  }
  if (/chargeCustomerFail|chargeDeclined/i.test(method)) {
    failPayment(call, id);
    throw new StripeFailure(
      402,
      {
        type: "card_error",
        code: "card_declined",
        decline_code: "generic_decline",
        message: "Your card was declined.",
      },
      "applied",
    );
  }
  return completePayment(call, id, { isAttempt: true });
}

function defaultMethod(call: Call, invoice: StoredInvoice): string | null {
  const customer = findCustomer(call, invoice.customer, "customer", 400);
  const method =
    invoice.default_payment_method ??
    invoice.default_source ??
    customer.invoice_settings.default_payment_method ??
    customer.default_source;
  return method as string | null;
}

/** Marks an open or uncollectible invoice as paid in full, as when the customer pays. */
export function completePayment(call: Call, id: string, options: { isAttempt: boolean }): InvoiceView {
  const before = findInvoice(call, id, "id");
  if (before.status !== "open" && before.status !== "uncollectible") {
    throw stateRefused(before.status === "paid" ? "Invoice is already paid" : NOT_OPEN);
  }
  const after = paidInvoice(call, {
    ...before,
    ...(options.isAttempt
      ? { attempted: true, attempt_count: before.attempt_count + 1 }
      : { amount_paid_off_stripe: before.amount_due }),
  });
  setDelinquent(call, before.customer, false);
  return saveInvoice(call, before, after, ["invoice.paid", "invoice.payment_succeeded"]);
}

/** Notes a failed attempt to collect; the invoice stays open. */
export function failPayment(call: Call, id: string): InvoiceView {
  const before = findInvoice(call, id, "id");
  if (before.status !== "open") {
    throw stateRefused(NOT_OPEN);
  }
  setDelinquent(call, before.customer, true);
  const after = { ...before, attempted: true, attempt_count: before.attempt_count + 1 };
  return saveInvoice(call, before, after, ["invoice.payment_failed"]);
}

function setDelinquent(call: Call, customerId: string, isDelinquent: boolean): void {
  const customer = findCustomer(call, customerId, "customer", 400);
  call.store.put("customers", { ...customer, delinquent: isDelinquent });
}

/** Voids an open or uncollectible invoice for good; amounts stay as they were. */
export function voidInvoice(call: Call, _params: Stripe.InvoiceVoidInvoiceParams, id: string): InvoiceView {
  const before = findInvoice(call, id, "id");
  if (before.status === "paid") {
    throw stateRefused("Invoices with `paid` payments cannot be voided.");
  }
  if (before.status !== "open" && before.status !== "uncollectible") {
    throw stateRefused(NOT_OPEN);
  }
  const transitions = { ...before.status_transitions, voided_at: call.nowSeconds };
  const after = { ...closed(before), status: "void", status_transitions: transitions } as const;
  return saveInvoice(call, before, after, ["invoice.voided"]);
}

export function markUncollectible(
  call: Call,
  _params: Stripe.InvoiceMarkUncollectibleParams,
  id: string,
): InvoiceView {
  const before = findInvoice(call, id, "id");
  if (before.status !== "open") {
    const isMarked = before.status === "uncollectible";
    throw stateRefused(isMarked ? "This invoice has already been marked uncollectible." : NOT_OPEN);
  }
  const transitions = { ...before.status_transitions, marked_uncollectible_at: call.nowSeconds };
  const after = { ...closed(before), status: "uncollectible", status_transitions: transitions } as const;
  return saveInvoice(call, before, after, ["invoice.marked_uncollectible"]);
}

function closed(invoice: StoredInvoice): StoredInvoice {
  return { ...invoice, auto_advance: false, next_payment_attempt: null };
}

/** Sends an open `send_invoice` invoice (no mail leaves this machine), finalising a draft first. */
export function sendInvoice(call: Call, _params: Stripe.InvoiceSendInvoiceParams, id: string): InvoiceView {
  const before = findInvoice(call, id, "invoice");
  if (before.collection_method !== "send_invoice") {
    throw stateRefused("You can only manually send an invoice if its collection method is 'send_invoice'.");
  }
  if (before.status === "draft") {
    finalizeDraft(call, before);
  }
  const invoice = findInvoice(call, id, "invoice");
  if (invoice.status === "open") {
    return saveInvoice(call, invoice, invoice, ["invoice.sent"]);
  }
  if (before.status === "draft") {
    return invoiceView(call, invoice);
  }
  throw stateRefused("This invoice cannot be sent right now.");
}
