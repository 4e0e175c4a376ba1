import type { Stripe } from "stripe";
import { expect, test } from "vitest";
import { errorOf, START_MS, useLocalStripe } from "./stripe-client.ts";

const stripe = useLocalStripe();

const START_SECONDS = START_MS / 1000;

async function createInvoices(client: Stripe, customer: string, total: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < total; index += 1) {
    // oxlint-disable-next-line no-await-in-loop -- their order is the subject
    const { id } = await client.invoices.create({ customer, metadata: { index } });
    ids.push(id);
  }
  return ids;
}

function idsOf(page: { data: { id: string }[] }): string[] {
  return page.data.map(({ id }) => id);
}

test("list: invoices come newest first, ten a page, forwards and backwards", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const newestFirst = (await createInvoices(client, customer.id, 12)).toReversed();
  const first = await client.invoices.list({ customer: customer.id });
  expect(first).toMatchObject({ object: "list", has_more: true, url: "/v1/invoices" });
  expect(idsOf(first)).toEqual(newestFirst.slice(0, 10));
  const after = await client.invoices.list({ limit: 2, starting_after: newestFirst[8] ?? "" });
  expect(idsOf(after)).toEqual(newestFirst.slice(9, 11));
  expect(after.has_more).toBe(true);
  const last = await client.invoices.list({ starting_after: newestFirst[9] ?? "" });
  expect([idsOf(last), last.has_more]).toEqual([newestFirst.slice(10), false]);
  const before = await client.invoices.list({ limit: 3, ending_before: newestFirst[5] ?? "" });
  expect([idsOf(before), before.has_more]).toEqual([newestFirst.slice(2, 5), true]);
  const top = await client.invoices.list({ ending_before: newestFirst[2] ?? "" });
  expect([idsOf(top), top.has_more]).toEqual([newestFirst.slice(0, 2), false]);
});

test("list: stripe-node pages through all of them", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const ids = await createInvoices(client, customer.id, 7);
  const all = await client.invoices
    .list({ customer: customer.id, limit: 3 })
    .autoPagingToArray({ limit: 99 });
  expect(all.map(({ id }) => id)).toEqual(ids.toReversed());
});

test("list: invoices are found by customer, status, time and collection method", async () => {
  const { client, clock } = stripe;
  const one = await client.customers.create({});
  const two = await client.customers.create({});
  const [early = ""] = await createInvoices(client, one.id, 1);
  await client.invoices.finalizeInvoice(early);
  clock.nowMs += 10_000;
  const late = await client.invoices.create({
    customer: two.id,
    collection_method: "send_invoice",
    days_until_due: 1,
  });
  const cases: [Stripe.InvoiceListParams, string[]][] = [
    [{ customer: one.id }, [early]],
    [{ status: "draft" }, [late.id]],
    [{ status: "paid", customer: two.id }, []],
    [{ created: { gte: START_SECONDS + 10 } }, [late.id]],
    [{ created: { gt: START_SECONDS + 10 } }, []],
    [{ created: { lt: START_SECONDS + 10 } }, [early]],
    [{ created: START_SECONDS }, [early]],
    [{ collection_method: "send_invoice" }, [late.id]],
    [{ due_date: { lte: START_SECONDS + 86_410 } }, [late.id]],
    [{ subscription: "sub_1" }, []],
  ];
  const found = await Promise.all(cases.map(([params]) => client.invoices.list(params)));
  expect(found.map(idsOf)).toEqual(cases.map(([, ids]) => ids));
});

test("list: a limit out of bounds, an unknown cursor or customer is refused", async () => {
  const { client } = stripe;
  const integer = { statusCode: 400, code: "parameter_invalid_integer", param: "limit" };
  expect(await errorOf(client.invoices.list({ limit: 101 }))).toMatchObject(integer);
  expect(await errorOf(client.invoices.list({ limit: 0 }))).toMatchObject(integer);
  const missing = { statusCode: 400, code: "resource_missing" };
  expect(await errorOf(client.invoices.list({ starting_after: "in_none" }))).toMatchObject({
    ...missing,
    param: "starting_after",
  });
  expect(await errorOf(client.invoices.list({ customer: "cus_none" }))).toMatchObject({
    ...missing,
    param: "customer",
  });
});

test("list: customers are found by email, deleted ones are not", async () => {
  const { client } = stripe;
  const kept = await client.customers.create({ email: "a@acme.test" });
  const deleted = await client.customers.create({ email: "a@acme.test" });
  await client.customers.create({ email: "b@acme.test" });
  await client.customers.del(deleted.id);
  expect(idsOf(await client.customers.list({ email: "a@acme.test" }))).toEqual([kept.id]);
  expect(await client.customers.retrieve(deleted.id)).toMatchObject({ id: deleted.id, deleted: true });
  expect(await errorOf(client.invoices.create({ customer: deleted.id }))).toMatchObject({
    statusCode: 400,
    code: "resource_missing",
    param: "customer",
  });
});

test("list: entries are expanded", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({ name: "Acme" });
  await createInvoices(client, customer.id, 1);
  const { data } = await client.invoices.list({ expand: ["data.customer"] });
  expect(data[0]?.customer).toMatchObject({ id: customer.id, name: "Acme" });
  expect(await errorOf(client.invoices.list({ expand: ["data.charge"] }))).toMatchObject({
    statusCode: 400,
    message: "This property cannot be expanded (charge).",
  });
});
