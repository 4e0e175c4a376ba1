import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { Stripe } from "stripe";
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import worker from "../../src/index.ts";
import { askLedger, closeMonthBefore, playAt, publishPlans } from "./played-time.ts";
import { ADMIN, call, READ, stripeCall, stripeCustomer } from "./worker-api.ts";

const MINUTE_MS = 60_000;
const stripe = new Stripe("sk_test_local", { httpClient: Stripe.createFetchHttpClient() });
const secret = inject("bindings")["STRIPE_WEBHOOK_SECRET"] ?? "";

let nowMs: number;
let customers = 0;
const made: { id: string; customerId: string; stripeId: string }[] = [];

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
beforeEach(() => {
  nowMs = playAt(1, 1);
});
afterAll(async () => {
  // The events are made up: others compare the ledger with what Stripe really has.
  for (const { id, customerId, stripeId } of made) {
    await askLedger("delete from invoice_voids where invoice_id = $1 returning 1", [id]);
    const { status } = await stripeCall("GET", `/v1/invoices/${stripeId}`);
    await askLedger("update invoices set status = $2 where customer_id = $1 returning 1", [
      customerId,
      status,
    ]);
  }
  vi.useRealTimers();
});

interface Sent {
  status: number;
  body: { received?: boolean; verdict?: string; code?: string };
}

/** Sends a body as it is. */
async function post(body: string | Uint8Array<ArrayBuffer>, signature?: string): Promise<Sent> {
  const response = await exports.default.fetch("http://edgemeter.test/webhooks/stripe", {
    method: "POST",
    headers: {
      "content-type": "application/json; charset=utf-8",
      ...(signature !== undefined && { "stripe-signature": signature }),
    },
    body,
  });
  return { status: response.status, body: await response.json() };
}

function sign(payload: string, changes: { secret?: string; timestamp?: number } = {}): Promise<string> {
  return stripe.webhooks.generateTestHeaderStringAsync({
    payload,
    secret,
    timestamp: Math.floor(Date.now() / 1000),
    ...changes,
  });
}

async function send(event: object): Promise<Sent> {
  const payload = JSON.stringify(event, null, 2);
  return post(payload, await sign(payload));
}

/** An event of an invoice as Stripe has it now, with changes. */
async function eventOf(stripeId: string, type: string, changes: object = {}): Promise<object> {
  const object = (await stripeCall("GET", `/v1/invoices/${stripeId}`)) as object;
  return {
    id: `evt_${crypto.randomUUID()}`,
    object: "event",
    api_version: Stripe.API_VERSION,
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    pending_webhooks: 1,
    request: null,
    type,
    data: { object: { ...object, ...changes } },
  };
}

