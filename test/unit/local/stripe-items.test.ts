import { expect, test } from "vitest";
import { amountFrom } from "../../../local/stripe/item-amount.ts";
import { errorOf, useLocalStripe } from "./stripe-client.ts";

const stripe = useLocalStripe();

test.each([
  ["half a unit rounds away from zero", "0.5", "1", 1],
  ["just below half rounds to zero", "0.499999999999", "1", 0],
  ["a negative half rounds away from zero", "-0.5", "1", -1],
  ["one rounding after the product", "0.1", "10005", 1001],
  ["twelve decimals on both sides", "0.000000000001", "999999999999.5", 1],
  ["zero units", "12.34", "0", 0],
])("item: amounts are exact: %s", (_name, unit, quantity, amount) => {
  const price = { currency: "usd", unit_amount_decimal: unit as never };
  expect(amountFrom({ price_data: price, quantity_decimal: quantity as never })?.amount).toBe(amount);
});

test("item: it is created on a draft, changed, and deleted with its line", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  const item = await client.invoiceItems.create({
    customer: customer.id,
    invoice: draft.id,
    unit_amount_decimal: "2.5" as never,
    quantity: 3,
    description: "Seats",
    metadata: { ref: "seats" },
    period: { start: 100, end: 200 },
  });
  expect(item).toMatchObject({ amount: 8, quantity: 3, invoice: draft.id, currency: "usd" });
  expect(await client.invoices.retrieve(draft.id)).toMatchObject({
    total: 8,
    lines: {
      data: [
        { amount: 8, description: "Seats", metadata: { ref: "seats" }, period: { start: 100, end: 200 } },
      ],
    },
  });
  expect(await client.invoiceItems.update(item.id, { quantity: 5 })).toMatchObject({ amount: 13 });
  expect(await client.invoices.retrieve(draft.id)).toMatchObject({ total: 13 });
  expect(await client.invoiceItems.del(item.id)).toEqual({
    id: item.id,
    object: "invoiceitem",
    deleted: true,
  });
  expect(await client.invoices.retrieve(draft.id)).toMatchObject({ total: 0, lines: { total_count: 0 } });
  expect(await errorOf(client.invoiceItems.retrieve(item.id))).toMatchObject({
    statusCode: 404,
    code: "resource_missing",
  });
});

test("item: those of a finalised invoice are not editable", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  const item = await client.invoiceItems.create({ customer: customer.id, invoice: draft.id, amount: 100 });
  await client.invoices.finalizeInvoice(draft.id);
  const refused = { statusCode: 400, code: "invoice_not_editable" };
  expect(await errorOf(client.invoiceItems.update(item.id, { amount: 1 }))).toMatchObject(refused);
  expect(await errorOf(client.invoiceItems.del(item.id))).toMatchObject(refused);
  expect(
    await errorOf(client.invoiceItems.create({ customer: customer.id, invoice: draft.id, amount: 1 })),
  ).toMatchObject(refused);
});

test("item: an amount excludes a quantity", async () => {
  const { client } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  expect(
    await errorOf(client.invoices.addLines(draft.id, { lines: [{ amount: 1, quantity: 2 }] })),
  ).toMatchObject({
    param: "lines[0][amount]",
    message: "You may only specify one of these parameters: amount, quantity.",
  });
  expect(await errorOf(client.invoices.addLines(draft.id, { lines: [{ quantity: 2 }] }))).toMatchObject({
    param: "lines[0][amount]",
    code: "parameter_missing",
  });
});
