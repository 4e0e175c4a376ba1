import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { computeInvoice } from "../../../src/invoicing/compute-invoice.ts";
import { sendInvoice } from "../../../src/invoicing/send-invoice.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import {
  countUnsent,
  getInvoice,
  unsentInvoices,
  type Invoice,
  type NewInvoice,
} from "../../../src/ledger/invoices.ts";
import type { CustomerSettings } from "../../../src/domain/customer.ts";
import { currencyOf } from "../../../src/domain/money.ts";
import type { PrintedLine } from "../../../src/rating/printed-line.ts";
import { CLOSED_MS, closeNow, INVOICED, newInvoice, prepareClose } from "../../support/invoice-fixture.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";
import { useLocalStripe } from "../local/stripe-client.ts";

const stripe = useLocalStripe();
let fixture: LedgerFixture;
let stripeCustomerId = "";

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(async () => {
  await fixture.clear();
  await prepareClose(fixture.database);
  ({ id: stripeCustomerId } = await stripe.client.customers.create({ name: "Acme" }));
});
afterAll(() => fixture.stop());

async function send(invoiceId: string): Promise<unknown> {
  const invoice = (await getInvoice(fixture.database, invoiceId))!;
  const deps = {
    database: fixture.database,
    stripe: () => Promise.resolve(stripe.client),
    randomId: () => crypto.randomUUID(),
    invoiceMode: "auto" as const,
  };
  return sendInvoice(deps, invoice, CLOSED_MS);
}

async function close(changes: Partial<NewInvoice>): Promise<boolean> {
  const { snapshot } = newInvoice("inv_1");
  return closeNow(
    fixture.database,
    newInvoice("inv_1", { snapshot: { ...snapshot, stripeCustomerId }, ...changes }),
    CLOSED_MS,
  );
}

function put(settings: CustomerSettings): Promise<boolean> {
  return putCustomer(fixture.database, "cus_acme", settings, CLOSED_MS, withMonthBefore(INVOICED));
}

/** What Stripe was asked since the test's start, without ids. */
function asked(): string[] {
  return stripe.local.faults.subjects
    .filter((subject) => subject !== "POST /v1/customers")
    .map((subject) => subject.replace(/in_[A-Za-z0-9]+/, "{id}"));
}

const MANY: PrintedLine[] = Array.from({ length: 300 }, (_, index) => ({
  ref: `metric:m_${index}`,
  metricName: `m_${index}`,
  description: `M ${index}`,
  quantity: "1",
  amountMinor: BigInt(index),
  tiers: [{ from: "0", to: null, quantity: "1", unitPrice: String(index), amount: "0.00" }],
}));
const TOTAL = 44_850n;

async function inStripe(): Promise<{ refs: string[]; subtotal: number; status: string | null }[]> {
  const { data } = await stripe.client.invoices.list({ customer: stripeCustomerId });
  return Promise.all(
    data.map(async ({ id, subtotal, status }) => {
      const refs: string[] = [];
      for await (const line of stripe.client.invoices.listLineItems(id, { limit: 100 })) {
        refs.push(line.metadata["edgemeter_ref"] ?? "");
      }
      return { refs: refs.toSorted(), subtotal, status };
    }),
  );
}

const REFS = [...MANY.slice(1, 250).map(({ ref }) => ref), "rolled_up:rest"].toSorted();

test("300 lines: go to Stripe as 250 of the same total, the ledger keeps them all, in three requests", async () => {
  await close({ lines: MANY, subtotalMinor: TOTAL, totalMinor: TOTAL });
  expect(await send("inv_1")).toBe("sent");

  expect(asked()).toEqual([
    "POST /v1/invoices",
    "POST /v1/invoices/{id}/add_lines",
    "POST /v1/invoices/{id}/finalize",
  ]);
  expect(await inStripe()).toEqual([{ refs: REFS, subtotal: Number(TOTAL), status: "open" }]);
  const invoice = await getInvoice(fixture.database, "inv_1");
  expect([invoice?.status, invoice?.lines.length]).toEqual(["open", 300]);
});

test.each(["before", "after"] as const)(
  "300 lines: whose answer was lost %s applying are there once after the next attempt",
  async (mode) => {
    await close({ lines: MANY, subtotalMinor: TOTAL, totalMinor: TOTAL });
    stripe.local.faults.add({ mode, match: "/add_lines" });
    await expect(send("inv_1")).rejects.toThrow("connection");
    expect(await send("inv_1")).toBe("sent");

    expect(await inStripe()).toEqual([{ refs: REFS, subtotal: Number(TOTAL), status: "open" }]);
  },
);

