import { expect, test } from "vitest";
import { controlStripe, errorOf, START_MS, useLocalStripe } from "./stripe-client.ts";

const stripe = useLocalStripe();

const START_SECONDS = START_MS / 1000;

test("invoice: a total of zero is paid as soon as it is finalised", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  const paid = await client.invoices.finalizeInvoice(draft.id);
  expect(paid).toMatchObject({ status: "paid", attempted: true, attempt_count: 0, amount_paid: 0 });
});

test("invoice: an amount below the minimum charge is paid and carried to the next invoice", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const small = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(small.id, { lines: [{ amount: 49 }] });
  expect(await client.invoices.finalizeInvoice(small.id)).toMatchObject({
    status: "paid",
    total: 49,
    amount_due: 0,
    ending_balance: 49,
  });
  const next = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(next.id, { lines: [{ amount: 50 }] });
  expect(await client.invoices.finalizeInvoice(next.id)).toMatchObject({
    status: "open",
    total: 50,
    starting_balance: 49,
    amount_due: 99,
    ending_balance: 0,
  });
});

test("invoice: exactly the minimum charge stays open", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(draft.id, { lines: [{ amount: 50 }] });
  expect(await client.invoices.finalizeInvoice(draft.id)).toMatchObject({ status: "open", amount_due: 50 });
});

test("invoice: a negative total becomes credit that the next invoice uses up", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const credit = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(credit.id, { lines: [{ amount: -700 }] });
  expect(await client.invoices.finalizeInvoice(credit.id)).toMatchObject({
    status: "paid",
    total: -700,
    amount_due: 0,
    ending_balance: -700,
  });
  const next = await client.invoices.create({ customer: customer.id });
  const filled = await client.invoices.addLines(next.id, { lines: [{ amount: 1000 }] });
  expect(filled).toMatchObject({ total: 1000, amount_due: 300, starting_balance: -700 });
});

test("invoice: an open one is voided, a draft or paid one is not", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(draft.id, { lines: [{ amount: 100 }] });
  expect(await errorOf(client.invoices.voidInvoice(draft.id))).toMatchObject({
    message: "You can only pass in open invoices. This invoice isn't open.",
  });
  await client.invoices.finalizeInvoice(draft.id);
  expect(await client.invoices.voidInvoice(draft.id)).toMatchObject({
    status: "void",
    amount_due: 100,
    status_transitions: { voided_at: START_SECONDS },
  });
  const paid = await client.invoices.create({ customer: customer.id });
  await client.invoices.finalizeInvoice(paid.id);
  expect(await errorOf(client.invoices.voidInvoice(paid.id))).toMatchObject({
    message: "Invoices with `paid` payments cannot be voided.",
  });
});

test("invoice: it is paid by a method, out of band, or by the customer", async () => {
  const { client, local } = stripe;
  const customer = await client.customers.create({});
  async function openInvoice(): Promise<string> {
    const draft = await client.invoices.create({ customer: customer.id });
    await client.invoices.addLines(draft.id, { lines: [{ amount: 100 }] });
    await client.invoices.finalizeInvoice(draft.id);
    return draft.id;
  }
  const first = await openInvoice();
  expect(await errorOf(client.invoices.pay(first))).toMatchObject({ statusCode: 400 });
  const byMethod = await client.invoices.pay(first, { payment_method: "pm_card_visa" });
  expect(byMethod).toMatchObject({ status: "paid", attempt_count: 1, amount_paid: 100, amount_remaining: 0 });
  expect(await errorOf(client.invoices.pay(first))).toMatchObject({ message: "Invoice is already paid" });
  const outOfBand = await client.invoices.pay(await openInvoice(), { paid_out_of_band: true });
  expect(outOfBand).toMatchObject({ status: "paid", attempted: false, amount_paid: 100 });
  const third = await openInvoice();
  await controlStripe(local.url, "pay", { invoice: third });
  expect(await client.invoices.retrieve(third)).toMatchObject({ status: "paid" });
});

test("invoice: a declined payment answers 402, keeps the attempt and leaves it open", async () => {
  const { client, local } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  await client.invoices.addLines(draft.id, { lines: [{ amount: 100 }] });
  const declined = await errorOf(
    client.invoices.pay(draft.id, { payment_method: "pm_card_chargeCustomerFail" }),
  );
  expect(declined).toMatchObject({ statusCode: 402, code: "card_declined" });
  expect(await client.invoices.retrieve(draft.id)).toMatchObject({ status: "open", attempt_count: 1 });
  await controlStripe(local.url, "fail-payment", { invoice: draft.id });
  expect(await client.invoices.retrieve(draft.id)).toMatchObject({ status: "open", attempt_count: 2 });
  expect(await client.customers.retrieve(customer.id)).toMatchObject({ delinquent: true });
  expect(await client.invoices.markUncollectible(draft.id)).toMatchObject({ status: "uncollectible" });
  expect(await errorOf(client.invoices.markUncollectible(draft.id))).toMatchObject({
    message: "This invoice has already been marked uncollectible.",
  });
  expect(await client.invoices.voidInvoice(draft.id)).toMatchObject({ status: "void" });
});
