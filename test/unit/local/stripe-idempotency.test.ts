import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startLocalStripe } from "../../../local/stripe/server.ts";
import {
  clientOf,
  controlStripe,
  errorOf,
  headerOf,
  KEY,
  useLocalStripe,
  WEBHOOK_SECRET,
} from "./stripe-client.ts";

const stripe = useLocalStripe();

const DAY_MS = 24 * 60 * 60 * 1000;
const keyed = { idempotencyKey: "key-1" };

test("idempotency: the same request under the same key gets the same answer and has one effect", async () => {
  const { client } = stripe;
  const first = await client.customers.create({ name: "Acme", email: "a@acme.test" }, keyed);
  const again = await client.customers.create({ email: "a@acme.test", name: "Acme" }, keyed);
  expect(again.id).toBe(first.id);
  expect(headerOf(first, "idempotent-replayed")).toBeNull();
  expect(headerOf(again, "idempotent-replayed")).toBe("true");
  expect(headerOf(again, "original-request")).toBe(headerOf(first, "request-id"));
  expect((await client.customers.list()).data).toHaveLength(1);
});

test("idempotency: other parameters or another endpoint under the same key are refused", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({ name: "Acme" }, keyed);
  const other = await errorOf(client.customers.create({ name: "Other" }, keyed));
  expect(other).toMatchObject({ statusCode: 400, rawType: "idempotency_error" });
  expect(other.message).toContain("same parameters");
  const elsewhere = await errorOf(client.invoices.create({ customer: customer.id }, keyed));
  expect(elsewhere).toMatchObject({ statusCode: 400, rawType: "idempotency_error" });
  expect(elsewhere.message).toContain("same endpoint");
});

test("idempotency: a key in progress is refused and may be used when it has ended", async () => {
  const { client, local } = stripe;
  await controlStripe(local.url, "pause");
  const calls = [
    client.customers.create({ name: "Acme" }, keyed),
    client.customers.create({ name: "Acme" }, keyed),
  ];
  const refused = await Promise.any(calls.map(errorOf));
  expect(refused).toMatchObject({ statusCode: 409, code: "idempotency_key_in_use" });
  await controlStripe(local.url, "resume");
  const created = await Promise.any(calls);
  expect((await client.customers.create({ name: "Acme" }, keyed)).id).toBe(created.id);
  expect((await client.customers.list()).data).toHaveLength(1);
});

test("idempotency: a request refused before it began leaves its key free", async () => {
  const { client } = stripe;
  const invalid = { name: "Acme", colour: "red" };
  expect(await errorOf(client.customers.create(invalid, keyed))).toMatchObject({
    statusCode: 400,
    code: "parameter_unknown",
  });
  expect(await client.customers.create({ name: "Acme" }, keyed)).toMatchObject({ name: "Acme" });
});

test("idempotency: a failure in execution is given again although it would succeed now", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(draft.id, { lines: [{ amount: 100 }] });
  expect(await errorOf(client.invoices.voidInvoice(draft.id, {}, keyed))).toMatchObject({ statusCode: 400 });
  await client.invoices.finalizeInvoice(draft.id);
  const replayed = await errorOf(client.invoices.voidInvoice(draft.id, {}, keyed));
  expect(replayed.headers?.["idempotent-replayed"]).toBe("true");
  expect(await client.invoices.voidInvoice(draft.id)).toMatchObject({ status: "void" });
});

test.each([
  { name: "without effect", isApplied: false, customers: 0 },
  { name: "after taking effect", isApplied: true, customers: 1 },
])("idempotency: an inner error $name is given again", async ({ isApplied, customers }) => {
  const { client, local } = stripe;
  await controlStripe(local.url, "store-error", { match: "POST /v1/customers", isApplied });
  expect(await errorOf(client.customers.create({}, keyed))).toMatchObject({ statusCode: 500 });
  const replayed = await errorOf(client.customers.create({}, keyed));
  expect([replayed.statusCode, replayed.headers?.["idempotent-replayed"]]).toEqual([500, "true"]);
  expect((await client.customers.list()).data).toHaveLength(customers);
  await client.customers.create({}, { idempotencyKey: "key-2" });
  expect((await client.customers.list()).data).toHaveLength(customers + 1);
});

test("idempotency: a lost reply has taken effect and its retry gets the answer", async () => {
  const { client, local } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  local.faults.add({ mode: "after", match: `POST /v1/invoices/${draft.id}/add_lines` });
  const lines = { lines: [{ amount: 100 }, { amount: 23 }] };
  const lost = await errorOf(client.invoices.addLines(draft.id, lines, keyed));
  expect(lost.type).toBe("StripeConnectionError");
  expect(await client.invoices.retrieve(draft.id)).toMatchObject({ total: 123 });
  const retried = await client.invoices.addLines(draft.id, lines, keyed);
  expect(retried).toMatchObject({ total: 123, lines: { total_count: 2 } });
  expect(headerOf(retried, "idempotent-replayed")).toBe("true");
  await client.invoices.addLines(draft.id, lines, { idempotencyKey: "key-2" });
  expect(await client.invoices.retrieve(draft.id)).toMatchObject({ total: 246 });
});

test("idempotency: a connection dropped before leaves nothing behind", async () => {
  const { client, local } = stripe;
  local.faults.add({ mode: "before", match: "POST /v1/customers" });
  expect((await errorOf(client.customers.create({}, keyed))).type).toBe("StripeConnectionError");
  const created = await client.customers.create({}, keyed);
  expect(headerOf(created, "idempotent-replayed")).toBeNull();
});

test("idempotency: keys are forgotten after 24 hours and not before", async () => {
  const { client, clock } = stripe;
  const first = await client.customers.create({}, keyed);
  clock.nowMs += DAY_MS - 1;
  expect((await client.customers.create({}, keyed)).id).toBe(first.id);
  clock.nowMs += 1;
  expect((await client.customers.create({}, keyed)).id).not.toBe(first.id);
});

test("idempotency: a test can have all keys forgotten at once", async () => {
  const { client, local } = stripe;
  const first = await client.customers.create({}, keyed);
  await controlStripe(local.url, "forget-idempotency-keys");
  expect((await client.customers.create({}, keyed)).id).not.toBe(first.id);
});

test("idempotency: objects and keys outlive the process when a path is given", async () => {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-stripe-"));
  const options = { key: KEY, webhookSecret: WEBHOOK_SECRET, statePath: join(dir, "stripe.jsonl") };
  const before = await startLocalStripe(options);
  const customer = await clientOf(before.url).customers.create({ name: "Acme" }, keyed);
  await before.stop();
  const after = await startLocalStripe(options);
  const client = clientOf(after.url);
  expect(await client.customers.retrieve(customer.id)).toMatchObject({ name: "Acme" });
  expect((await client.customers.create({ name: "Acme" }, keyed)).id).toBe(customer.id);
  expect((await client.events.list({ type: "customer.created" })).data).toHaveLength(1);
  await after.stop();
  await rm(dir, { recursive: true });
});
