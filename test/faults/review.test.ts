import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HOUR_MS } from "../../src/domain/window.ts";
import {
  dueMs,
  HOURLY_CRON,
  inLedger,
  inStripe,
  LINE_AMOUNTS,
  putWithUsage,
  TOTAL_MINOR,
  type BilledCustomer,
} from "../support/billed-customer.ts";
import { startMeter, type RunningMeter } from "../support/running-meter.ts";

const DUE_MS = dueMs();

let meter: RunningMeter;
let customers = 0;
let customer: BilledCustomer;

beforeAll(async () => {
  meter = await startMeter({ INVOICE_MODE: "review" });
});
beforeEach(async () => {
  customers += 1;
  customer = await putWithUsage(meter, `review-${customers}`);
});
afterAll(() => meter.stop());

type Answer = Awaited<ReturnType<RunningMeter["send"]>>;

async function finalize(): Promise<Answer> {
  const [answer] = await finalizeAtOnce(1);
  return answer;
}

async function finalizeAtOnce(times: number): Promise<Answer[]> {
  const [invoice] = await inLedger(meter, customer);
  const path = `/v1/invoices/${invoice?.invoiceId}/finalize`;
  return Promise.all(Array.from({ length: times }, () => meter.send("POST", path)));
}

/** Status in the ledger and in Stripe, and whether both have the same invoice and total. */
async function standing(): Promise<unknown> {
  const [ours, ...more] = await inLedger(meter, customer);
  const [stripe, ...others] = await inStripe(meter, customer);
  expect([more, others]).toEqual([[], []]);
  expect(ours).toMatchObject({ totalMinor: TOTAL_MINOR, stripeInvoiceId: stripe?.id });
  return { ledger: ours?.status, stripe: stripe?.status, amounts: stripe?.amounts };
}

async function invoiceForReview(): Promise<void> {
  expect(await meter.trigger(HOURLY_CRON, DUE_MS)).toBe(true);
  expect(await standing()).toEqual({ ledger: "in_review", stripe: "draft", amounts: LINE_AMOUNTS });
}

async function addInStripe(amount: number): Promise<void> {
  const [draft] = await inStripe(meter, customer);
  const form = `customer=${customer.stripeId}&invoice=${draft?.id}&currency=usd&amount=${amount}`;
  expect(await meter.stripe("POST", "/v1/invoiceitems", form)).toMatchObject({ amount });
}

test("review: an invoice waits as a draft, later runs leave it, and goes out when it is finalised", async () => {
  await invoiceForReview();
  expect(await meter.trigger(HOURLY_CRON, DUE_MS + 24 * HOUR_MS)).toBe(true);
  expect(await standing()).toEqual({ ledger: "in_review", stripe: "draft", amounts: LINE_AMOUNTS });

  expect(await finalize()).toMatchObject({ status: 200, body: { status: "open", total: "709.54" } });
  expect(await standing()).toEqual({ ledger: "open", stripe: "open", amounts: LINE_AMOUNTS });
  expect(await finalize()).toMatchObject({ status: 409, body: { code: "conflict" } });
});

test.each([
  { name: "dearer", amount: 1 },
  { name: "cheaper", amount: -1 },
])("review: a draft that was made $name in Stripe is blocked, not finalised", async ({ amount }) => {
  await invoiceForReview();
  await addInStripe(amount);
  const edited = [...LINE_AMOUNTS, amount].toSorted((left, right) => left - right);

  expect(await finalize()).toMatchObject({ status: 200, body: { status: "blocked" } });
  expect(await standing()).toEqual({ ledger: "blocked", stripe: "draft", amounts: edited });
  expect(await finalize()).toMatchObject({ status: 409, body: { code: "conflict" } });
  expect(await meter.trigger(HOURLY_CRON, DUE_MS + HOUR_MS)).toBe(true);
  expect(await standing()).toEqual({ ledger: "blocked", stripe: "draft", amounts: edited });
});

test("review: a draft that was edited to the same total goes out", async () => {
  await invoiceForReview();
  await addInStripe(5);
  await addInStripe(-5);

  expect(await finalize()).toMatchObject({ status: 200, body: { status: "open" } });
  expect(await standing()).toEqual({ ledger: "open", stripe: "open", amounts: [-5, 5, ...LINE_AMOUNTS] });
});

