import type { Stripe } from "stripe";
import { newId, previousAttributes, recordEvent, type Call, type EventType } from "./call.ts";
import { findCustomer, findLiveCustomer, type DeletedObject } from "./customers.ts";
import {
  invalidParameter,
  missingParameter,
  resourceMissing,
  stateRefused,
  StripeFailure,
} from "./errors.ts";
import { changedField, mergeMetadata } from "./field-changes.ts";
import { blankInvoice } from "./invoice-blank.ts";
import { invoiceView, refreshDraft, type InvoiceView } from "./invoice-view.ts";
import { isInRange, pageOf, type ListPage } from "./listing.ts";
import { MAX_ITEMS_PER_INVOICE } from "./parameters/line.ts";
import type { StoredCustomer, StoredInvoice } from "./store.ts";

const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3600;
const DEFAULT_CURRENCY = "usd";
const EDITABLE_WHEN_FINALIZED: ReadonlySet<string> = new Set([
  "auto_advance",
  "default_payment_method",
  "default_source",
  "expand",
  "metadata",
  "payment_settings",
]);

/** The stored invoice; 404 when it is not there, naming the parameter as Stripe does at that endpoint. */
export function findInvoice(call: Call, id: string, param: "invoice" | "id"): StoredInvoice {
  const invoice = call.store.get("invoices", id);
  if (invoice === undefined) {
    throw resourceMissing("invoice", id, param, 404);
  }
  return invoice;
}

/** Keeps the changed invoice and tells of it: first by the events named, then by `invoice.updated`. */
export function saveInvoice(
  call: Call,
  before: StoredInvoice,
  changed: StoredInvoice,
  types: readonly EventType[] = [],
): InvoiceView {
  const after = changed.status === "draft" ? refreshDraft(call, changed) : changed;
  call.store.put("invoices", after);
  const view = invoiceView(call, after);
  for (const type of types) {
    recordEvent(call, type, view);
  }
  const { itemIds: _before, ...oldFields } = before;
  recordEvent(call, "invoice.updated", view, previousAttributes(oldFields, view));
  return view;
}

/** The customer, its currency settled for good by the first thing billed to it. */
export function settleCurrency(call: Call, customer: StoredCustomer, currency: string): void {
  if (customer.currency === null) {
    call.store.put("customers", { ...customer, currency });
  }
}

export function createInvoice(call: Call, params: Stripe.InvoiceCreateParams): InvoiceView {
  if (params.customer === undefined) {
    throw missingParameter("customer");
  }
  const method = params.collection_method ?? "charge_automatically";
  const dueDate = dueDateOf(params, method, call.nowSeconds, null);
  const customer = findLiveCustomer(call, params.customer, "customer", 400);
  const currency = params.currency ?? customer.currency ?? DEFAULT_CURRENCY;
  settleCurrency(call, customer, currency);
  const blank = blankInvoice(newId("in"), customer.id, currency, call.nowSeconds);
  const invoice: StoredInvoice = { ...blank, ...editedFields(blank, params), due_date: dueDate };
  if (params.pending_invoice_items_behavior === "include") {
    invoice.itemIds = takePendingItems(call, invoice);
  }
  const refreshed = refreshDraft(call, invoice);
  call.store.put("invoices", refreshed);
  const view = invoiceView(call, refreshed);
  recordEvent(call, "invoice.created", view);
  return view;
}

function takePendingItems(call: Call, invoice: StoredInvoice): string[] {
  const pending = call.store
    .list("items")
    .filter(
      (item) =>
        item.invoice === null && item.customer === invoice.customer && item.currency === invoice.currency,
    )
    .slice(0, MAX_ITEMS_PER_INVOICE);
  for (const item of pending) {
    call.store.put("items", { ...item, invoice: invoice.id, lineId: newId("il") });
  }
  return pending.map((item) => item.id);
}

/** `due_date` under the collection method; refuses what Stripe refuses, in its words. */
function dueDateOf(
  params: Stripe.InvoiceUpdateParams,
  method: string,
  createdSeconds: number,
  current: number | null,
): number | null {
  const { days_until_due: days, due_date: dueDate } = params;
  const isAsked = days !== undefined || dueDate !== undefined;
  if (method !== "send_invoice") {
    if (isAsked) {
      throw refusal(
        "You can only specify 'due_date' or 'days_until_due' if invoice collection method is 'send_invoice'.",
      );
    }
    return null;
  }
  if (days !== undefined && dueDate !== undefined) {
    throw invalidParameter(
      "days_until_due",
      "You may only specify one of these parameters: days_until_due, due_date.",
    );
  }
  if (!isAsked && current === null) {
    throw refusal(
      "If invoice collection method is 'send_invoice', you must specify 'due_date' or 'days_until_due'.",
    );
  }
  return dueDate ?? (days === undefined ? current : createdSeconds + days * DAY_SECONDS);
}

