import { expect } from "vitest";
import type { StoredInvoice } from "../../../local/stripe/store.ts";
import type { Invoice } from "../../../src/ledger/invoices.ts";
import { unpublished } from "./published-requests.ts";
import type { InvoicingWorld, WorldCustomer } from "./invoicing-world.ts";

/** How an invoice of ours stands where Stripe's stands so. */
const OURS: Record<StoredInvoice["status"], string> = {
  draft: "in_review",
  open: "open",
  paid: "paid",
  uncollectible: "uncollectible",
  void: "void",
};

/** A Stripe invoice as far as it is to be the ledger's. */
function stripeSide(world: InvoicingWorld, invoice: Readonly<StoredInvoice>): object {
  const { store } = world.stripe.state;
  const lines = invoice.itemIds.map((id) => {
    const item = store.get("items", id);
    return [item?.metadata["edgemeter_ref"], String(item?.amount), item?.description];
  });
  return {
    id: invoice.id,
    invoiceId: invoice.metadata["edgemeter_invoice_id"],
    replaces: invoice.metadata["edgemeter_replaces"] ?? null,
    status: OURS[invoice.status],
    subtotal: String(invoice.subtotal),
    currency: invoice.currency,
    lines: lines.toSorted((left, right) => String(left[0]).localeCompare(String(right[0]))),
  };
}

function ledgerSide(invoice: Invoice): object {
  const lines = invoice.lines
    .filter(({ amountMinor }) => amountMinor !== 0n)
    .map(({ ref, amountMinor, description }) => [ref, amountMinor.toString(), description]);
  return {
    id: invoice.stripeInvoiceId,
    invoiceId: invoice.invoiceId,
    replaces: invoice.replaces,
    status: invoice.status,
    subtotal: invoice.subtotalMinor.toString(),
    currency: invoice.currency,
    lines: lines.toSorted((left, right) => String(left[0]).localeCompare(String(right[0]))),
  };
}

/**
 * Everything has come to rest: the ledger and Stripe hold the same invoices, one of a period that is not void, whole and
 * no other; and Stripe was never asked what it calls invalid.
 */
export async function expectOneInvoiceEach(world: InvoicingWorld, context: string): Promise<void> {
  expect(world.refused, context).toEqual([]);
  expect(unpublished(world.stripe.state.requests), context).toEqual([]);
  for (const customer of world.customers) {
    await expectOneInvoice(world, customer, context);
  }
  const { raw } = world.ledger;
  const [told] = await raw(`
select count(*) as invoices, count(*) filter (where created <> 1) as created, count(*) filter (where paid <> is_paid) as paid
from (
  select (status = 'paid')::int as is_paid,
    (select count(*) from notifications where data ->> 'invoiceId' = invoice_id and type = 'invoice.created') as created,
    (select count(*) from notifications where data ->> 'invoiceId' = invoice_id and type = 'invoice.paid') as paid
  from invoices where status not in ('void', 'zero')
) as counted`);
  expect(told, context).toMatchObject({ created: "0", paid: "0" });
}

async function expectOneInvoice(
  world: InvoicingWorld,
  customer: WorldCustomer,
  context: string,
): Promise<void> {
  const invoices = await world.invoices(customer.id);
  const current = invoices.filter(({ status }) => status !== "void");
  const voided = invoices.filter(({ status }) => status === "void");
  const last = voided.find(({ voiding }) => voiding?.replacedBy === null);
  // One of the period, unless the last was taken back for good.
  expect(current, context).toHaveLength(last === undefined ? 1 : 0);
  expect(
    voided.filter(({ voiding }) => voiding?.isReissue === true && voiding.replacedBy === null),
    context,
  ).toEqual([]);
  expect(
    voided.filter(({ voiding }) => voiding?.settledMs === null),
    context,
  ).toEqual([]);
  const all = world.stripe.state.store
    .list("invoices")
    .filter(({ customer: of }) => of === customer.stripeId)
    .map((invoice) => stripeSide(world, invoice));
  const there = new Set(world.stripe.state.store.list("invoices").map(({ id }) => id));
  // Drafts that were taken back are deleted there.
  const sent = invoices.filter(
    ({ status, stripeInvoiceId }) =>
      status !== "void" || (stripeInvoiceId !== null && there.has(stripeInvoiceId)),
  );
  const byId = (left: object, right: object): number =>
    JSON.stringify(left).localeCompare(JSON.stringify(right));
  const expected = customer.stripeId === null ? [] : sent.map(ledgerSide);
  expect(all.toSorted(byId), context).toEqual(expected.toSorted(byId));
}
