import { newId, type Call } from "./call.ts";
import type { ItemAmount } from "./item-amount.ts";
import type { Metadata, StoredItem } from "./store.ts";

/** An invoice item as Stripe answers it. */
export function itemView(item: Readonly<StoredItem>) {
  return {
    id: item.id,
    object: "invoiceitem",
    amount: item.amount,
    currency: item.currency,
    customer: item.customer,
    customer_account: null,
    date: item.date,
    description: item.description,
    discountable: item.discountable,
    discounts: [],
    invoice: item.invoice,
    livemode: false,
    metadata: item.metadata,
    net_amount: item.amount,
    parent: null,
    period: item.period,
    pricing: pricingOf(item),
    proration: false,
    quantity: Math.trunc(Number(item.quantityDecimal)),
    quantity_decimal: item.quantityDecimal,
    tax_rates: [],
    test_clock: null,
  } as const;
}

/** The line that an item on an invoice makes. */
export function lineView(item: Readonly<StoredItem>) {
  return {
    id: item.lineId ?? "",
    object: "line_item",
    amount: item.amount,
    currency: item.currency,
    description: item.description,
    discount_amounts: [],
    discountable: item.discountable,
    discounts: [],
    invoice: item.invoice,
    livemode: false,
    metadata: item.metadata,
    parent: {
      invoice_item_details: {
        invoice_item: item.id,
        proration: false,
        proration_details: { credited_items: null },
        subscription: null,
      },
      subscription_item_details: null,
      type: "invoice_item_details",
    },
    period: item.period,
    pretax_credit_amounts: [],
    pricing: pricingOf(item),
    quantity: Math.trunc(Number(item.quantityDecimal)),
    quantity_decimal: item.quantityDecimal,
    subscription: null,
    subtotal: item.amount,
    taxes: [],
  } as const;
}

export type ItemView = ReturnType<typeof itemView>;
export type LineView = ReturnType<typeof lineView>;

function pricingOf(item: Readonly<StoredItem>) {
  return {
    price_details: { price: item.price, product: item.product },
    type: "price_details",
    unit_amount_decimal: item.unitAmountDecimal,
  } as const;
}

export interface NewItem {
  customer: string;
  currency: string;
  amount: ItemAmount;
  description: string | null;
  discountable: boolean | undefined;
  metadata: Metadata;
  period: { start: number; end: number } | undefined;
  product: string | undefined;
}

/** Makes a pending item with a one-off price of its own. */
export function makeItem(call: Call, item: NewItem): StoredItem {
  return {
    id: newId("ii"),
    lineId: null,
    invoice: null,
    customer: item.customer,
    currency: item.currency,
    ...item.amount,
    price: newId("price"),
    product: item.product ?? newId("prod"),
    description: item.description,
    discountable: item.discountable ?? item.amount.amount >= 0,
    metadata: item.metadata,
    period: item.period ?? { start: call.nowSeconds, end: call.nowSeconds },
    date: call.nowSeconds,
  };
}