test("a line in Stripe: says tier by tier what it comes from", async () => {
  await close({});
  await send("inv_1");
  const [first] = (await stripe.client.invoices.list({ customer: stripeCustomerId })).data;
  const calls = first?.lines.data.find(({ metadata }) => metadata["edgemeter_ref"] === "metric:api_calls");

  expect(calls?.metadata).toEqual({
    edgemeter_ref: "metric:api_calls",
    edgemeter_tiers: "0-: 10000000 x 0.0234 = 2340.00",
  });
});

function zeroBill(sendZero: boolean): NewInvoice {
  const lines = newInvoice("inv_1").lines.map((line) => ({ ...line, amountMinor: 0n }));
  const usage = {
    period: INVOICED,
    changes: [],
    lifetime: { startedMs: null, endedMs: null },
    totals: [[]],
  };
  const base = { invoiceId: "inv_1", customerId: "cus_acme", period: INVOICED, catalogVersion: 1 };
  const bill = { currency: currencyOf("usd"), lines, totalMinor: 0n };
  return computeInvoice(base, { stripeCustomerId }, "payg", { usage, trueUps: [] }, bill, sendZero);
}

test("an invoice of nothing: stays here, unless it is to be sent: then it goes out with all its lines", async () => {
  expect(zeroBill(false).status).toBe("zero");
  await close(zeroBill(true));
  expect(await send("inv_1")).toBe("sent");

  expect(await inStripe()).toEqual([{ refs: ["base_fee", "metric:api_calls"], subtotal: 0, status: "paid" }]);
  expect((await getInvoice(fixture.database, "inv_1"))?.status).toBe("paid");
});

async function collection(): Promise<Partial<Invoice["snapshot"]>> {
  const {
    stripeCustomerId: id,
    collectionMethod,
    daysUntilDue,
  } = (await getInvoice(fixture.database, "inv_1"))!.snapshot;
  return { stripeCustomerId: id, collectionMethod, daysUntilDue };
}

const WITHOUT = { ...newInvoice("inv_1").snapshot, stripeCustomerId: null };

test("a customer without Stripe: its invoice waits, and goes out once the id is put", async () => {
  await close({ snapshot: WITHOUT });
  expect(await countUnsent(fixture.database)).toBe(0);
  await put({});
  expect(await countUnsent(fixture.database)).toBe(0);
  await put({ stripeCustomerId, collectionMethod: "send_invoice" });

  expect(await collection()).toEqual({
    stripeCustomerId,
    collectionMethod: "send_invoice",
    daysUntilDue: 30,
  });
  expect((await unsentInvoices(fixture.database, 10)).map(({ invoiceId }) => invoiceId)).toEqual(["inv_1"]);
  expect(await send("inv_1")).toBe("sent");
  expect((await inStripe()).map(({ status, subtotal }) => [status, subtotal])).toEqual([["open", 234_001]]);
});

test("a customer with Stripe: another id that is put changes nothing of what was closed", async () => {
  await close({});
  await put({ stripeCustomerId: "cus_other", collectionMethod: "send_invoice", daysUntilDue: 7 });

  expect(await collection()).toEqual({
    stripeCustomerId,
    collectionMethod: "charge_automatically",
    daysUntilDue: null,
  });
});

test("a customer without Stripe: an invoice that was begun to be sent, or is no draft, is left as it is", async () => {
  await close({ snapshot: WITHOUT, status: "zero" });
  await put({ stripeCustomerId });
  expect((await collection()).stripeCustomerId).toBeNull();
  await fixture.raw("update invoices set status = 'draft'");
  await fixture.raw("insert into invoice_steps values ('inv_1', 'create', 'key', now(), null, null)");
  await put({ stripeCustomerId });
  expect((await collection()).stripeCustomerId).toBeNull();
});

test("a customer whose id is put while it is closed: its invoice has it, whichever came first", async () => {
  for (let round = 0; round < 20; round += 1) {
    await fixture.clear();
    await prepareClose(fixture.database);
    const [isClosed] = await Promise.all([close({ snapshot: WITHOUT }), put({ stripeCustomerId })]);

    expect(isClosed).toBe(true);
    expect((await collection()).stripeCustomerId).toBe(stripeCustomerId);
  }
});

test("a deleted customer: is billed where it was when its last period is closed", async () => {
  await put({ stripeCustomerId });
  await deleteCustomer(fixture.database, "cus_acme", CLOSED_MS);
  await close({ snapshot: WITHOUT });

  expect((await collection()).stripeCustomerId).toBe(stripeCustomerId);
});
