import type { Stripe } from "stripe";
import { newId, type Call } from "./call.ts";
import { invalidParameter, missingParameter, resourceMissing, stateRefused } from "./errors.ts";
import { changedField, mergeMetadata } from "./field-changes.ts";
import { itemsOf, type InvoiceView } from "./invoice-view.ts";
import { findInvoice, saveInvoice } from "./invoices.ts";
import { amountFrom, checkAmountParams, type AmountParams } from "./item-amount.ts";
import { lineView, makeItem, type LineView } from "./items.ts";
import { pageOf, type ListPage } from "./listing.ts";
import { MAX_ITEMS_PER_INVOICE } from "./parameters/line.ts";
import { parameterName } from "./parameters/name.ts";
import type { StoredInvoice, StoredItem } from "./store.ts";

type AddedLine = Stripe.InvoiceAddLinesParams.Line;

/** What can change on an item, whether it is named as an item or as a line. */
export interface ItemChanges extends AmountParams {
  description?: string;
  discountable?: boolean;
  metadata?: Stripe.Emptyable<Stripe.MetadataParam>;
  period?: { start: number; end: number };
}

/** Refuses what the table cannot see: contradictions, a period that ends before it starts, a foreign currency. */
export function checkItemChanges(changes: ItemChanges, path: string, currency?: string): void {
  checkAmountParams(changes, path);
  const name = (...fields: string[]) => parameterName(path, ...fields);
  if (changes.period !== undefined && changes.period.end < changes.period.start) {
    throw invalidParameter(name("period"), "The period's end must be greater than or equal to its start.");
  }
  if (
    changes.price_data !== undefined &&
    currency !== undefined &&
    changes.price_data.currency !== currency
  ) {
    throw currencyConflict(name("price_data", "currency"), changes.price_data.currency, currency);
  }
}

/** An item or price in another currency than that of its invoice. */
export function currencyConflict(param: string, given: string, currency: string) {
  return invalidParameter(
    param,
    `The currency of an invoice item (${given}) must match the currency of its invoice (${currency}).`,
  );
}

/** The item with what the parameters change. */
export function changedItem(item: StoredItem, changes: ItemChanges): StoredItem {
  return {
    ...item,
    ...amountFrom(changes, item),
    description: changedField(item.description, changes.description),
    discountable: changes.discountable ?? item.discountable,
    metadata: mergeMetadata(item.metadata, changes.metadata),
    period: changes.period ?? item.period,
    product: changes.price_data?.product ?? item.product,
  };
}

function findDraft(call: Call, id: string): StoredInvoice {
  const invoice = findInvoice(call, id, "invoice");
  if (invoice.status !== "draft") {
    throw stateRefused("Invalid invoice: This invoice is no longer editable", {
      code: "invoice_not_editable",
    });
  }
  return invoice;
}

/** Puts items on a draft as its first lines, newest first; refuses one past {@link MAX_ITEMS_PER_INVOICE}. */
export function attachItems(
  call: Call,
  invoice: StoredInvoice,
  items: readonly StoredItem[],
  param: string,
): StoredInvoice {
  if (invoice.itemIds.length + items.length > MAX_ITEMS_PER_INVOICE) {
    throw stateRefused(`An invoice can have at most ${MAX_ITEMS_PER_INVOICE} items.`, { param });
  }
  for (const item of items) {
    call.store.put("items", { ...item, invoice: invoice.id, lineId: newId("il") });
  }
  return { ...invoice, itemIds: [...items.map((item) => item.id).toReversed(), ...invoice.itemIds] };
}

export function addLines(call: Call, params: Stripe.InvoiceAddLinesParams, id: string): InvoiceView {
  const invoice = findInvoice(call, id, "invoice");
  for (const [index, line] of params.lines.entries()) {
    checkItemChanges(line, `lines[${index}]`, invoice.currency);
  }
  const draft = findDraft(call, id);
  const items = params.lines.map((line, index) => itemForLine(call, draft, line, `lines[${index}]`));
  const after = attachItems(call, draft, items, "lines");
  return saveInvoice(call, draft, withMetadata(after, params));
}

