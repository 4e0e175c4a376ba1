import type { Call } from "./call.ts";
import { lineView, type LineView } from "./items.ts";
import type { ListPage } from "./listing.ts";
import type { StoredCustomer, StoredInvoice, StoredItem } from "./store.ts";

/** Lines that an invoice carries itself; the rest is behind `lines.url`. */
export const EMBEDDED_LINES = 10;

export interface InvoiceView extends Omit<StoredInvoice, "itemIds"> {
  lines: ListPage<LineView> & { total_count: number };
}

/** An invoice as Stripe answers it: a draft follows its customer and items, a finalised one is as it was then. */
export function invoiceView(call: Call, stored: Readonly<StoredInvoice>): InvoiceView {
  const { itemIds, ...invoice } = stored.status === "draft" ? refreshDraft(call, stored) : stored;
  const lines = itemsOf(call, stored).map(lineView);
  return {
    ...invoice,
    lines: {
      object: "list",
      data: lines.slice(0, EMBEDDED_LINES),
      has_more: lines.length > EMBEDDED_LINES,
      total_count: itemIds.length,
      url: `/v1/invoices/${invoice.id}/lines`,
    },
  };
}

/** The invoice's items in the order of its lines. */
export function itemsOf(call: Call, invoice: Readonly<StoredInvoice>): StoredItem[] {
  return invoice.itemIds.flatMap((id) => call.store.get("items", id) ?? []);
}

/** Totals and customer details as they are now. */
export function refreshDraft(call: Call, invoice: Readonly<StoredInvoice>): StoredInvoice {
  const customer = call.store.get("customers", invoice.customer);
  const total = itemsOf(call, invoice).reduce((sum, item) => sum + item.amount, 0);
  const startingBalance = customer?.currency === invoice.currency ? customer.balance : 0;
  const amountDue = Math.max(0, total + startingBalance);
  return {
    ...invoice,
    ...customerDetails(customer),
    starting_balance: startingBalance,
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_excluding_tax: total,
    amount_due: amountDue,
    amount_remaining: amountDue,
  };
}

function customerDetails(customer: StoredCustomer | undefined) {
  return {
    customer_address: customer?.address ?? null,
    customer_email: customer?.email ?? null,
    customer_name: customer?.name ?? null,
    customer_phone: customer?.phone ?? null,
    customer_shipping: customer?.shipping ?? null,
    customer_tax_exempt: customer?.tax_exempt ?? "none",
  };
}
