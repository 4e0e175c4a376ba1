import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Stripe } from "stripe";
import { expect, test } from "vitest";
import { useLocalStripe } from "./stripe-client.ts";

const stripe = useLocalStripe();

const FIXTURES = "../shared/stripe/fixtures-2026-07.json.gz";

/** Fields of an object in an example of which Stripe's current types no longer speak. */
const RETIRED = new Set(["invoice.subscription"]);

async function createAll(client: Stripe) {
  const customer = await client.customers.create({ name: "Acme" });
  const draft = await client.invoices.create({ customer: customer.id });
  const invoice = await client.invoices.addLines(draft.id, { lines: [{ amount: 100 }] });
  const items = await client.invoiceItems.list({ invoice: draft.id });
  const events = await client.events.list();
  return {
    customer,
    invoice,
    line: invoice.lines.data[0],
    item: items.data[0],
    items,
    event: events.data[0],
  };
}

test("object: an invoice carries what stripe-node's users rely on", async () => {
  const { client } = stripe;
  const { customer, invoice } = await createAll(client);
  expect(invoice).toMatchObject({
    object: "invoice",
    livemode: false,
    customer: customer.id,
    billing_reason: "manual",
    collection_method: "charge_automatically",
    due_date: null,
    hosted_invoice_url: null,
    metadata: {},
    amount_due: 100,
    amount_paid: 0,
    amount_remaining: 100,
    lines: { object: "list", has_more: false, total_count: 1, url: `/v1/invoices/${invoice.id}/lines` },
    status_transitions: {
      finalized_at: null,
      marked_uncollectible_at: null,
      paid_at: null,
      voided_at: null,
    },
  });
  expect(invoice.lines.data[0]).toMatchObject({
    object: "line_item",
    invoice: invoice.id,
    quantity: 1,
    pricing: { type: "price_details" },
    parent: { type: "invoice_item_details" },
  });
  expect(invoice.lines.data[0]?.quantity_decimal?.toString()).toBe("1");
  const open = await client.invoices.finalizeInvoice(invoice.id);
  expect(open.hosted_invoice_url).toContain(invoice.id);
});

test("object: ids are told apart by their prefix and unique", async () => {
  const { client } = stripe;
  const { customer, invoice, line, item, event } = await createAll(client);
  const ids = [customer.id, invoice.id, line?.id, item?.id, event?.id].map(String);
  expect(ids.map((id) => id.split("_")[0])).toEqual(["cus", "in", "il", "ii", "evt"]);
  expect(new Set(ids).size).toBe(5);
});

test.skipIf(!existsSync(FIXTURES))("object: every field of Stripe's examples is there", async () => {
  const { client } = stripe;
  const fixtures = JSON.parse(gunzipSync(readFileSync(FIXTURES)).toString("utf8")) as {
    resources: Record<string, object>;
  };
  const { customer, invoice, line, item, event } = await createAll(client);
  const ours: Record<string, object | undefined> = {
    customer,
    invoice,
    line_item: line,
    invoiceitem: item,
    event,
  };
  const missing = Object.entries(ours).flatMap(([name, object = {}]) =>
    Object.keys(fixtures.resources[name] ?? {})
      .filter((field) => !Object.hasOwn(object, field) && !RETIRED.has(`${name}.${field}`))
      .map((field) => `${name}.${field}`),
  );
  expect(missing).toEqual([]);
  expect(Object.keys(fixtures.resources["invoice"] ?? {}).length).toBeGreaterThan(60);
});
