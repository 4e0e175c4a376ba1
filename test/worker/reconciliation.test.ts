import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { askLedger, closeMonthBefore, playAt, publishPlans } from "./played-time.ts";
import { ADMIN, call, READ, stripeCall, stripeCustomer } from "./worker-api.ts";

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
  stripeCustomerId: string;
  stripeInvoiceId: string;
}

async function invoiced(): Promise<Billed> {
  customers += 1;
  const customerId = `recon-${customers}`;
  const stripeCustomerId = await stripeCustomer(customerId);
  await call("PUT", `/v1/customers/${customerId}`, ADMIN, { stripeCustomerId, plan: "flat99" });
  await closeMonthBefore(2);
  const { body } = await call("GET", `/v1/invoices?customerId=${customerId}`, READ);
  const [{ id, stripeInvoiceId, status }] = body.data;
  expect(status).toBe("open");
  return { id, customerId, stripeCustomerId, stripeInvoiceId };
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever the Worker answers
async function compared(): Promise<any> {
  const { status, body } = await call("POST", "/v1/integrity/run", ADMIN);
  expect(status).toBe(200);
  return body;
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever the Worker answers
async function openOf(customerId: string): Promise<any[]> {
  const { body } = await call("GET", "/v1/integrity", READ);
  return body.findings.filter(
    (one: { customerId: string; goneAt: string | null }) =>
      one.customerId === customerId && one.goneAt === null,
  );
}

async function told(customerId: string): Promise<string[]> {
  const rows = await askLedger(
    "select data ->> 'kind' as kind from notifications where type = 'integrity.drift_detected' and data ->> 'customerId' = $1",
    [customerId],
  );
  return rows.map(({ kind }) => kind ?? "");
}

test("a cent in a line of the ledger: is found and told once, and gone when it is put right", async () => {
  const { id, customerId, stripeInvoiceId } = await invoiced();
  await compared();
  expect(await openOf(customerId)).toEqual([]);
  const change = (cents: number) =>
    askLedger(
      "update invoice_lines set amount_minor = amount_minor + $2 where invoice_id = $1 and amount_minor <> 0 returning 1",
      [id, cents],
    );
  await change(1);
  for (let times = 0; times < 2; times += 1) {
    await askLedger("update invoices set checked_at = null where invoice_id = $1 returning 1", [id]);
    const report = await compared();
    expect(report.status).toBe("drift");
    expect(report.reconciliation.invoices.drifted).toBe(1);
  }
  expect(await openOf(customerId)).toMatchObject([
    {
      kind: "invoices",
      invoiceId: id,
      stripeInvoiceId,
      differences: [{ what: "line", ref: "base_fee", ledger: "99.01", stripe: "99.00" }],
    },
  ]);
  expect(await told(customerId)).toEqual(["invoices"]);
  await change(-1);
  expect((await compared()).reconciliation.invoices.drifted).toBe(0);
  expect(await openOf(customerId)).toEqual([]);
});

test("a status that only Stripe has: waits for its event for two minutes, then is found", async () => {
  const { id, customerId, stripeInvoiceId } = await invoiced();
  const at = Date.now();
  // The local Stripe has a clock of its own: it is paid now.
  vi.useRealTimers();
  await stripeCall("POST", `/v1/invoices/${stripeInvoiceId}/pay`, "paid_out_of_band=true");
  const early = await compared();
  expect(early.reconciliation.invoices.moving).toBeGreaterThanOrEqual(1);
  expect(await openOf(customerId)).toEqual([]);

  vi.useFakeTimers({ toFake: ["Date"], now: at });
  await compared();
  expect(await openOf(customerId)).toMatchObject([
    { invoiceId: id, differences: [{ what: "status", ledger: "open", stripe: "paid" }] },
  ]);
  await askLedger("update invoices set status = 'paid' where invoice_id = $1 returning 1", [id]);
  await compared();
  expect(await openOf(customerId)).toEqual([]);
});

test("an invoice that the ledger does not know, and a second one: are found; a surplus draft is deleted", async () => {
  const { id, customerId, stripeCustomerId } = await invoiced();
  const create = async (invoiceId: string): Promise<string> => {
    const form = `customer=${stripeCustomerId}&currency=usd&metadata[edgemeter_invoice_id]=${invoiceId}&metadata[edgemeter_customer_id]=${customerId}`;
    return (await stripeCall("POST", "/v1/invoices", form)).id;
  };
  const send = async (stripeId: string): Promise<void> => {
    await stripeCall("POST", `/v1/invoices/${stripeId}/add_lines`, "lines[0][amount]=500");
    await stripeCall("POST", `/v1/invoices/${stripeId}/finalize`, "");
  };
  const unknown = await create("inv_of_nobody");
  const surplus = await create(id);
  const second = await create(id);
  await send(second);
  const report = await compared();
  expect(report.reconciliation.stripeInvoices).toMatchObject({ drifted: 2, surplus: 1, isCut: false });
  expect((await stripeCall("GET", `/v1/invoices/${surplus}`)).error.code).toBe("resource_missing");
  const found = await openOf(customerId);
  expect(
    new Map(found.map(({ stripeInvoiceId, why, subtotal }) => [stripeInvoiceId, [why, subtotal]])),
  ).toEqual(
    new Map([
      [unknown, ["unknown_to_ledger", "0.00"]],
      [second, ["another_of_invoice", "5.00"]],
    ]),
  );
  expect(await told(customerId)).toEqual(["stripe_invoices", "stripe_invoices"]);

  // Stripe fails before they are looked at again: nothing is known to be right.
  const { stripeUrl } = inject("controls");
  const fault = { mode: "status", status: 500, match: `GET /v1/invoices/${unknown}` };
  await fetch(`${stripeUrl}/_control/faults`, { method: "POST", body: JSON.stringify(fault) });
  expect((await call("POST", "/v1/integrity/run", ADMIN)).status).toBe(502);
  expect(await openOf(customerId)).toHaveLength(2);

  await stripeCall("DELETE", `/v1/invoices/${unknown}`);
  await stripeCall("POST", `/v1/invoices/${second}/void`, "");
  await compared();
  expect(await openOf(customerId)).toEqual([]);
});

test("Stripe that asks to be asked less: cuts the run; one that fails: 502, the rest is compared", async () => {
  await invoiced();
  const { stripeUrl } = inject("controls");
  const fail = (fault: object) =>
    fetch(`${stripeUrl}/_control/faults`, {
      method: "POST",
      body: JSON.stringify({ mode: "status", ...fault }),
    });
  await askLedger("update invoices set checked_at = null where customer_id like $1 returning 1", ["recon-%"]);
  await fail({ status: 429, times: 100 });
  expect((await compared()).reconciliation).toMatchObject({
    invoices: { checked: 0, isCut: true },
    stripeInvoices: { checked: 0, isCut: true },
  });
  await fetch(`${stripeUrl}/_control/reset`, { method: "POST" });
  await fail({ status: 500, times: 100 });
  const { status, body } = await call("POST", "/v1/integrity/run", ADMIN);
  await fetch(`${stripeUrl}/_control/reset`, { method: "POST" });
  expect([status, body.code]).toEqual([502, "stripe_refused"]);
  const { body: runs } = await call("GET", "/v1/job-runs?job=integrity&limit=100", READ);
  // Others have played later moments.
  const now = new Date(Date.now()).toISOString();
  const run = runs.data.find(({ startedAt }: { startedAt: string }) => startedAt === now);
  expect(Object.keys(run.outcome)).toEqual(["days", "counters"]);
  expect((await compared()).reconciliation.invoices).toMatchObject({ isCut: false });
});
