import { afterAll, beforeAll, expect, test } from "vitest";
import { InvoicingSchedule } from "../support/invoicing/play-schedule.ts";
import { hasPublished, unpublished } from "../support/invoicing/published-requests.ts";
import { startLedgerFixture, type LedgerFixture } from "../support/ledger-fixture.ts";

const SCHEDULES = Number(process.env["INVOICING_SCHEDULES"] ?? 200);
const FIRST_SEED = Number(process.env["SEED"] ?? 1);
const ACTIONS = 25;
const PROGRESS = 500;

let ledger: LedgerFixture;

beforeAll(async () => {
  ledger = await startLedgerFixture();
});
afterAll(() => ledger.stop());

test.skipIf(!hasPublished)("requests: what Stripe does not publish is told", () => {
  const list = { method: "GET", path: "/v1/invoices", params: { limit: "100", created: { lte: "7" } } };
  const line = { sum: "1", period: { start: "1", until: "2" }, metadata: { ref: "x" }, description: "Calls" };
  const create = {
    auto_advance: "false",
    collection_method: "by_pigeon",
    due: "1",
    metadata: { any: "thing" },
  };

  expect(unpublished([list, { method: "POST", path: "/v1/invoices/in_1/void", params: {} }])).toEqual([]);
  expect(
    unpublished([
      { ...list, params: { limit: "many" } },
      { method: "POST", path: "/v1/invoices", params: create },
      { method: "PUT", path: "/v1/invoices", params: {} },
      {
        method: "POST",
        path: "/v1/invoices/in_1/add_lines",
        params: { lines: { "0": line, "1": { amount: "1.5" } } },
      },
    ]),
  ).toEqual([
    "GET /v1/invoices limit=many",
    "POST /v1/invoices collection_method=by_pigeon",
    "POST /v1/invoices due=1",
    "PUT /v1/invoices is not published",
    "POST /v1/invoices/in_1/add_lines lines[0] sum",
    "POST /v1/invoices/in_1/add_lines lines[0] until",
    "POST /v1/invoices/in_1/add_lines lines[1] amount",
  ]);
});

test(
  "invoicing: whatever fails in whatever order, one run more leaves one invoice per customer and period, and no orphan",
  { timeout: 7_200_000 },
  async () => {
    const sums = { disturbed: 0, killed: 0, voided: 0, paid: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed += 1) {
      const played = await InvoicingSchedule.play(ledger, seed, ACTIONS).catch((error: unknown) => {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      });
      sums.disturbed += played.disturbed;
      sums.killed += played.killed;
      sums.voided += played.voided;
      sums.paid += played.paid;
      if ((seed - FIRST_SEED) % PROGRESS === PROGRESS - 1) {
        // oxlint-disable-next-line no-console -- it takes a while
        console.log(`invoicing: ${seed - FIRST_SEED + 1} schedules, ${JSON.stringify(sums)}`);
      }
    }
    // It would hold of schedules in which nothing happens, too.
    expect(sums.disturbed).toBeGreaterThan(SCHEDULES * 5);
    expect(Math.min(sums.killed, sums.voided * 2, sums.paid * 3)).toBeGreaterThan(SCHEDULES / 2);
  },
);
