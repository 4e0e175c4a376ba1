import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { failStep, finishStep, renewStep, startStep } from "../../../src/ledger/invoice-steps.ts";
import { getInvoice, setInReview } from "../../../src/ledger/invoices.ts";
import { closeNow, CLOSED_MS, newInvoice, prepareClose } from "../../support/invoice-fixture.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(async () => {
  await fixture.clear();
  await prepareClose(fixture.database);
  await closeNow(fixture.database, newInvoice("inv_1"), CLOSED_MS);
});
afterAll(() => fixture.stop());

async function start(key: string, atMs = 1000) {
  const begun = await startStep(fixture.database, "inv_1", "create", key, atMs);
  if (begun === undefined) {
    throw new Error("the invoice is not void");
  }
  return begun;
}

function finish(outcome: { stripeInvoiceId: string }, atMs = 2000) {
  const result = { outcome, status: "open" as const, stripeInvoiceId: outcome.stripeInvoiceId };
  return finishStep(fixture.database, "inv_1", "create", result, atMs);
}

test("steps: a first attempt is told as such, a later one keeps its key", async () => {
  const step = { step: "create", idempotencyKey: "k1", startedAtMs: 1000, finishedAtMs: null, outcome: null };

  expect(await start("k1")).toEqual({ isFirst: true, step });
  expect(await start("k2", 5000)).toEqual({ isFirst: false, step });
});

test("steps: of several first attempts at once one is the first, and all have its key", async () => {
  const started = await Promise.all(["k1", "k2", "k3", "k4"].map((key) => start(key)));

  expect(started.filter(({ isFirst }) => isFirst).length).toBe(1);
  expect(new Set(started.map(({ step }) => step.idempotencyKey)).size).toBe(1);
});

test("steps: a failure is kept until the step is renewed with another key", async () => {
  await start("k1");
  await failStep(fixture.database, "inv_1", "create", { status: 500, code: "api_error" });

  expect((await start("k2")).step.outcome).toEqual({ failure: { status: 500, code: "api_error" } });
  await renewStep(fixture.database, "inv_1", "create", "k1", "k3", 7000);
  expect(await start("k4")).toEqual({
    isFirst: false,
    step: { step: "create", idempotencyKey: "k3", startedAtMs: 7000, finishedAtMs: null, outcome: null },
  });
});

test("steps: of several who renew the same key one does, and all go on with its key", async () => {
  await start("k1");
  const renewed = ["k2", "k3", "k4", "k5"];
  await Promise.all(
    renewed.map((key, index) => renewStep(fixture.database, "inv_1", "create", "k1", key, 7000 + index)),
  );
  const { step } = await start("k6");

  expect(renewed).toContain(step.idempotencyKey);
  expect(step.startedAtMs).toBe(7000 + renewed.indexOf(step.idempotencyKey));
});

test("steps: a renewal of a key that is another's already leaves what came of that one", async () => {
  await start("k1");
  await renewStep(fixture.database, "inv_1", "create", "k1", "k2", 7000);
  await failStep(fixture.database, "inv_1", "create", { status: 400, code: "refused" });
  await renewStep(fixture.database, "inv_1", "create", "k1", "k3", 9000);

  expect((await start("k4")).step).toMatchObject({
    idempotencyKey: "k2",
    startedAtMs: 7000,
    outcome: { failure: { status: 400, code: "refused" } },
  });
});

test("steps: an end answers the outcome that is kept, and whose it is", async () => {
  await start("k1");

  expect(await finish({ stripeInvoiceId: "in_1" })).toEqual({
    outcome: { stripeInvoiceId: "in_1" },
    isOwn: true,
  });
  expect(await finish({ stripeInvoiceId: "in_2" })).toEqual({
    outcome: { stripeInvoiceId: "in_1" },
    isOwn: false,
  });
});

test("steps: a finished one stays as it is, and the invoice follows it", async () => {
  await start("k1");
  await finish({ stripeInvoiceId: "in_1" });
  await finish({ stripeInvoiceId: "in_1" }, 9000);
  await failStep(fixture.database, "inv_1", "create", { status: null, code: "late" });
  await renewStep(fixture.database, "inv_1", "create", "k1", "k9", 9000);

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
  await start("k1");
  await finishStep(fixture.database, "inv_1", "create", { outcome: { stripeInvoiceId: "in_1" } }, 2000);
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
  const before = await getInvoice(fixture.database, "inv_1");

  expect(await finish({ stripeInvoiceId: "in_1" })).toEqual({ outcome: {}, isOwn: false });
  expect(await getInvoice(fixture.database, "inv_1")).toEqual(before);
});

test("steps: of two ends at once one is kept, and the invoice follows that one", async () => {
  await start("k1");
  const ends = await Promise.all([finish({ stripeInvoiceId: "in_1" }), finish({ stripeInvoiceId: "in_2" })]);
  const invoice = await getInvoice(fixture.database, "inv_1");
  const kept = { stripeInvoiceId: invoice?.stripeInvoiceId };

  expect(invoice?.status).toBe("open");
  expect(invoice?.steps[0]?.outcome).toEqual(kept);
  expect(ends.map(({ outcome }) => outcome)).toEqual([kept, kept]);
  expect(ends.filter(({ isOwn }) => isOwn).length).toBe(1);
});

test("steps: are listed with the invoice in the order of sending", async () => {
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
  await start("k1");
  await finish({ stripeInvoiceId: "in_1" });
  await finishStep(fixture.database, "inv_1", "create", { outcome: {}, status: "draft" }, 9000);

  expect(await getInvoice(fixture.database, "inv_1")).toMatchObject({ status: "open" });
});

test("review: a draft waits for it, what has gone further stays", async () => {
  await setInReview(fixture.database, newInvoice("inv_1"), 3000);
  expect(await getInvoice(fixture.database, "inv_1")).toMatchObject({ status: "in_review" });

  await start("k1");
  await finish({ stripeInvoiceId: "in_1" });
  await setInReview(fixture.database, newInvoice("inv_1"), 4000);
  expect(await getInvoice(fixture.database, "inv_1")).toMatchObject({ status: "open" });
});

test("steps: one that begins while another ends does not wait for it in a circle", async () => {
  await start("k1");
  await fixture.raw("begin");
  // As `startStep` does, statement by statement.
  await fixture.raw("select 1 from invoices where invoice_id = 'inv_1' for no key update");
  const ending = finish({ stripeInvoiceId: "in_1" });
  const waiting = "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'";
  await vi.waitUntil(async () => (await fixture.database.query(waiting, []))[0]?.["n"] === "1");
  await fixture.raw(
    `insert into invoice_steps (invoice_id, step, idempotency_key, started_at) values ('inv_1', 'create', 'k2', now())
     on conflict do nothing`,
  );
  await fixture.raw("commit");

  expect(await ending).toMatchObject({ isOwn: true });
});
