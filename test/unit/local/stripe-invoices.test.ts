import { expect, test } from "vitest";
import { errorOf, START_MS, useLocalStripe } from "./stripe-client.ts";

const stripe = useLocalStripe();

const START_SECONDS = START_MS / 1000;

test("invoice: a draft takes lines, sums them and is finalised", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({ name: "Acme", email: "billing@acme.test" });
  const draft = await client.invoices.create({
    customer: customer.id,
    auto_advance: false,
    metadata: { period: "2026-11" },
  });
  expect(draft).toMatchObject({
    status: "draft",
    auto_advance: false,
    currency: "usd",
    number: null,
    customer_name: "Acme",
  });
  const withLines = await client.invoices.addLines(draft.id, {
    lines: [
      { amount: 234_000, description: "API Calls: 10000000 calls", metadata: { ref: "api_calls" } },
      { amount: -1, description: "Credit" },
    ],
  });
  expect(withLines).toMatchObject({ subtotal: 233_999, total: 233_999, total_excluding_tax: 233_999 });
  expect(withLines.lines.data.map((line) => [line.amount, line.metadata])).toEqual([
    [-1, {}],
    [234_000, { ref: "api_calls" }],
  ]);
  const open = await client.invoices.finalizeInvoice(draft.id, { auto_advance: true });
  expect(open).toMatchObject({
    status: "open",
    auto_advance: true,
    number: `${customer.invoice_prefix}-0001`,
    amount_due: 233_999,
    amount_remaining: 233_999,
    amount_paid: 0,
    status_transitions: { finalized_at: START_SECONDS },
    metadata: { period: "2026-11" },
  });
});

test("invoice: pending items are left off unless asked for", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const item = await client.invoiceItems.create({ customer: customer.id, amount: 500, currency: "usd" });
  const other = await client.invoiceItems.create({ customer: customer.id, amount: 7, currency: "eur" });
  const left = await client.invoices.create({ customer: customer.id });
  expect(left).toMatchObject({ total: 0, lines: { total_count: 0 } });
  const taken = await client.invoices.create({
    customer: customer.id,
    pending_invoice_items_behavior: "include",
  });
  expect(taken.total).toBe(500);
  expect(taken.lines.data[0]?.parent?.invoice_item_details?.invoice_item).toBe(item.id);
  expect((await client.invoiceItems.list({ pending: true })).data.map(({ id }) => id)).toEqual([other.id]);
});

test("invoice: 250 lines fit and one more does not", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  const lines = Array.from({ length: 250 }, (_, index) => ({ amount: index }));
  const tooMany = await errorOf(client.invoices.addLines(draft.id, { lines: [...lines, { amount: 1 }] }));
  expect(tooMany).toMatchObject({ statusCode: 400, param: "lines" });
  const full = await client.invoices.addLines(draft.id, { lines });
  expect(full).toMatchObject({ total: 31_125, lines: { total_count: 250, has_more: true } });
  expect(full.lines.data).toHaveLength(10);
  const oneMore = await errorOf(client.invoices.addLines(draft.id, { lines: [{ amount: 1 }] }));
  expect(oneMore).toMatchObject({ statusCode: 400, param: "lines" });
  const item = { customer: customer.id, invoice: draft.id, amount: 1 };
  expect(await errorOf(client.invoiceItems.create(item))).toMatchObject({ statusCode: 400 });
  const paged = await client.invoices
    .listLineItems(draft.id, { limit: 100 })
    .autoPagingToArray({ limit: 999 });
  expect(paged.map((line) => line.amount)).toEqual(lines.map((line) => line.amount).toReversed());
});

