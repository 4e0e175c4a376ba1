import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { askLedger, closeMonthBefore, month, playAt, publishPlans, record } from "./played-time.ts";
import { ADMIN, call, INGEST, READ, stripeCall, stripeCustomer, trigger } from "./worker-api.ts";

const HOUR_MS = 3_600_000;

let customers = 0;

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
beforeEach(() => {
  playAt(1, 1);
});
afterAll(() => {
  vi.useRealTimers();
});

interface Billed {
  id: string;
  customerId: string;
  stripeCustomerId: string | undefined;
  stripeInvoiceId: string;
}

async function invoiced(more: object = {}, isInStripe = true): Promise<Billed> {
  customers += 1;
  const customerId = `void-${customers}`;
  const stripeCustomerId = isInStripe ? await stripeCustomer(customerId) : undefined;
  const document = { ...(isInStripe && { stripeCustomerId }), plan: "flat99", ...more };
  await call("PUT", `/v1/customers/${customerId}`, ADMIN, document);
  await closeMonthBefore(2);
  const [invoice] = await invoicesOf(customerId);
  return { id: invoice.id, customerId, stripeCustomerId, stripeInvoiceId: invoice.stripeInvoiceId };
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever the Worker answers
async function invoicesOf(customerId: string): Promise<any[]> {
  return (await call("GET", `/v1/invoices?customerId=${customerId}`, READ)).body.data;
}

async function inStripe(customer: string | undefined): Promise<[string, number][]> {
  const { data } = await stripeCall("GET", `/v1/invoices?customer=${customer}`);
  return data.map(({ status, subtotal }: { status: string; subtotal: number }) => [status, subtotal]);
}

function voidIt(id: string, body: unknown, key = ADMIN) {
  return call("POST", `/v1/invoices/${id}/void`, key, body);
}

test("an open invoice: is void here and in Stripe, with who, when and why; again: the same answer", async () => {
  const { id, stripeCustomerId } = await invoiced();
  const answer = await voidIt(id, { reason: "Wrong customer" });
  expect([answer.status, answer.body.status]).toEqual([200, "void"]);
  expect(answer.body).toMatchObject({
    voidReason: "Wrong customer",
    voidRequestedBy: "admin",
    voidRequestedAt: new Date(Date.now()).toISOString(),
    stripeCustomerId: expect.stringMatching(/^cus_/),
  });
  expect(answer.body.steps.at(-1)).toMatchObject({ step: "void", outcome: { stripeStatus: "void" } });
  expect(await inStripe(stripeCustomerId)).toEqual([["void", 9900]]);

  expect((await voidIt(id, { reason: "Wrong customer" })).body).toEqual(answer.body);
  const other = await voidIt(id, { reason: "Another" });
  expect([other.status, other.body.code]).toEqual([409, "conflict"]);
});

test("a void that is made anew: has another number, the present settings and usage, and refers to the other", async () => {
  const { id, customerId, stripeCustomerId } = await invoiced();
  await call("PUT", `/v1/customers/${customerId}`, ADMIN, {
    stripeCustomerId,
    plan: "flat99",
    collectionMethod: "send_invoice",
    daysUntilDue: 14,
  });
  const { body: voided } = await voidIt(id, { reason: "By mail", reissue: true });
  expect(voided).toMatchObject({ status: "void", replacedBy: expect.stringMatching(/^inv_/) });
  const { body: anew } = await call("GET", `/v1/invoices/${voided.replacedBy}`, READ);
  expect(anew).toMatchObject({ status: "draft", total: "99.00", replaces: id, period: voided.period });
  expect(anew.number).not.toBe(voided.number);
  expect((await voidIt(id, { reason: "By mail", reissue: true })).body).toEqual(voided);

  await trigger("17 * * * *", playAt(2, 2, 2));
  const { data } = await stripeCall("GET", `/v1/invoices?customer=${stripeCustomerId}`);
  expect(data.map((one: { status: string }) => one.status)).toEqual(["open", "void"]);
  expect(data[0]).toMatchObject({
    subtotal: 9900,
    collection_method: "send_invoice",
    metadata: { edgemeter_invoice_id: anew.id, edgemeter_replaces: id },
  });
  expect(new Set((await invoicesOf(customerId)).map(({ status }) => status))).toEqual(
    new Set(["open", "void"]),
  );
});

test("an invoice of usage that is made anew: is computed again from the ledger, true to the cent", async () => {
  customers += 1;
  const customerId = `void-${customers}`;
  await call("PUT", `/v1/customers/${customerId}`, ADMIN, {});
  await record(customerId, "api_calls", 250_000);
  await closeMonthBefore(2);
  const [first] = await invoicesOf(customerId);
  expect(first).toMatchObject({ total: "165.00", status: "draft", stripeCustomerId: null });
  const { body } = await voidIt(first.id, { reason: "No Stripe yet", reissue: true });
  const { body: anew } = await call("GET", `/v1/invoices/${body.replacedBy}`, READ);
  expect(anew.lines).toEqual(first.lines);
  expect(anew).toMatchObject({ total: "165.00", status: "draft", stripeCustomerId: null });
  const told = await askLedger(
    "select data ->> 'customerHasStripe' as has from notifications where type = 'invoice.created' and data ->> 'invoiceId' = $1",
    [anew.id],
  );
  expect(told).toEqual([{ has: "false" }]);
});

test("first void, then made anew under the same reason: once, also of four at once", async () => {
  const { id, customerId } = await invoiced();
  expect((await voidIt(id, { reason: "Twice" })).body.replacedBy).toBeUndefined();
  const answers = await Promise.all([1, 2, 3, 4].map(() => voidIt(id, { reason: "Twice", reissue: true })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ body }) => body.replacedBy)).size).toBe(1);
  expect(await invoicesOf(customerId)).toHaveLength(2);
});