/** A customer of $99 whose month was invoiced. */
async function invoiced(): Promise<{ id: string; customerId: string; stripeId: string }> {
  customers += 1;
  const customerId = `hook-${customers}`;
  const stripeCustomerId = await stripeCustomer(customerId);
  await call("PUT", `/v1/customers/${customerId}`, ADMIN, { stripeCustomerId, plan: "flat99" });
  await closeMonthBefore(2);
  const invoice = await readInvoice(customerId);
  const customer = { id: invoice.id, customerId, stripeId: invoice.stripeInvoiceId };
  made.push(customer);
  return customer;
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever the Worker answers
async function readInvoice(customerId: string): Promise<any> {
  const { body } = await call("GET", `/v1/invoices?customerId=${customerId}`, READ);
  expect(body.data).toHaveLength(1);
  return body.data[0];
}

async function told(invoiceId: string): Promise<string[]> {
  const rows = await askLedger(
    "select type from notifications where data ->> 'invoiceId' = $1 and customer_id is null order by type",
    [invoiceId],
  );
  return rows.map(({ type }) => type ?? "");
}

test("an invoice paid in Stripe: is paid here, told once, also when the event comes three times", async () => {
  const { id, customerId, stripeId } = await invoiced();
  expect(await told(id)).toEqual(["invoice.created"]);
  const event = await eventOf(stripeId, "invoice.paid");

  expect(await send(event)).toEqual({ status: 200, body: { received: true, verdict: "moved" } });
  expect(await send(event)).toEqual({ status: 200, body: { received: true, verdict: "duplicate" } });
  expect((await send(await eventOf(stripeId, "invoice.paid"))).body.verdict).toBe("kept");
  expect(await readInvoice(customerId)).toMatchObject({ status: "paid" });
  expect(await told(id)).toEqual(["invoice.created", "invoice.paid"]);
});

test("a failed payment: is told per attempt, and not after the invoice is paid", async () => {
  const { id, customerId, stripeId } = await invoiced();
  const failed = (attempt_count: number) => eventOf(stripeId, "invoice.payment_failed", { attempt_count });

  expect((await send(await failed(1))).body.verdict).toBe("kept");
  expect((await send(await failed(1))).body.verdict).toBe("kept");
  await send(await failed(2));
  await send(await eventOf(stripeId, "invoice.paid"));
  await send(await failed(3));
  expect(await readInvoice(customerId)).toMatchObject({ status: "paid" });
  expect(await told(id)).toEqual([
    "invoice.created",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_failed",
  ]);
});

test("an event that overtakes our record: finds its invoice by metadata, and only once", async () => {
  const { customerId, stripeId } = await invoiced();
  await askLedger(
    "update invoices set status = 'draft', stripe_invoice_id = null where customer_id = $1 returning 1",
    [customerId],
  );
  // A surplus draft of another attempt does not take the invoice with it.
  const surplus = await eventOf(stripeId, "invoice.deleted", { id: "in_surplus", status: "draft" });
  expect((await send(surplus)).body.verdict).toBe("ignored");
  expect((await send(await eventOf(stripeId, "invoice.paid"))).body.verdict).toBe("moved");
  expect(await readInvoice(customerId)).toMatchObject({ status: "paid", stripeInvoiceId: stripeId });
  const other = await eventOf(stripeId, "invoice.voided", { id: "in_other" });
  expect((await send(other)).body.verdict).toBe("ignored");
});

test("a draft that goes out with another total: is blocked and told", async () => {
  const { id, customerId, stripeId } = await invoiced();
  await askLedger("update invoices set status = 'in_review' where invoice_id = $1 returning 1", [id]);

  await send(await eventOf(stripeId, "invoice.finalized", { subtotal: 9901 }));
  expect(await readInvoice(customerId)).toMatchObject({ status: "blocked" });
  expect(await told(id)).toEqual(["invoice.blocked", "invoice.created"]);
  const [row] = await askLedger(
    "select data::text from notifications where type = 'invoice.blocked' and data ->> 'invoiceId' = $1",
    [id],
  );
  expect(JSON.parse(row?.["data"] ?? "")).toMatchObject({ total: "99.00", stripeSubtotal: "99.01" });
});

test("a draft deleted in Stripe: is void, with the reason", async () => {
  const { id, customerId, stripeId } = await invoiced();
  await askLedger("update invoices set status = 'in_review' where invoice_id = $1 returning 1", [id]);

  expect((await send(await eventOf(stripeId, "invoice.deleted"))).body.verdict).toBe("moved");
  expect(await readInvoice(customerId)).toMatchObject({
    status: "void",
    voidReason: "deleted in Stripe",
    voidRequestedBy: "stripe",
  });
});

test("events of others, and of other kinds: are answered 200 and ignored", async () => {
  const { stripeId } = await invoiced();
  const stranger = await eventOf(stripeId, "invoice.paid", { id: "in_stranger", metadata: {} });
  const unknown = await eventOf(stripeId, "invoice.paid", {
    id: "in_u",
    metadata: { edgemeter_invoice_id: "inv_never" },
  });
  for (const event of [stranger, unknown, await eventOf(stripeId, "customer.updated")]) {
    expect(await send(event)).toEqual({ status: 200, body: { received: true, verdict: "ignored" } });
  }
  expect(await askLedger("select 1 from stripe_events where stripe_invoice_id = 'in_stranger'", [])).toEqual(
    [],
  );
});

test("an event at the edge of Stripe's tolerance: is taken; past it: refused", async () => {
  const { stripeId } = await invoiced();
  const payload = JSON.stringify(await eventOf(stripeId, "invoice.paid"));
  const seconds = Math.floor(Date.now() / 1000);

  expect((await post(payload, await sign(payload, { timestamp: seconds - 301 }))).body.code).toBe(
    "invalid_signature",
  );
  expect((await post(payload, await sign(payload, { timestamp: seconds - 300 }))).status).toBe(200);
});

test.each([
  { name: "no signature", signature: async () => undefined },
  { name: "another's secret", signature: (body: string) => sign(body, { secret: "whsec_other" }) },
  { name: "another body's signature", signature: () => sign("{}") },
  {
    name: "an old signature",
    signature: (body: string) => sign(body, { timestamp: Math.floor((nowMs - 6 * MINUTE_MS) / 1000) }),
  },
  { name: "half a signature", signature: async (body: string) => (await sign(body)).slice(0, -2) },
  { name: "no time", signature: async (body: string) => (await sign(body)).replace(/^t=\d+,/, "") },
  { name: "nonsense", signature: async () => "t=1,v1=" },
])("$name: is refused, and nothing moves", async ({ signature }) => {
  const { customerId, stripeId } = await invoiced();
  const payload = JSON.stringify(await eventOf(stripeId, "invoice.paid"));
  expect(await post(payload, await signature(payload))).toMatchObject({
    status: 400,
    body: { code: "invalid_signature" },
  });
  expect(await readInvoice(customerId)).toMatchObject({ status: "open" });
});

test("a signed body that is no JSON, or no UTF-8: is refused; one that is too large: 413", async () => {
  expect(await post("not json", await sign("not json"))).toMatchObject({ status: 400 });
  expect(await post(new Uint8Array([0xff, 0xfe]), await sign("x"))).toMatchObject({ status: 400 });
  const large = " ".repeat(1024 * 1024 + 1);
  expect(await post(large, await sign(large))).toMatchObject({
    status: 413,
    body: { code: "body_too_large" },
  });
});

test("an event that comes five times at once: moves its invoice once, and is kept once", async () => {
  const { id, customerId, stripeId } = await invoiced();
  const event = await eventOf(stripeId, "invoice.paid");
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => send(event)));
  const verdicts = answers.map(({ body }) => body.verdict);
  expect(verdicts.filter((verdict) => verdict === "moved")).toHaveLength(1);
  expect(verdicts.filter((verdict) => verdict === "duplicate")).toHaveLength(4);
  expect(await readInvoice(customerId)).toMatchObject({ status: "paid" });
  expect(await askLedger("select 1 from stripe_events where invoice_id = $1", [id])).toHaveLength(1);
});

test("a ledger that does not answer: 503, and Stripe's next try moves the invoice", async () => {
  const { customerId, stripeId } = await invoiced();
  const event = await eventOf(stripeId, "invoice.paid");
  const { neonUrl } = inject("controls");
  const fault = { mode: "after", match: "with moved" };
  await fetch(`${neonUrl}/_control/faults`, { method: "POST", body: JSON.stringify(fault) });
  expect(await send(event)).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
  expect((await send(event)).body.verdict).toBe("duplicate");
  expect(await readInvoice(customerId)).toMatchObject({ status: "paid" });
});

test("a Worker without the signing secret: says so, and all else works", async () => {
  const { STRIPE_WEBHOOK_SECRET: _, ...others } = env as unknown as Record<string, string>;
  const ask = (method: string, path: string) =>
    worker.fetch(new Request(`http://edgemeter.test${path}`, { method }), others, createExecutionContext());
  const refused = await ask("POST", "/webhooks/stripe");
  expect(refused.status).toBe(500);
  expect(await refused.json()).toMatchObject({
    code: "misconfigured",
    detail: expect.stringContaining("STRIPE_WEBHOOK_SECRET"),
  });
  expect((await ask("GET", "/healthz")).status).toBe(200);
});
