import { existsSync, readFileSync } from "node:fs";
import { Stripe } from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startEndpoint, type Endpoint, type EndpointRequest } from "../../../local/endpoint.ts";
import { signPayload } from "../../../local/stripe/webhooks.ts";
import { controlStripe, errorOf, START_MS, useLocalStripe, WEBHOOK_SECRET } from "./stripe-client.ts";

const VECTORS = "../shared/vectors/webhook_vectors.json";

const stripe = useLocalStripe();
let target: Endpoint;
let received: EndpointRequest[];

beforeEach(async () => {
  received = [];
  target = await startEndpoint({
    subject: () => "hook",
    serve: async (request) => {
      received.push(request);
      return { status: 200, body: "{}" };
    },
  });
});

afterEach(async () => {
  await target.stop();
});

function typesOf(requests: readonly EndpointRequest[]): string[] {
  return requests.map(({ body }) => (JSON.parse(body.toString("utf8")) as { type: string }).type);
}

test("webhook: every event is sent once, in order, with a signature that stripe-node accepts", async () => {
  const { client, local } = stripe;
  await controlStripe(local.url, "webhook-url", { url: target.url });
  const customer = await client.customers.create({ name: "Acme" });
  const draft = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(draft.id, { lines: [{ amount: 100 }] });
  await client.invoices.finalizeInvoice(draft.id);
  await client.invoices.pay(draft.id, { payment_method: "pm_card_visa" });
  await controlStripe(local.url, "webhooks/deliver");
  expect(typesOf(received)).toEqual([
    "customer.created",
    "invoice.created",
    "invoice.updated",
    "invoice.finalized",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.updated",
  ]);
  const [first] = received;
  const event = await client.webhooks.constructEventAsync(
    first?.body.toString("utf8") ?? "",
    first?.headers["stripe-signature"] ?? "",
    WEBHOOK_SECRET,
    300,
    undefined,
    START_MS,
  );
  expect(event).toMatchObject({
    object: "event",
    type: "customer.created",
    api_version: Stripe.API_VERSION,
    livemode: false,
    data: { object: { id: customer.id, name: "Acme" } },
  });
  await expect(
    client.webhooks.constructEventAsync(
      first?.body.toString("utf8") ?? "",
      first?.headers["stripe-signature"] ?? "",
      "whsec_other",
      300,
      undefined,
      START_MS,
    ),
  ).rejects.toBeInstanceOf(Stripe.errors.StripeSignatureVerificationError);
});

test("webhook: an update tells the old values of what changed", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(draft.id, { lines: [{ amount: 100 }] }, { idempotencyKey: "key-1" });
  const { data } = await client.events.list({ type: "invoice.updated" });
  expect(data[0]).toMatchObject({
    request: { idempotency_key: "key-1" },
    data: {
      object: { id: draft.id, total: 100 },
      previous_attributes: { total: 0, subtotal: 0, amount_due: 0 },
    },
  });
});

test("webhook: what was refused or lost is sent again on demand", async () => {
  const { client, local } = stripe;
  await client.customers.create({});
  await client.customers.create({});
  target.faults.add({ mode: "status", status: 500, times: 1 });
  target.faults.add({ mode: "after", times: 1 });
  await controlStripe(local.url, "webhook-url", { url: target.url });
  expect(await controlStripe(local.url, "webhooks/deliver")).toEqual({ delivered: 2, failed: 0 });
  expect(target.faults.subjects).toHaveLength(4);
  expect(received).toHaveLength(3);
  expect(await controlStripe(local.url, "webhooks/deliver")).toEqual({ delivered: 0, failed: 0 });
  const { data } = await client.events.list({ delivery_success: true });
  expect(data.map((event) => event.pending_webhooks)).toEqual([0, 0]);
  const id = data[0]?.id ?? "";
  expect(await controlStripe(local.url, "webhooks/deliver", { event: id })).toEqual({
    delivered: 1,
    failed: 0,
  });
});

test("webhook: without a target events are kept and listed", async () => {
  const { client, local } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  await client.invoices.del(draft.id);
  expect(await controlStripe(local.url, "webhooks/deliver")).toEqual({ delivered: 0, failed: 0 });
  const invoiceEvents = await client.events.list({ types: ["invoice.*"] });
  expect(invoiceEvents.data.map((event) => event.type)).toEqual(["invoice.deleted", "invoice.created"]);
  const id = invoiceEvents.data[0]?.id ?? "";
  expect(await client.events.retrieve(id)).toMatchObject({ id, type: "invoice.deleted" });
  expect(await errorOf(client.events.retrieve("evt_none"))).toMatchObject({ statusCode: 404 });
});

interface Vectors {
  stripe_signature: {
    hmac_literal: { name: string; secret: string; payload: string; hex: string }[];
    payload: string;
    cases: { name: string; header: string; ok: boolean; secret?: string }[];
  };
}

test.skipIf(!existsSync(VECTORS))("webhook: signatures agree with Stripe's vectors", () => {
  const { stripe_signature: vectors } = JSON.parse(readFileSync(VECTORS, "utf8")) as Vectors;
  const valid = vectors.cases.filter(({ name }) => name === "valid within tolerance");
  expect(valid.map(() => signPayload(vectors.payload, "whsec_test_secret", 19_985))).toEqual(
    valid.map(({ header }) => header),
  );
  expect(valid).toHaveLength(1);
  expect(signPayload(vectors.payload, "whsec_test_secret", 12_345)).toBe(
    vectors.cases.find(({ name }) => name === "old but no tolerance given")?.header,
  );
});
