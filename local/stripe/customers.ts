import { randomBytes } from "node:crypto";
import type { Stripe } from "stripe";
import { newId, previousAttributes, recordEvent, type Call } from "./call.ts";
import { resourceMissing } from "./errors.ts";
import { changedField, mergeMetadata } from "./field-changes.ts";
import { isInRange, pageOf, type ListPage } from "./listing.ts";
import type { StoredCustomer } from "./store.ts";

export interface DeletedObject {
  id: string;
  object: string;
  deleted: true;
}

/** The customer, also a deleted one; 404 when there never was one. */
export function findCustomer(call: Call, id: string, param: string, status: 400 | 404): StoredCustomer {
  const customer = call.store.get("customers", id);
  if (customer === undefined) {
    throw resourceMissing("customer", id, param, status);
  }
  return customer;
}

/** The customer, refusing a deleted one. */
export function findLiveCustomer(call: Call, id: string, param: string, status: 400 | 404): StoredCustomer {
  const customer = findCustomer(call, id, param, status);
  if (customer.deleted) {
    throw resourceMissing("customer", id, param, status);
  }
  return customer;
}

export function createCustomer(call: Call, params: Stripe.CustomerCreateParams): StoredCustomer {
  const blank: StoredCustomer = {
    id: newId("cus"),
    object: "customer",
    address: null,
    balance: 0,
    created: call.nowSeconds,
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: randomBytes(4).toString("hex").toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: "none",
    test_clock: null,
  };
  const customer = withChanges(blank, params);
  call.store.put("customers", customer);
  recordEvent(call, "customer.created", customer);
  return customer;
}

export function updateCustomer(call: Call, params: Stripe.CustomerUpdateParams, id: string): StoredCustomer {
  const before = findLiveCustomer(call, id, "id", 404);
  const customer = withChanges(before, params);
  if (params.default_source !== undefined) {
    customer.default_source = params.default_source;
  }
  call.store.put("customers", customer);
  recordEvent(call, "customer.updated", customer, previousAttributes(before, customer));
  return customer;
}

function withChanges(
  customer: StoredCustomer,
  params: Stripe.CustomerCreateParams | Stripe.CustomerUpdateParams,
): StoredCustomer {
  const { address, shipping, invoice_settings: settings } = params;
  return {
    ...customer,
    address: changedField(customer.address ?? null, address && fullAddress(address)),
    balance: params.balance ?? customer.balance,
    ...(params.business_name !== undefined && { business_name: params.business_name ?? "" }),
    description: changedField(customer.description, params.description),
    email: changedField(customer.email, params.email),
    ...(params.individual_name !== undefined && { individual_name: params.individual_name ?? "" }),
    invoice_prefix: params.invoice_prefix ?? customer.invoice_prefix,
    invoice_settings: {
      ...customer.invoice_settings,
      default_payment_method:
        settings?.default_payment_method ?? customer.invoice_settings.default_payment_method,
      footer: changedField(customer.invoice_settings.footer, settings?.footer),
    },
    metadata: mergeMetadata(customer.metadata, params.metadata),
    name: changedField(customer.name ?? null, params.name),
    next_invoice_sequence: params.next_invoice_sequence ?? customer.next_invoice_sequence,
    phone: changedField(customer.phone ?? null, params.phone),
    preferred_locales: params.preferred_locales ?? customer.preferred_locales ?? [],
    shipping: changedField(
      customer.shipping,
      shipping && { ...shipping, address: fullAddress(shipping.address), phone: shipping.phone ?? null },
    ),
    tax_exempt: changedField(customer.tax_exempt ?? null, params.tax_exempt) ?? "none",
  };
}

function fullAddress(address: Stripe.AddressParam): Stripe.Address {
  const { city, country, line1, line2, postal_code: postalCode, state } = address;
  return {
    city: city ?? null,
    country: country ?? null,
    line1: line1 ?? null,
    line2: line2 ?? null,
    postal_code: postalCode ?? null,
    state: state ?? null,
  };
}

export function retrieveCustomer(
  call: Call,
  _params: Stripe.CustomerRetrieveParams,
  id: string,
): StoredCustomer | DeletedObject {
  const customer = findCustomer(call, id, "id", 404);
  return customer.deleted ? { id, object: "customer", deleted: true } : customer;
}

/** Deletes the customer for good; its invoices stay, new ones are refused. */
export function deleteCustomer(call: Call, _params: Stripe.CustomerDeleteParams, id: string): DeletedObject {
  const customer = findLiveCustomer(call, id, "id", 404);
  call.store.put("customers", { ...customer, deleted: true });
  recordEvent(call, "customer.deleted", customer);
  return { id, object: "customer", deleted: true };
}

export function listCustomers(
  call: Call,
  params: Stripe.CustomerListParams,
): ListPage<Readonly<StoredCustomer>> {
  const live = call.store.list("customers").filter((customer) => !customer.deleted);
  return pageOf(
    live,
    (customer) =>
      (params.email === undefined || customer.email === params.email) &&
      isInRange(customer.created, params.created),
    params,
    { url: "/v1/customers", noun: "customer" },
  );
}
