import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Adjustment } from "../../../src/domain/adjustment.ts";
import { DAY_MS } from "../../../src/domain/window.ts";
import { getAdjustment, insertAdjustment, listAdjustments } from "../../../src/ledger/adjustments.ts";
import { duePeriods } from "../../../src/ledger/billing-periods.ts";
import { closeWithInvoice } from "../../../src/ledger/invoices.ts";
import { readClosing } from "../../../src/ledger/true-up-reach.ts";
import { CLOSED_MS, INVOICED, newInvoice, prepareClose } from "../../support/invoice-fixture.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

const AT_MS = INVOICED.startMs + 3 * DAY_MS;

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(async () => {
  await fixture.clear();
  await prepareClose(fixture.database);
});
afterAll(() => fixture.stop());

function adjustment(adjustmentId: string, changes: Partial<Adjustment> = {}): Adjustment {
  const content = { metricName: "api_calls", quantity: "-12.5", atMs: AT_MS, reason: "outage" };
  return { customerId: "cus_acme", adjustmentId, ...content, ...changes };
}

function insert(adjusted: Adjustment, nowMs = AT_MS) {
  return insertAdjustment(fixture.database, adjusted, "admin", nowMs);
}

async function basis(): Promise<string> {
  return (await readClosing(fixture.database, { customerId: "cus_acme", ...INVOICED })).basis;
}

async function close(read?: string, invoiceId = "inv_1") {
  return closeWithInvoice(fixture.database, newInvoice(invoiceId), CLOSED_MS, read ?? (await basis()));
}

/** Customers whose period is due. */
async function due(): Promise<string[]> {
  const periods = await duePeriods(fixture.database, CLOSED_MS, CLOSED_MS, 10);
  return periods.map(({ customerId }) => customerId);
}

test("adjustments: one is kept as it came, and there once", async () => {
  const stored = { ...adjustment("a"), createdAtMs: AT_MS, createdBy: "admin" };

  expect(await insert(adjustment("a"))).toEqual({ isNew: true, adjustment: stored });
  expect(await insert(adjustment("a", { reason: "other" }), AT_MS + 1)).toEqual({
    isNew: false,
    adjustment: stored,
  });
  expect(await getAdjustment(fixture.database, "cus_acme", "a")).toEqual(stored);
  expect(await getAdjustment(fixture.database, "cus_b", "a")).toBe(undefined);
});

test("adjustments: of several at once under one id one is new, and all are told of it", async () => {
  const reasons = ["1", "2", "3", "4", "5"];
  const kept = await Promise.all(reasons.map((reason) => insert(adjustment("a", { reason }))));

  expect(kept.filter((one) => one?.isNew).length).toBe(1);
  expect(new Set(kept.map((one) => one?.adjustment.reason)).size).toBe(1);
});

test("adjustments: the same id of another customer is another", async () => {
  expect((await insert(adjustment("a")))?.isNew).toBe(true);
  expect((await insert(adjustment("a", { customerId: "cus_never_put" })))?.isNew).toBe(true);
});

test("adjustments: are listed from newest to oldest, page by page", async () => {
  for (const [index, id] of ["a", "c", "b", "d"].entries()) {
    await insert(adjustment(id), AT_MS + Math.floor(index / 2));
  }
  await insert(adjustment("x", { customerId: "cus_b" }));
  const ids = async (limit: number, after?: { timeMs: number; id: string }) =>
    (await listAdjustments(fixture.database, "cus_acme", limit, after)).map((one) => one.adjustmentId);

  expect(await ids(10)).toEqual(["d", "b", "c", "a"]);
  expect(await ids(2)).toEqual(["d", "b"]);
  expect(await ids(2, { timeMs: AT_MS + 1, id: "b" })).toEqual(["c", "a"]);
});

test.each([
  { name: "at the period's start", atMs: INVOICED.startMs, isKept: false },
  { name: "a millisecond before it, and before the first", atMs: INVOICED.startMs - 1, isKept: false },
  { name: "at its last millisecond", atMs: INVOICED.endMs - 1, isKept: false },
  { name: "at its end", atMs: INVOICED.endMs, isKept: true },
])(
  "adjustments: $name when it is closed by an invoice that cannot be trued up: kept is $isKept",
  async ({ atMs, isKept }) => {
    await close();

    expect((await insert(adjustment("a", { atMs })))?.isNew === true).toBe(isKept);
    expect((await insert(adjustment("b", { atMs, customerId: "cus_b" })))?.isNew).toBe(true);
  },
);

test("adjustments: one that came before the close is answered after it", async () => {
  await insert(adjustment("a"));
  await close();

  expect((await insert(adjustment("a")))?.isNew).toBe(false);
});

test("close: with an adjustment that its usage was read without, nothing is closed", async () => {
  await insert(adjustment("before", { atMs: INVOICED.startMs - 1 }));
  const read = await basis();
  await insert(adjustment("meanwhile"));

  expect(await close(read)).toBe(false);
  expect(await due()).toEqual(["cus_acme"]);
  expect(await fixture.raw("select 1 from invoice_lines")).toEqual([]);
  expect(await close(undefined, "inv_2")).toBe(true);
  expect(await due()).toEqual([]);
});

test("close: at once with adjustments, each is billed or refused", async () => {
  for (let round = 0; round < 20; round += 1) {
    await fixture.clear();
    await prepareClose(fixture.database);
    const read = await basis();
    const [kept, isClosed] = await Promise.all([insert(adjustment("a")), close(read)]);

    expect(isClosed).toBe(kept === undefined);
  }
});
