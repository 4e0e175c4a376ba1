import type { Stripe } from "stripe";
import * as rule from "./rules.ts";

const TAX_BEHAVIOR = rule.oneOf("inclusive", "exclusive", "unspecified");

const PERIOD = rule.object<Stripe.InvoiceItemCreateParams.Period>({
  start: rule.required(rule.timestamp),
  end: rule.required(rule.timestamp),
});

const PRICE_DATA = rule.object<Stripe.InvoiceItemCreateParams.PriceData>({
  currency: rule.required(rule.currency),
  product: rule.required(rule.id),
  tax_behavior: TAX_BEHAVIOR,
  unit_amount: rule.integer,
  unit_amount_decimal: rule.decimal,
});

const PRICING = rule.object<Stripe.InvoiceItemCreateParams.Pricing>({ price: rule.id });

/** Parameters that create and update share. */
const EDITABLE = {
  amount: rule.integer,
  description: rule.text(5000),
  discountable: rule.boolean,
  discounts: rule.clearable(rule.unsupported),
  expand: rule.expand,
  metadata: rule.clearable(rule.metadata),
  period: PERIOD,
  price_data: PRICE_DATA,
  pricing: PRICING,
  quantity: rule.count,
  quantity_decimal: rule.decimal,
  tax_behavior: TAX_BEHAVIOR,
  tax_code: rule.clearable(rule.id),
  unit_amount_decimal: rule.decimal,
} as const;

export const INVOICE_ITEM_CREATE = rule.table<Stripe.InvoiceItemCreateParams>()({
  ...EDITABLE,
  currency: rule.currency,
  customer: rule.id,
  customer_account: rule.unsupported,
  invoice: rule.id,
  subscription: rule.unsupported,
  tax_rates: rule.unsupported,
});

export const INVOICE_ITEM_UPDATE = rule.table<Stripe.InvoiceItemUpdateParams>()({
  ...EDITABLE,
  invoicing_rules: rule.unsupported,
  tax_rates: rule.clearable(rule.unsupported),
});

export const INVOICE_ITEM_RETRIEVE = rule.table<Stripe.InvoiceItemRetrieveParams>()({ expand: rule.expand });

export const INVOICE_ITEM_LIST = rule.table<Stripe.InvoiceItemListParams>()({
  ...rule.paging,
  created: rule.range,
  customer: rule.id,
  customer_account: rule.unsupported,
  expand: rule.expand,
  invoice: rule.id,
  pending: rule.boolean,
});