test("a paid invoice: is refused, also when only Stripe knows that it is paid", async () => {
  const { id, stripeInvoiceId } = await invoiced();
  await stripeCall("POST", `/v1/invoices/${stripeInvoiceId}/pay`, "paid_out_of_band=true");
  for (let times = 0; times < 2; times += 1) {
    const { status, body } = await voidIt(id, { reason: "Too late" });
    expect([status, body.code]).toEqual([409, "conflict"]);
  }
  const { body } = await call("GET", `/v1/invoices/${id}`, READ);
  expect(body.status).toBe("paid");
  expect([body.voidReason, body.steps.length]).toEqual([undefined, 3]);
});

test.each(["zero", "blocked", "uncollectible"] as const)("a %s invoice: can be void", async (status) => {
  const { id, stripeInvoiceId } = await invoiced();
  if (status === "uncollectible") {
    await stripeCall("POST", `/v1/invoices/${stripeInvoiceId}/mark_uncollectible`, "");
  }
  if (status !== "uncollectible") {
    await stripeCall("POST", `/v1/invoices/${stripeInvoiceId}/void`, "");
  }
  const inStripeToo = status === "uncollectible" ? stripeInvoiceId : null;
  await askLedger(
    "update invoices set status = $2, stripe_invoice_id = $3 where invoice_id = $1 returning 1",
    [id, status, inStripeToo],
  );
  await askLedger("delete from invoice_steps where invoice_id = $1 and $2::text is null returning 1", [
    id,
    inStripeToo,
  ]);
  expect(await voidIt(id, { reason: status })).toMatchObject({ status: 200, body: { status: "void" } });
});

test("Stripe away: 502, written down; the hourly run goes on with it", async () => {
  const { id, stripeCustomerId } = await invoiced();
  const { stripeUrl } = inject("controls");
  await fetch(`${stripeUrl}/_control/faults`, {
    method: "POST",
    body: JSON.stringify({ mode: "after", match: "/void" }),
  });
  const { status, body } = await voidIt(id, { reason: "Away", reissue: true });
  expect([status, body.code]).toEqual([502, "stripe_refused"]);
  expect((await call("GET", `/v1/invoices/${id}`, READ)).body).toMatchObject({
    status: "open",
    voidReason: "Away",
  });
  await trigger("17 * * * *", month(2) + 27 * HOUR_MS);
  expect((await call("GET", `/v1/invoices/${id}`, READ)).body).toMatchObject({
    status: "void",
    replacedBy: expect.stringMatching(/^inv_/),
  });
  await trigger("17 * * * *", month(2) + 28 * HOUR_MS);
  expect(await inStripe(stripeCustomerId)).toEqual([
    ["open", 9900],
    ["void", 9900],
  ]);
});

test.each([
  { name: "no reason", body: {} },
  { name: "an empty reason", body: { reason: "" } },
  { name: "a reason too long", body: { reason: "x".repeat(501) } },
  { name: "a reason with U+0000", body: { reason: "a\u0000" } },
  { name: "something else", body: { reason: "a", refund: true } },
  { name: "a reissue that is no boolean", body: { reason: "a", reissue: "yes" } },
])("$name: 422, and nothing is void", async ({ body }) => {
  const { id } = await invoiced();
  const answer = await voidIt(id, body);
  expect([answer.status, answer.body.code]).toEqual([422, "invalid_content"]);
  expect((await call("GET", `/v1/invoices/${id}`, READ)).body.status).toBe("open");
});

test("void: takes an admin key, and an invoice that is there", async () => {
  expect((await voidIt("inv_none", { reason: "a" })).status).toBe(404);
  for (const key of [READ, INGEST]) {
    expect((await voidIt("inv_none", { reason: "a" }, key)).status).toBe(403);
  }
});

test("an invoice of a customer that Stripe does not know: can be void, once nothing can be on its way there", async () => {
  const { id, stripeInvoiceId } = await invoiced({ stripeCustomerId: "cus_nobody" }, false);
  expect(stripeInvoiceId).toBeNull();
  const first = await voidIt(id, { reason: "No such customer" });
  expect([first.status, first.body.status]).toEqual([202, "draft"]);
  vi.setSystemTime(Date.now() + 11 * 60_000);
  const second = await voidIt(id, { reason: "No such customer" });
  expect([second.status, second.body.status]).toEqual([200, "void"]);
  expect(second.body.steps.at(-1)).toMatchObject({ step: "void", outcome: { stripeStatus: "absent" } });
});
