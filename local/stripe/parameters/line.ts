import type { Stripe } from "stripe";
import * as rule from "./rules.ts";

/** At most this many items on one invoice, and lines in one request. */
export const MAX_ITEMS_PER_INVOICE = 250;

const TAX_BEHAVIOR = rule.oneOf("inclusive", "exclusive", "unspecified");

const PERIOD = rule.object<Stripe.InvoiceAddLinesParams.Line.Period>({
  start: rule.required(rule.timestamp),
  end: rule.required(rule.timestamp),
});

const PRODUCT_DATA = rule.object<Stripe.InvoiceAddLinesParams.Line.PriceData.ProductData>({
  description: rule.text(40_000),
  images: rule.list(rule.text(2048), 8),
  metadata: rule.metadata,
  name: rule.required(rule.text(5000)),
  tax_code: rule.id,
  tax_details: rule.unsupported,
  unit_label: rule.text(12),
});

const PRICE_DATA = rule.object<Stripe.InvoiceAddLinesParams.Line.PriceData>({
  currency: rule.required(rule.currency),
  product: rule.id,
  product_data: PRODUCT_DATA,
  tax_behavior: TAX_BEHAVIOR,
  unit_amount: rule.count,
  unit_amount_decimal: rule.decimal,
});

const PRICING = rule.object<Stripe.InvoiceAddLinesParams.Line.Pricing>({ price: rule.id });

/** Parameters of a line, added or updated. */
const EDITABLE = {
  amount: rule.integer,
  description: rule.text(5000),
  discountable: rule.boolean,
  discounts: rule.clearable(rule.unsupported),
  metadata: rule.clearable(rule.metadata),
  period: PERIOD,
  price_data: PRICE_DATA,
  pricing: PRICING,
  quantity: rule.count,
  quantity_decimal: rule.decimal,
  tax_amounts: rule.clearable(rule.unsupported),
  tax_rates: rule.clearable(rule.unsupported),
} as const;

const ADDED_LINE = rule.object(
  rule.table<Stripe.InvoiceAddLinesParams.Line>()({ ...EDITABLE, invoice_item: rule.id }),
);

const UPDATED_LINE = rule.object(
  rule.table<Stripe.InvoiceUpdateLinesParams.Line>()({
    ...EDITABLE,
    id: rule.required(rule.id),
  }),
);

const REMOVED_LINE = rule.object<Stripe.InvoiceRemoveLinesParams.Line>({
  id: rule.required(rule.id),
  behavior: rule.required(rule.oneOf("delete", "unassign")),
});

const BULK = { expand: rule.expand, invoice_metadata: rule.clearable(rule.metadata) } as const;

export const LINES_ADD = rule.table<Stripe.InvoiceAddLinesParams>()({
  ...BULK,
  lines: rule.required(rule.list(ADDED_LINE, MAX_ITEMS_PER_INVOICE)),
});

export const LINES_UPDATE = rule.table<Stripe.InvoiceUpdateLinesParams>()({
  ...BULK,
  lines: rule.required(rule.list(UPDATED_LINE, MAX_ITEMS_PER_INVOICE)),
});

export const LINES_REMOVE = rule.table<Stripe.InvoiceRemoveLinesParams>()({
  ...BULK,
  lines: rule.required(rule.list(REMOVED_LINE, MAX_ITEMS_PER_INVOICE)),
});

export const LINE_UPDATE = rule.table<Stripe.InvoiceUpdateLineItemParams>()({
  ...EDITABLE,
  expand: rule.expand,
});

export const LINES_LIST = rule.table<Stripe.InvoiceListLineItemsParams>()({
  ...rule.paging,
  expand: rule.expand,
});