test("invoice: lines are changed and removed while it is a draft", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  const { lines } = await client.invoices.addLines(draft.id, {
    lines: [{ amount: 1 }, { amount: 20 }, { amount: 300 }],
  });
  const [third, second, first] = lines.data.map((line) => line.id);
  const changed = await client.invoices.updateLines(draft.id, {
    lines: [{ id: first ?? "", amount: 2, description: "changed" }],
    invoice_metadata: { step: "2" },
  });
  expect(changed).toMatchObject({ total: 322, metadata: { step: "2" } });
  const line = await client.invoices.updateLineItem(draft.id, second ?? "", { amount: 21 });
  expect(line).toMatchObject({ object: "line_item", amount: 21 });
  const removed = await client.invoices.removeLines(draft.id, {
    lines: [
      { id: first ?? "", behavior: "delete" },
      { id: third ?? "", behavior: "unassign" },
    ],
  });
  expect(removed).toMatchObject({ total: 21, lines: { total_count: 1 } });
  const pending = await client.invoiceItems.list({ pending: true });
  expect(pending.data.map((item) => item.amount)).toEqual([300]);
  const again = await client.invoices.addLines(draft.id, {
    lines: [{ invoice_item: pending.data[0]?.id ?? "" }],
  });
  expect(again.total).toBe(321);
});

test("invoice: a finalised one refuses changes of money and takes metadata", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(draft.id, { lines: [{ amount: 100 }] });
  await client.invoices.finalizeInvoice(draft.id);
  const { id } = draft;
  expect(await errorOf(client.invoices.addLines(id, { lines: [{ amount: 1 }] }))).toMatchObject({
    statusCode: 400,
    code: "invoice_not_editable",
  });
  expect(await errorOf(client.invoices.finalizeInvoice(id))).toMatchObject({
    statusCode: 400,
    code: "invoice_not_editable",
  });
  expect(await errorOf(client.invoices.update(id, { description: "late" }))).toMatchObject({
    statusCode: 400,
    param: "description",
  });
  expect(await errorOf(client.invoices.del(id))).toMatchObject({
    message: "You can only delete draft invoices.",
  });
  expect(await client.invoices.update(id, { metadata: { seen: "1" } })).toMatchObject({
    metadata: { seen: "1" },
  });
});

test("invoice: a draft is deleted with its items and is then not found", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(draft.id, { lines: [{ amount: 100 }] });
  expect(await client.invoices.del(draft.id)).toEqual({ id: draft.id, object: "invoice", deleted: true });
  expect(await errorOf(client.invoices.retrieve(draft.id))).toMatchObject({
    statusCode: 404,
    code: "resource_missing",
    param: "invoice",
  });
  expect((await client.invoiceItems.list({ pending: true })).data).toEqual([]);
});

test("invoice: send_invoice needs a due date and charge_automatically refuses one", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  expect(
    await errorOf(client.invoices.create({ customer: customer.id, collection_method: "send_invoice" })),
  ).toMatchObject({
    statusCode: 400,
    message:
      "If invoice collection method is 'send_invoice', you must specify 'due_date' or 'days_until_due'.",
  });
  expect(await errorOf(client.invoices.create({ customer: customer.id, days_until_due: 14 }))).toMatchObject({
    statusCode: 400,
  });
  const draft = await client.invoices.create({
    customer: customer.id,
    collection_method: "send_invoice",
    days_until_due: 14,
  });
  expect(draft.due_date).toBe(START_SECONDS + 14 * 86_400);
});

test("invoice: its lines are of its own currency", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id, currency: "jpy" });
  const price = { product: "prod_1", unit_amount: 5 };
  expect(
    await errorOf(
      client.invoices.addLines(draft.id, { lines: [{ price_data: { ...price, currency: "usd" } }] }),
    ),
  ).toMatchObject({ statusCode: 400, param: "lines[0][price_data][currency]" });
  expect(
    await errorOf(
      client.invoiceItems.create({ customer: customer.id, invoice: draft.id, amount: 1, currency: "usd" }),
    ),
  ).toMatchObject({ statusCode: 400, param: "currency" });
  const filled = await client.invoices.addLines(draft.id, {
    lines: [{ price_data: { ...price, currency: "jpy" }, quantity: 3 }],
  });
  expect(filled).toMatchObject({ currency: "jpy", total: 15 });
});