test("review: a draft that was finalised in Stripe is open, and finalised once", async () => {
  await invoiceForReview();
  const [draft] = await inStripe(meter, customer);
  await meter.stripe("POST", `/v1/invoices/${draft?.id}/finalize`, "auto_advance=true");

  expect(await finalize()).toMatchObject({ status: 200, body: { status: "open" } });
  expect(await standing()).toEqual({ ledger: "open", stripe: "open", amounts: LINE_AMOUNTS });
});

test.each([
  { name: "voided", action: "void", status: "void" },
  { name: "written off", action: "mark_uncollectible", status: "uncollectible" },
  { name: "paid", action: "pay", status: "paid" },
])("review: a draft that was finalised and $name in Stripe is $status", async ({ action, status }) => {
  await invoiceForReview();
  const [draft] = await inStripe(meter, customer);
  await meter.stripe("POST", `/v1/invoices/${draft?.id}/finalize`);
  const form = action === "pay" ? "paid_out_of_band=true" : "";
  expect(await meter.stripe("POST", `/v1/invoices/${draft?.id}/${action}`, form)).toMatchObject({ status });

  expect(await finalize()).toMatchObject({ status: 200, body: { status } });
  expect(await standing()).toEqual({ ledger: status, stripe: status, amounts: LINE_AMOUNTS });
});

test("review: a draft that was deleted in Stripe answers 502 and stays in review", async () => {
  await invoiceForReview();
  const [draft] = await inStripe(meter, customer);
  expect(await meter.stripe("DELETE", `/v1/invoices/${draft?.id}`)).toMatchObject({ deleted: true });

  for (let times = 0; times < 2; times += 1) {
    expect(await finalize()).toMatchObject({
      status: 502,
      body: {
        code: "stripe_refused",
        detail: "Stripe answered 404 resource_missing; look at the invoice there, then finalise again",
      },
    });
  }
  expect(await inLedger(meter, customer)).toMatchObject([{ status: "in_review" }]);
});

test.each(["before", "after"] as const)(
  "review: Stripe's answer lost %s applying: 502, then open",
  async (mode) => {
    await invoiceForReview();
    meter.stores.stripe.faults.add({ mode, match: "/finalize" });

    expect(await finalize()).toMatchObject({ status: 502, body: { code: "stripe_refused" } });
    expect(await inLedger(meter, customer)).toMatchObject([{ status: "in_review" }]);
    expect(await finalize()).toMatchObject({ status: 200, body: { status: "open" } });
    expect(await standing()).toEqual({ ledger: "open", stripe: "open", amounts: LINE_AMOUNTS });
  },
);

test("review: finalised three times at once, goes out once", async () => {
  await invoiceForReview();
  const answers = await finalizeAtOnce(3);

  expect(answers.map((answer) => answer?.status)).toContain(200);
  expect(answers.filter((answer) => answer?.status !== 200 && answer?.status !== 409)).toEqual([]);
  expect(await standing()).toEqual({ ledger: "open", stripe: "open", amounts: LINE_AMOUNTS });
});

test.each([
  { name: "before it creates", match: "POST /v1/invoices", mode: "hold" as const, stripe: "draft" },
  { name: "before it adds lines", match: "/add_lines", mode: "hold" as const, stripe: "draft" },
  { name: "after it added lines", match: "/add_lines", mode: "hold-after" as const, stripe: "draft" },
  { name: "before it finalises", match: "/finalize", mode: "hold" as const, stripe: "draft" },
  { name: "after it finalised", match: "/finalize", mode: "hold-after" as const, stripe: "open" },
])(
  "review: set after a run of mode auto died $name: the next one asks for it",
  async ({ match, mode, stripe }) => {
    await meter.rebind({ INVOICE_MODE: "auto" });
    meter.stores.stripe.faults.add({ mode, match });
    const run = meter.trigger(HOURLY_CRON, DUE_MS);
    await meter.stores.stripe.faults.whenHeld();
    await meter.worker.kill();
    meter.stores.stripe.faults.drop();
    expect(await run).toBe(false);
    await meter.rebind({ INVOICE_MODE: "review" });

    expect(await meter.trigger(HOURLY_CRON, DUE_MS + HOUR_MS)).toBe(true);
    expect(await standing()).toEqual({ ledger: "in_review", stripe, amounts: LINE_AMOUNTS });
    expect(await finalize()).toMatchObject({ status: 200, body: { status: "open" } });
    expect(await standing()).toEqual({ ledger: "open", stripe: "open", amounts: LINE_AMOUNTS });
  },
);
