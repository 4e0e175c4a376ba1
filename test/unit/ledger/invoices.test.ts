import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { duePeriods } from "../../../src/ledger/billing-periods.ts";
import {
  countUnsent,
  getInvoice,
  listInvoices,
  markUnsent,
  type NewInvoice,
  unsentInvoices,
} from "../../../src/ledger/invoices.ts";
import { closeNow, CLOSED_MS, INVOICED, newInvoice, prepareClose } from "../../support/invoice-fixture.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(async () => {
  await fixture.clear();
  await prepareClose(fixture.database);
});
afterAll(() => fixture.stop());

function close(invoice: NewInvoice) {
  return closeNow(fixture.database, invoice, CLOSED_MS);
}

test("close: writes the invoice with its lines in order and ends the period", async () => {
  expect(await close(newInvoice("inv_1"))).toBe(true);
  const { number, ...invoice } = (await getInvoice(fixture.database, "inv_1")) ?? {};

  expect(number).toMatch(/^EM-\d{7}$/);
  expect(invoice).toEqual({
    ...newInvoice("inv_1"),
    stripeInvoiceId: null,
    createdAtMs: CLOSED_MS,
    steps: [],
    voiding: null,
    replaces: null,
  });
  expect(await duePeriods(fixture.database, CLOSED_MS, 0, 10)).toEqual([]);
});

test("close: a second one answers false and changes nothing", async () => {
  await close(newInvoice("inv_1"));
  const before = await getInvoice(fixture.database, "inv_1");

  expect(await close(newInvoice("inv_2", { totalMinor: 5n }))).toBe(false);
  expect(await close(newInvoice("inv_1", { totalMinor: 5n }))).toBe(false);
  expect(await getInvoice(fixture.database, "inv_2")).toBeUndefined();
  expect(await getInvoice(fixture.database, "inv_1")).toEqual(before);
});

test("close: of several at once one wins", async () => {
  const answers = await Promise.all(["a", "b", "c", "d"].map((id) => close(newInvoice(`inv_${id}`))));

  expect(answers.filter(Boolean).length).toBe(1);
  expect((await listInvoices(fixture.database, {}, 10, undefined)).length).toBe(1);
});

test("close: a period that is not there is not closed, and nothing is written", async () => {
  const period = { startMs: INVOICED.startMs + 86_400_000, endMs: INVOICED.endMs };

  expect(await close(newInvoice("inv_1", { period }))).toBe(false);
  expect(await getInvoice(fixture.database, "inv_1")).toBeUndefined();
  expect((await duePeriods(fixture.database, CLOSED_MS, 0, 10)).length).toBe(1);
});

test("close: a line that is there twice is refused, and nothing is written", async () => {
  const [line] = newInvoice("inv_1").lines;
  const lines = line === undefined ? [] : [line, line];

  await expect(close(newInvoice("inv_1", { lines }))).rejects.toMatchObject({
    code: "23505",
    constraint: "invoice_lines_invoice_id_ref_key",
  });
  expect(await getInvoice(fixture.database, "inv_1")).toBeUndefined();
  expect((await duePeriods(fixture.database, CLOSED_MS, 0, 10)).length).toBe(1);
});

test("close: a void invoice makes room for another", async () => {
  await close(newInvoice("inv_1", { status: "void" }));

  expect(await close(newInvoice("inv_2"))).toBe(true);
  expect(await close(newInvoice("inv_3"))).toBe(false);
});

test("invoices: an amount past a double is kept exactly", async () => {
  await close(newInvoice("inv_1", { subtotalMinor: 2n ** 53n + 1n, totalMinor: 2n ** 70n }));

  expect(await getInvoice(fixture.database, "inv_1")).toMatchObject({
    subtotalMinor: 2n ** 53n + 1n,
    totalMinor: 2n ** 70n,
  });
});

test("invoices: an invoice without lines has none", async () => {
  await close(newInvoice("inv_1", { lines: [] }));

  expect((await getInvoice(fixture.database, "inv_1"))?.lines).toEqual([]);
});

test.each([
  { name: "nothing", filter: {}, found: ["inv_1"] },
  { name: "its customer", filter: { customerId: "cus_acme" }, found: ["inv_1"] },
  { name: "another customer", filter: { customerId: "cus_b" }, found: [] },
  { name: "its status", filter: { status: "draft" as const }, found: ["inv_1"] },
  { name: "another status", filter: { status: "open" as const }, found: [] },
  {
    name: "its start",
    filter: { periodStart: { fromMs: INVOICED.startMs, toMs: INVOICED.startMs + 1 } },
    found: ["inv_1"],
  },
  {
    name: "a range that ends at its start",
    filter: { periodStart: { fromMs: 0, toMs: INVOICED.startMs } },
    found: [],
  },
  {
    name: "a range that begins after its start",
    filter: { periodStart: { fromMs: INVOICED.startMs + 1, toMs: INVOICED.endMs } },
    found: [],
  },
])("invoices: by $name, found are $found", async ({ filter, found }) => {
  await close(newInvoice("inv_1"));

  expect(
    (await listInvoices(fixture.database, filter, 10, undefined)).map(({ invoiceId }) => invoiceId),
  ).toEqual(found);
});

test("invoices: a page goes on after the one named", async () => {
  await prepareClose(fixture.database, "cus_b");
  await close(newInvoice("inv_1"));
  await close(newInvoice("inv_2", { customerId: "cus_b" }));
  const ids = async (limit: number, id?: string) => {
    const after = id === undefined ? undefined : { timeMs: CLOSED_MS, id };
    return (await listInvoices(fixture.database, {}, limit, after)).map(({ invoiceId }) => invoiceId);
  };

  expect(await ids(1)).toEqual(["inv_2"]);
  expect(await ids(1, "inv_2")).toEqual(["inv_1"]);
  expect(await ids(1, "inv_1")).toEqual([]);
});

test.each([
  { name: "a draft of a Stripe customer", changes: {}, isUnsent: true },
  { name: "one of nothing", changes: { status: "zero" as const }, isUnsent: false },
  {
    name: "a draft without Stripe customer",
    changes: { snapshot: { ...newInvoice("x").snapshot, stripeCustomerId: null } },
    isUnsent: false,
  },
])("invoices: $name waits to be sent: $isUnsent", async ({ changes, isUnsent }) => {
  await close(newInvoice("inv_1", changes));

  expect((await unsentInvoices(fixture.database, 10)).length).toBe(isUnsent ? 1 : 0);
  expect(await countUnsent(fixture.database)).toBe(isUnsent ? 1 : 0);
});

test("invoices: one that failed waits behind the others, and is counted with them", async () => {
  await prepareClose(fixture.database, "cus_b");
  await prepareClose(fixture.database, "cus_c");
  await close(newInvoice("inv_1"));
  await close(newInvoice("inv_2", { customerId: "cus_b" }));
  await close(newInvoice("inv_3", { customerId: "cus_c" }));
  await markUnsent(fixture.database, "inv_1", CLOSED_MS + 2);
  await markUnsent(fixture.database, "inv_2", CLOSED_MS + 1);
  const unsent = async (limit: number) =>
    (await unsentInvoices(fixture.database, limit)).map(({ invoiceId }) => invoiceId);

  expect(await unsent(10)).toEqual(["inv_3", "inv_2", "inv_1"]);
  expect(await unsent(1)).toEqual(["inv_3"]);
  expect(await countUnsent(fixture.database)).toBe(3);
});
