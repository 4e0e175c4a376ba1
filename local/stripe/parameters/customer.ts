import type { Stripe } from "stripe";
import * as rule from "./rules.ts";

const ADDRESS = rule.object<Stripe.AddressParam>({
  city: rule.text(5000),
  country: rule.text(5000),
  line1: rule.text(5000),
  line2: rule.text(5000),
  postal_code: rule.text(5000),
  state: rule.text(5000),
});

const INVOICE_SETTINGS = rule.object<Stripe.CustomerCreateParams.InvoiceSettings>({
  custom_fields: rule.clearable(rule.unsupported),
  default_payment_method: rule.id,
  footer: rule.text(5000),
  rendering_options: rule.clearable(rule.unsupported),
});

const SHIPPING = rule.object<Stripe.CustomerCreateParams.Shipping>({
  address: rule.required(ADDRESS),
  name: rule.required(rule.text(5000)),
  phone: rule.text(5000),
});

const TAX_EXEMPT = rule.clearable(rule.oneOf("none", "exempt", "reverse"));

/** Parameters that create and update share. */
const EDITABLE = {
  address: rule.clearable(ADDRESS),
  balance: rule.integer,
  business_name: rule.clearable(rule.text(150)),
  cash_balance: rule.unsupported,
  description: rule.text(5000),
  email: rule.text(512),
  expand: rule.expand,
  individual_name: rule.clearable(rule.text(150)),
  invoice_prefix: rule.text(12),
  invoice_settings: INVOICE_SETTINGS,
  metadata: rule.clearable(rule.metadata),
  name: rule.text(256),
  next_invoice_sequence: rule.count,
  phone: rule.text(20),
  preferred_locales: rule.list(rule.text(20), 20),
  shipping: rule.clearable(SHIPPING),
  source: rule.unsupported,
  tax: rule.unsupported,
  tax_exempt: TAX_EXEMPT,
  validate: rule.unsupported,
} as const;

export const CUSTOMER_CREATE = rule.table<Stripe.CustomerCreateParams>()({
  ...EDITABLE,
  payment_method: rule.id,
  tax_id_data: rule.unsupported,
  test_clock: rule.unsupported,
});

export const CUSTOMER_UPDATE = rule.table<Stripe.CustomerUpdateParams>()({
  ...EDITABLE,
  default_source: rule.id,
});

export const CUSTOMER_RETRIEVE = rule.table<Stripe.CustomerRetrieveParams>()({ expand: rule.expand });

export const CUSTOMER_LIST = rule.table<Stripe.CustomerListParams>()({
  ...rule.paging,
  created: rule.range,
  email: rule.text(512),
  expand: rule.expand,
  test_clock: rule.unsupported,
});