function refusal(message: string): StripeFailure {
  return new StripeFailure(400, { type: "invalid_request_error", message }, "refused");
}

function editedFields(
  invoice: StoredInvoice,
  params: Stripe.InvoiceCreateParams | Stripe.InvoiceUpdateParams,
): StoredInvoice {
  const isAdvancing = params.auto_advance ?? invoice.auto_advance;
  const method = params.collection_method ?? invoice.collection_method;
  const isScheduled = isAdvancing && invoice.status === "draft";
  return {
    ...invoice,
    auto_advance: isAdvancing,
    // Stripe's own draft window ends one second after the hour.
    automatically_finalizes_at:
      params.automatically_finalizes_at ?? (isScheduled ? invoice.created + HOUR_SECONDS + 1 : null),
    next_payment_attempt:
      isScheduled && method === "charge_automatically" ? invoice.created + HOUR_SECONDS : null,
    collection_method: method,
    custom_fields: changedField(invoice.custom_fields, params.custom_fields),
    default_payment_method: changedField(
      invoice.default_payment_method as string | null,
      params.default_payment_method,
    ),
    default_source: changedField(invoice.default_source as string | null, params.default_source),
    description: changedField(invoice.description, params.description),
    effective_at: changedField(invoice.effective_at, params.effective_at),
    footer: changedField(invoice.footer, params.footer),
    metadata: mergeMetadata(invoice.metadata, params.metadata),
    number: changedField(invoice.number, params.number),
    payment_settings: {
      ...invoice.payment_settings,
      payment_method_types: changedField(
        invoice.payment_settings.payment_method_types,
        params.payment_settings?.payment_method_types,
      ),
    },
    statement_descriptor: changedField(invoice.statement_descriptor, params.statement_descriptor),
  };
}

export function retrieveInvoice(call: Call, _params: Stripe.InvoiceRetrieveParams, id: string): InvoiceView {
  return invoiceView(call, findInvoice(call, id, "invoice"));
}

/** Edits a draft; of a finalised invoice only what money and law do not rest on. */
export function updateInvoice(call: Call, params: Stripe.InvoiceUpdateParams, id: string): InvoiceView {
  const before = findInvoice(call, id, "id");
  const after = editedFields(before, params);
  if (before.status === "draft") {
    after.due_date = dueDateOf(params, after.collection_method, before.created, before.due_date);
    return saveInvoice(call, before, after);
  }
  const refused = Object.keys(params).find((name) => !EDITABLE_WHEN_FINALIZED.has(name));
  if (refused !== undefined) {
    throw stateRefused("Finalized invoices can't be updated in this way", { param: refused });
  }
  return saveInvoice(call, before, after);
}

/** Deletes a draft; its items stay with it, neither pending nor editable. */
export function deleteInvoice(call: Call, _params: Stripe.InvoiceDeleteParams, id: string): DeletedObject {
  const invoice = findInvoice(call, id, "invoice");
  if (invoice.status !== "draft") {
    throw stateRefused("You can only delete draft invoices.");
  }
  recordEvent(call, "invoice.deleted", invoiceView(call, invoice));
  call.store.delete("invoices", id);
  return { id, object: "invoice", deleted: true };
}

export function listInvoices(call: Call, params: Stripe.InvoiceListParams): ListPage<InvoiceView> {
  if (params.customer !== undefined) {
    findCustomer(call, params.customer, "customer", 400);
  }
  const page = pageOf(
    call.store.list("invoices"),
    (invoice) =>
      (params.customer === undefined || invoice.customer === params.customer) &&
      (params.status === undefined || invoice.status === params.status) &&
      (params.collection_method === undefined || invoice.collection_method === params.collection_method) &&
      params.subscription === undefined &&
      isInRange(invoice.created, params.created) &&
      isInRange(invoice.due_date, params.due_date),
    params,
    { url: "/v1/invoices", noun: "invoice" },
  );
  return { ...page, data: page.data.map((invoice) => invoiceView(call, invoice)) };
}