function itemForLine(call: Call, invoice: StoredInvoice, line: AddedLine, path: string): StoredItem {
  if (line.invoice_item !== undefined) {
    return changedItem(findPending(call, invoice, line.invoice_item, `${path}[invoice_item]`), line);
  }
  const amount = amountFrom(line);
  if (amount === undefined) {
    throw missingParameter(`${path}[amount]`);
  }
  return makeItem(call, {
    customer: invoice.customer,
    currency: invoice.currency,
    amount,
    description: changedField(null, line.description) ?? line.price_data?.product_data?.name ?? null,
    discountable: line.discountable,
    metadata: mergeMetadata({}, line.metadata),
    period: line.period,
    product: line.price_data?.product,
  });
}

function findPending(call: Call, invoice: StoredInvoice, id: string, param: string): StoredItem {
  const item = call.store.get("items", id);
  if (item === undefined || item.customer !== invoice.customer) {
    throw resourceMissing("invoiceitem", id, param, 400);
  }
  if (item.invoice !== null) {
    throw stateRefused("This invoice item is already attached to an invoice.", { param });
  }
  if (item.currency !== invoice.currency) {
    throw currencyConflict(param, item.currency, invoice.currency);
  }
  return item;
}

function findLine(
  call: Call,
  invoice: StoredInvoice,
  lineId: string,
  param: string,
  status: 400 | 404,
): StoredItem {
  const item = itemsOf(call, invoice).find((candidate) => candidate.lineId === lineId);
  if (item === undefined) {
    throw resourceMissing("invoice line item", lineId, param, status);
  }
  return item;
}

function withMetadata(
  invoice: StoredInvoice,
  params: { invoice_metadata?: Stripe.Emptyable<Record<string, string>> },
): StoredInvoice {
  return { ...invoice, metadata: mergeMetadata(invoice.metadata, params.invoice_metadata) };
}

export function updateLines(call: Call, params: Stripe.InvoiceUpdateLinesParams, id: string): InvoiceView {
  const invoice = findInvoice(call, id, "invoice");
  for (const [index, line] of params.lines.entries()) {
    checkItemChanges(line, `lines[${index}]`, invoice.currency);
  }
  const draft = findDraft(call, id);
  for (const [index, line] of params.lines.entries()) {
    call.store.put("items", changedItem(findLine(call, draft, line.id, `lines[${index}][id]`, 400), line));
  }
  return saveInvoice(call, draft, withMetadata(draft, params));
}

/** Changes one line and answers the line. */
export function updateLine(
  call: Call,
  params: Stripe.InvoiceUpdateLineItemParams,
  id: string,
  lineId: string,
): LineView {
  const invoice = findInvoice(call, id, "invoice");
  checkItemChanges(params, "", invoice.currency);
  const draft = findDraft(call, id);
  const item = changedItem(findLine(call, draft, lineId, "line_item_id", 404), params);
  call.store.put("items", item);
  saveInvoice(call, draft, draft);
  return lineView(item);
}

/** Takes lines off a draft, deleting their items or leaving them pending. */
export function removeLines(call: Call, params: Stripe.InvoiceRemoveLinesParams, id: string): InvoiceView {
  const draft = findDraft(call, id);
  const removed = new Set<string>();
  for (const [index, line] of params.lines.entries()) {
    const item = findLine(call, draft, line.id, `lines[${index}][id]`, 400);
    removed.add(item.id);
    if (line.behavior === "delete") {
      call.store.delete("items", item.id);
    } else {
      call.store.put("items", { ...item, invoice: null, lineId: null });
    }
  }
  const after = { ...draft, itemIds: draft.itemIds.filter((itemId) => !removed.has(itemId)) };
  return saveInvoice(call, draft, withMetadata(after, params));
}

export function listLines(
  call: Call,
  params: Stripe.InvoiceListLineItemsParams,
  id: string,
): ListPage<LineView> {
  const lines = itemsOf(call, findInvoice(call, id, "invoice")).map(lineView);
  return pageOf(lines, () => true, params, { url: `/v1/invoices/${id}/lines`, noun: "invoice line item" });
}
