import { expect, test } from "vitest";
import { clientOf, controlStripe, errorOf, KEY, useLocalStripe } from "./stripe-client.ts";

const stripe = useLocalStripe();

test("parameters: an unknown one is refused at any depth", async () => {
  const { client, local } = stripe;
  const customer = await client.customers.create({});
  const draft = await client.invoices.create({ customer: customer.id });
  const top = { customer: customer.id, items: [] as unknown[], colour: "red" };
  expect(await errorOf(client.invoices.create(top as never))).toMatchObject({
    statusCode: 400,
    rawType: "invalid_request_error",
    code: "parameter_unknown",
    param: "colour",
    message: "Received unknown parameter: colour",
    doc_url: "https://stripe.com/docs/error-codes/parameter-unknown",
  });
  const nested = { lines: [{ amount: 1 }, { amount: 2, price: "price_1" }] };
  expect(await errorOf(client.invoices.addLines(draft.id, nested as never))).toMatchObject({
    code: "parameter_unknown",
    param: "lines[1][price]",
  });
  expect(local.state.store.list("items")).toEqual([]);
});

const refusals: { name: string; body: string; code: string | undefined; param: string }[] = [
  { name: "a missing customer", body: "", code: "parameter_missing", param: "customer" },
  { name: "an empty id", body: "customer=", code: "parameter_invalid_empty", param: "customer" },
  {
    name: "an empty required text",
    body: "custom_fields[0][name]=",
    code: "parameter_invalid_empty",
    param: "custom_fields[0][name]",
  },
  { name: "a fraction", body: "due_date=1.5", code: "parameter_invalid_integer", param: "due_date" },
  { name: "an exponent", body: "due_date=1e3", code: "parameter_invalid_integer", param: "due_date" },
  { name: "a bad boolean", body: "auto_advance=yes", code: undefined, param: "auto_advance" },
  { name: "a bad choice", body: "collection_method=later", code: undefined, param: "collection_method" },
  { name: "a bad currency", body: "currency=xyz", code: undefined, param: "currency" },
  { name: "text for an object", body: "automatic_tax=1", code: undefined, param: "automatic_tax" },
  { name: "text for a list", body: "custom_fields=1", code: undefined, param: "custom_fields" },
  {
    name: "a list with names",
    body: "custom_fields[a][name]=1",
    code: undefined,
    param: "custom_fields",
  },
  {
    name: "a missing nested one",
    body: "custom_fields[0][name]=1",
    code: "parameter_missing",
    param: "custom_fields[0][value]",
  },
  {
    name: "a long description",
    body: `description=${"x".repeat(1501)}`,
    code: undefined,
    param: "description",
  },
  {
    name: "a long metadata value",
    body: `metadata[a]=${"x".repeat(501)}`,
    code: undefined,
    param: "metadata[a]",
  },
  {
    name: "a long metadata key",
    body: `metadata[${"k".repeat(41)}]=1`,
    code: undefined,
    param: `metadata[${"k".repeat(41)}]`,
  },
  { name: "one not implemented", body: "transfer_data[amount]=1", code: undefined, param: "transfer_data" },
  {
    name: "tax by Stripe",
    body: "automatic_tax[enabled]=true",
    code: undefined,
    param: "automatic_tax[enabled]",
  },
  { name: "an object over a value", body: "metadata=&metadata[a]=1", code: undefined, param: "metadata[a]" },
];

test.each(refusals)("parameters: $name is refused", async ({ body, code, param }) => {
  const { local } = stripe;
  const response = await fetch(`${local.url}/v1/invoices`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/x-www-form-urlencoded" },
    body,
  });
  expect(response.status).toBe(400);
  expect(response.headers.get("request-id")).toMatch(/^req_/);
  const { error } = (await response.json()) as { error: { type: string; code?: string; param: string } };
  expect([error.type, error.code, error.param]).toEqual(["invalid_request_error", code, param]);
});

test("parameters: metadata merges, unsets one key and unsets all", async () => {
  const { client } = stripe;
  const { id } = await client.customers.create({ metadata: { a: "1", b: "2" }, description: "old" });
  const merged = await client.customers.update(id, { metadata: { b: "", c: 3 }, description: "" });
  expect(merged).toMatchObject({ metadata: { a: "1", c: "3" }, description: null });
  expect((await client.customers.update(id, { metadata: "" })).metadata).toEqual({});
});

test("parameters: a wrong key, an unknown path and an unknown object are told apart", async () => {
  const { client, local } = stripe;
  expect(await errorOf(clientOf(local.url, "sk_test_wrong").customers.list())).toMatchObject({
    statusCode: 401,
    type: "StripeAuthenticationError",
  });
  expect((await fetch(`${local.url}/v1/customers`)).status).toBe(401);
  expect(await errorOf(client.charges.list())).toMatchObject({ statusCode: 404, code: undefined });
  expect(await errorOf(client.invoices.finalizeInvoice("in_none"))).toMatchObject({
    statusCode: 404,
    code: "resource_missing",
    param: "id",
    message: "No such invoice: 'in_none'",
  });
});

test("parameters: requests are logged with their decoded parameters", async () => {
  const { client, local } = stripe;
  await client.customers.create({ metadata: { a: "1" }, preferred_locales: ["de"] }, { idempotencyKey: "k" });
  const expected = [
    {
      method: "POST",
      path: "/v1/customers",
      params: { metadata: { a: "1" }, preferred_locales: { 0: "de" } },
      idempotencyKey: "k",
      status: 200,
      isReplayed: false,
    },
  ];
  expect(local.state.requests).toEqual(expected);
  await controlStripe(local.url, "reset");
  expect(await (await fetch(`${local.url}/_control/requests`)).json()).toEqual(expected);
});
