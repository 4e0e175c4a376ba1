import type { Stripe } from "stripe";
import * as rule from "./rules.ts";

const COLLECTION_METHOD = rule.oneOf("charge_automatically", "send_invoice");

const CUSTOM_FIELD = rule.object<Stripe.InvoiceCreateParams.CustomField>({
  name: rule.required(rule.text(40)),
  value: rule.required(rule.text(140)),
});

const AUTOMATIC_TAX = rule.object<Stripe.InvoiceCreateParams.AutomaticTax>({
  enabled: rule.required(rule.mustBeFalse),
  liability: rule.unsupported,
});

const PAYMENT_SETTINGS = rule.object<Stripe.InvoiceCreateParams.PaymentSettings>({
  default_mandate: rule.clearable(rule.unsupported),
  payment_method_options: rule.unsupported,
  payment_method_types: rule.clearable(rule.list(rule.id, 20)),
});

/** Parameters that create and update share. */
const EDITABLE = {
  account_tax_ids: rule.clearable(rule.unsupported),
  application_fee_amount: rule.unsupported,
  auto_advance: rule.boolean,
  automatic_tax: AUTOMATIC_TAX,
  automatically_finalizes_at: rule.timestamp,
  collection_method: COLLECTION_METHOD,
  custom_fields: rule.clearable(rule.list(CUSTOM_FIELD, 4)),
  days_until_due: rule.count,
  default_payment_method: rule.id,
  default_source: rule.clearable(rule.id),
  default_tax_rates: rule.clearable(rule.unsupported),
  description: rule.text(1500),
  discounts: rule.clearable(rule.unsupported),
  due_date: rule.timestamp,
  effective_at: rule.clearable(rule.timestamp),
  expand: rule.expand,
  footer: rule.text(5000),
  issuer: rule.unsupported,
  metadata: rule.clearable(rule.metadata),
  number: rule.clearable(rule.text(26)),
  on_behalf_of: rule.clearable(rule.unsupported),
  payment_settings: PAYMENT_SETTINGS,
  rendering: rule.unsupported,
  shipping_cost: rule.clearable(rule.unsupported),
  shipping_details: rule.clearable(rule.unsupported),
  statement_descriptor: rule.text(22),
  transfer_data: rule.clearable(rule.unsupported),
} as const;

export const INVOICE_CREATE = rule.table<Stripe.InvoiceCreateParams>()({
  ...EDITABLE,
  currency: rule.currency,
  customer: rule.id,
  customer_account: rule.unsupported,
  default_source: rule.id,
  default_tax_rates: rule.unsupported,
  effective_at: rule.timestamp,
  from_invoice: rule.unsupported,
  number: rule.text(26),
  on_behalf_of: rule.unsupported,
  pending_invoice_items_behavior: rule.oneOf("include", "exclude"),
  shipping_cost: rule.unsupported,
  shipping_details: rule.unsupported,
  subscription: rule.unsupported,
  transfer_data: rule.unsupported,
});

export const INVOICE_UPDATE = rule.table<Stripe.InvoiceUpdateParams>()(EDITABLE);

export const INVOICE_RETRIEVE = rule.table<Stripe.InvoiceRetrieveParams>()({ expand: rule.expand });

export const INVOICE_LIST = rule.table<Stripe.InvoiceListParams>()({
  ...rule.paging,
  collection_method: COLLECTION_METHOD,
  created: rule.range,
  customer: rule.id,
  customer_account: rule.unsupported,
  due_date: rule.range,
  expand: rule.expand,
  // The order is that of Stripe's own message.
  status: rule.oneOf("draft", "open", "void", "paid", "uncollectible"),
  subscription: rule.id,
});

export const INVOICE_FINALIZE = rule.table<Stripe.InvoiceFinalizeInvoiceParams>()({
  auto_advance: rule.boolean,
  expand: rule.expand,
});

export const INVOICE_PAY = rule.table<Stripe.InvoicePayParams>()({
  expand: rule.expand,
  forgive: rule.boolean,
  mandate: rule.clearable(rule.unsupported),
  off_session: rule.boolean,
  paid_out_of_band: rule.boolean,
  payment_method: rule.id,
  source: rule.id,
});

export const INVOICE_SEND = rule.table<Stripe.InvoiceSendInvoiceParams>()({ expand: rule.expand });

export const INVOICE_VOID = rule.table<Stripe.InvoiceVoidInvoiceParams>()({ expand: rule.expand });

export const INVOICE_MARK_UNCOLLECTIBLE = rule.table<Stripe.InvoiceMarkUncollectibleParams>()({
  expand: rule.expand,
});
