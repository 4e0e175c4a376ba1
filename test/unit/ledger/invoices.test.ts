import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { duePeriods } from "../../../src/ledger/billing-periods.ts";
import { failStep, finishStep, renewStep, startStep } from "../../../src/ledger/invoice-steps.ts";
import {
  closeWithInvoice,
  getInvoice,
  listInvoices,
  type NewInvoice,
  unsentInvoices,
} from "../../../src/ledger/invoices.ts";
import { CLOSED_MS, INVOICED, newInvoice, prepareClose } from "../../support/invoice-fixture.ts";
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
  return closeWithInvoice(fixture.database, invoice, CLOSED_MS);
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

test("close: a period that is not there is refused, and nothing is written", async () => {
  const period = { startMs: INVOICED.startMs + 86_400_000, endMs: INVOICED.endMs };

  await expect(close(newInvoice("inv_1", { period }))).rejects.toMatchObject({ code: "23503" });
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
});

function start(key: string, atMs = 1000) {
  return startStep(fixture.database, "inv_1", "create", key, atMs);
}

function finish(outcome: { stripeInvoiceId: string }, atMs = 2000) {
  const follows = { status: "open" as const, stripeInvoiceId: outcome.stripeInvoiceId };
  return finishStep(fixture.database, "inv_1", "create", outcome, follows, atMs);
}

test("steps: a first attempt is told as such, a later one keeps its key", async () => {
  await close(newInvoice("inv_1"));
  const step = { step: "create", idempotencyKey: "k1", startedAtMs: 1000, finishedAtMs: null, outcome: null };

  expect(await start("k1")).toEqual({ isFirst: true, step });
  expect(await start("k2", 5000)).toEqual({ isFirst: false, step });
});

test("steps: of several first attempts at once one is the first, and all have its key", async () => {
  await close(newInvoice("inv_1"));
  const started = await Promise.all(["k1", "k2", "k3", "k4"].map((key) => start(key)));

  expect(started.filter(({ isFirst }) => isFirst).length).toBe(1);
  expect(new Set(started.map(({ step }) => step.idempotencyKey)).size).toBe(1);
});

test("steps: a failure is kept until the step is renewed with another key", async () => {
  await close(newInvoice("inv_1"));
  await start("k1");
  await failStep(fixture.database, "inv_1", "create", { status: 500, code: "api_error" });

  expect((await start("k2")).step.outcome).toEqual({ failure: { status: 500, code: "api_error" } });
  await renewStep(fixture.database, "inv_1", "create", "k3", 7000);
  expect(await start("k4")).toEqual({
    isFirst: false,
    step: { step: "create", idempotencyKey: "k3", startedAtMs: 7000, finishedAtMs: null, outcome: null },
  });
});

test("steps: a finished one stays as it is, and the invoice follows it", async () => {
  await close(newInvoice("inv_1"));
  await start("k1");
  await finish({ stripeInvoiceId: "in_1" });
  await finish({ stripeInvoiceId: "in_1" }, 9000);
  await failStep(fixture.database, "inv_1", "create", { status: null, code: "late" });
  await renewStep(fixture.database, "inv_1", "create", "k9", 9000);

  expect((await start("k2")).step).toEqual({
    step: "create",
    idempotencyKey: "k1",
    startedAtMs: 1000,
    finishedAtMs: 2000,
    outcome: { stripeInvoiceId: "in_1" },
  });
  expect(await getInvoice(fixture.database, "inv_1")).toMatchObject({
    status: "open",
    stripeInvoiceId: "in_1",
  });
});

test("steps: a second end changes neither the step nor the invoice that still waits", async () => {
  await close(newInvoice("inv_1"));
  await start("k1");
  await finishStep(fixture.database, "inv_1", "create", { stripeInvoiceId: "in_1" }, {}, 2000);
  const before = await getInvoice(fixture.database, "inv_1");
  await finish({ stripeInvoiceId: "in_2" }, 9000);
  const [row] = await fixture.raw(
    "select (extract(epoch from updated_at) * 1000)::bigint as updated_ms from invoices",
  );

  expect(before).toMatchObject({ status: "draft", stripeInvoiceId: null });
  expect(await getInvoice(fixture.database, "inv_1")).toEqual(before);
  expect(row).toEqual({ updated_ms: "2000" });
});

test("steps: the end of one that was never begun changes nothing", async () => {
  await close(newInvoice("inv_1"));
  const before = await getInvoice(fixture.database, "inv_1");
  await finish({ stripeInvoiceId: "in_1" });

  expect(await getInvoice(fixture.database, "inv_1")).toEqual(before);
});

test("steps: of two ends at once one is kept, and the invoice follows that one", async () => {
  await close(newInvoice("inv_1"));
  await start("k1");
  await Promise.all([finish({ stripeInvoiceId: "in_1" }), finish({ stripeInvoiceId: "in_2" })]);
  const invoice = await getInvoice(fixture.database, "inv_1");

  expect(invoice?.status).toBe("open");
  expect(invoice?.steps[0]?.outcome).toEqual({ stripeInvoiceId: invoice?.stripeInvoiceId });
});

test("steps: are listed with the invoice in the order of sending", async () => {
  await close(newInvoice("inv_1"));
  await startStep(fixture.database, "inv_1", "finalize", "k3", 3000);
  await startStep(fixture.database, "inv_1", "create", "k1", 1000);
  await startStep(fixture.database, "inv_1", "add_lines", "k2", 2000);

  expect((await getInvoice(fixture.database, "inv_1"))?.steps.map(({ step }) => step)).toEqual([
    "create",
    "add_lines",
    "finalize",
  ]);
});

test("steps: a late end of a step does not take back what came of the invoice", async () => {
  await close(newInvoice("inv_1"));
  await start("k1");
  await finish({ stripeInvoiceId: "in_1" });
  await finishStep(fixture.database, "inv_1", "create", {}, { status: "draft" }, 9000);

  expect(await getInvoice(fixture.database, "inv_1")).toMatchObject({ status: "open" });
});
