import { afterAll, beforeAll, expect, test } from "vitest";
import { InvoicingSchedule } from "../support/invoicing/play-schedule.ts";
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
