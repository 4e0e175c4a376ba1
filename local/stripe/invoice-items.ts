import type { Stripe } from "stripe";
import type { Call } from "./call.ts";
import { findCustomer, findLiveCustomer, type DeletedObject } from "./customers.ts";
import { invalidParameter, missingParameter, resourceMissing, stateRefused } from "./errors.ts";
import { changedField, mergeMetadata } from "./field-changes.ts";
import { attachItems, changedItem, checkItemChanges, currencyConflict } from "./invoice-lines.ts";
import { saveInvoice, settleCurrency } from "./invoices.ts";
import { amountFrom } from "./item-amount.ts";
import { itemView, makeItem, type ItemView } from "./items.ts";
import { isInRange, pageOf, type ListPage } from "./listing.ts";
import type { StoredInvoice, StoredItem } from "./store.ts";

/** Makes an item on the draft named, or a pending one that only an `include` invoice picks up. */
export function createInvoiceItem(call: Call, params: Stripe.InvoiceItemCreateParams): ItemView {
  checkItemChanges(params, "");
  if (params.customer === undefined) {
    throw missingParameter("customer");
  }
  const amount = amountFrom(params);
  if (amount === undefined) {
    throw missingParameter("amount");
  }
  const customer = findLiveCustomer(call, params.customer, "customer", 400);
  const invoice = params.invoice === undefined ? undefined : findDraftOf(call, params.invoice, customer.id);
  const currency = params.currency ?? params.price_data?.currency ?? invoice?.currency ?? customer.currency;
  if (currency === null) {
    throw missingParameter("currency");
  }
  if (params.price_data !== undefined && params.price_data.currency !== currency) {
    throw currencyConflict("currency", currency, params.price_data.currency);
  }
  if (invoice !== undefined && invoice.currency !== currency) {
    throw currencyConflict("currency", currency, invoice.currency);
  }
  settleCurrency(call, customer, currency);
  const item = makeItem(call, {
    customer: customer.id,
    currency,
    amount,
    description: changedField(null, params.description),
    discountable: params.discountable,
    metadata: mergeMetadata({}, params.metadata),
    period: params.period,
    product: params.price_data?.product,
  });
  if (invoice === undefined) {
    call.store.put("items", item);
  } else {
    saveInvoice(call, invoice, attachItems(call, invoice, [item], "invoice"));
  }
  return itemView(findItem(call, item.id));
}

function findDraftOf(call: Call, id: string, customerId: string): StoredInvoice {
  const invoice = call.store.get("invoices", id);
  if (invoice === undefined) {
    throw resourceMissing("invoice", id, "invoice", 400);
  }
  if (invoice.customer !== customerId) {
    throw invalidParameter("invoice", `The invoice ${id} belongs to another customer than ${customerId}.`);
  }
  if (invoice.status !== "draft") {
    throw notEditable();
  }
  return invoice;
}

function notEditable() {
  return stateRefused("Invalid invoice: This invoice is no longer editable", {
    code: "invoice_not_editable",
    param: "invoice",
  });
}

function findItem(call: Call, id: string): StoredItem {
  const item = call.store.get("items", id);
  if (item === undefined) {
    throw resourceMissing("invoiceitem", id, "id", 404);
  }
  return item;
}

/** The item's invoice while it may be edited; undefined when the item is pending. */
function editableInvoice(call: Call, item: StoredItem): StoredInvoice | undefined {
  if (item.invoice === null) {
    return undefined;
  }
  const invoice = call.store.get("invoices", item.invoice);
  if (invoice === undefined) {
    throw stateRefused("This invoice item has been deleted.");
  }
  if (invoice.status !== "draft") {
    throw notEditable();
  }
  return invoice;
}

export function retrieveInvoiceItem(
  call: Call,
  _params: Stripe.InvoiceItemRetrieveParams,
  id: string,
): ItemView {
  return itemView(findItem(call, id));
}

export function updateInvoiceItem(call: Call, params: Stripe.InvoiceItemUpdateParams, id: string): ItemView {
  const item = findItem(call, id);
  checkItemChanges(params, "", item.currency);
  const invoice = editableInvoice(call, item);
  const after = changedItem(item, params);
  call.store.put("items", after);
  if (invoice !== undefined) {
    saveInvoice(call, invoice, invoice);
  }
  return itemView(after);
}

export function deleteInvoiceItem(
  call: Call,
  _params: Stripe.InvoiceItemDeleteParams,
  id: string,
): DeletedObject {
  const invoice = editableInvoice(call, findItem(call, id));
  call.store.delete("items", id);
  if (invoice !== undefined) {
    const itemIds = invoice.itemIds.filter((itemId) => itemId !== id);
    saveInvoice(call, invoice, { ...invoice, itemIds });
  }
  return { id, object: "invoiceitem", deleted: true };
}

export function listInvoiceItems(call: Call, params: Stripe.InvoiceItemListParams): ListPage<ItemView> {
  if (params.customer !== undefined) {
    findCustomer(call, params.customer, "customer", 400);
  }
  const page = pageOf(
    call.store.list("items"),
    (item) =>
      (params.customer === undefined || item.customer === params.customer) &&
      (params.invoice === undefined || item.invoice === params.invoice) &&
      (params.pending === undefined || (item.invoice === null) === params.pending) &&
      isInRange(item.date, params.created),
    params,
    { url: "/v1/invoiceitems", noun: "invoiceitem" },
  );
  return { ...page, data: page.data.map(itemView) };
}
