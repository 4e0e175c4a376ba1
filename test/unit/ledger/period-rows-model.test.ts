import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { periodContaining, periodFrom } from "../../../src/domain/period.ts";
import { DAY_MS, HOUR_MS } from "../../../src/domain/window.ts";
import { deleteCustomer } from "../../../src/ledger/customers.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { extendAll, periodRows, putOnDay } from "../../support/period-story.ts";

const START_MS = Date.parse("2027-12-15T00:00Z");

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
afterAll(() => fixture.stop());

type Step =
  | { kind: "put"; day: number; hours: number; times: number }
  | { kind: "delete"; hours: number }
  | { kind: "run"; hours: number; times: number };

const hours = fc.oneof(
  fc.integer({ min: 0, max: 30 }),
  fc.integer({ min: 0, max: 24 * 45 }),
  // A clock that is behind.
  fc.integer({ min: -30, max: 0 }),
);
const times = fc.integer({ min: 1, max: 3 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("put" as const), day: fc.integer({ min: 1, max: 31 }), hours, times }),
    fc.record({ kind: fc.constant("delete" as const), hours }),
    fc.record({ kind: fc.constant("run" as const), hours, times }),
  ),
  { minLength: 1, maxLength: 14 },
);

async function play(step: Step, nowMs: number, customerId: string): Promise<void> {
  switch (step.kind) {
    case "put":
      await Promise.all(
        Array.from({ length: step.times }, () => putOnDay(fixture, step.day, nowMs, customerId)),
      );
      break;
    case "delete":
      await deleteCustomer(fixture.database, customerId, nowMs);
      break;
    case "run":
      await Promise.all(Array.from({ length: step.times }, () => extendAll(fixture, nowMs)));
      break;
  }
}

let stories = 0;

test("periods: whatever is put, changed, deleted and run, in one order or at once, they tile a customer's time", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 720 }),
      steps,
      fc.boolean(),
      async (first, story, isAtOnce) => {
        stories += 1;
        const customerId = `cus_${stories}`;
        let nowMs = START_MS + first * HOUR_MS;
        await putOnDay(fixture, 1, nowMs, customerId);
        const plays = [];
        for (const step of story) {
          nowMs += step.hours * HOUR_MS;
          plays.push({ step, nowMs });
        }
        if (isAtOnce) {
          await Promise.all(plays.map((one) => play(one.step, one.nowMs, customerId)));
        } else {
          for (const one of plays) {
            await play(one.step, one.nowMs, customerId);
          }
        }
        const found = await periodRows(fixture, customerId);
        for (const [index, row] of found.entries()) {
          expect(row.startMs).toBe(found[index - 1]?.endMs ?? row.startMs);
          expect(row.startMs % DAY_MS).toBe(0);
          expect(row.endMs).toBeGreaterThan(row.startMs);
          // Time away is one row without an invoice.
          expect(row.isClosed || row.endMs - row.startMs <= 31 * DAY_MS).toBe(true);
        }
      },
    ),
    { numRuns: 250 },
  );
}, 120_000);

const anyChange = fc.record({
  day: fc.integer({ min: 1, max: 31 }),
  hours: fc.integer({ min: 0, max: 1500 }),
  isRun: fc.boolean(),
});

test("periods: a customer who stays has each one by the day that holds when it begins", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyChange, { minLength: 1, maxLength: 6 }), async (changes) => {
      stories += 1;
      const customerId = `cus_${stories}`;
      let nowMs = START_MS;
      let dayInForce = 1;
      const expected = [periodContaining(nowMs)];
      await putOnDay(fixture, dayInForce, nowMs, customerId);
      for (const { day, hours: later, isRun } of changes) {
        nowMs += later * HOUR_MS;
        for (let last = expected.at(-1)!; last.endMs <= nowMs; last = expected.at(-1)!) {
          expected.push(periodFrom(last.endMs, dayInForce));
        }
        if (isRun) {
          await extendAll(fixture, nowMs);
        } else {
          await putOnDay(fixture, day, nowMs, customerId);
          dayInForce = day;
        }
      }
      const begun = (await periodRows(fixture, customerId)).filter(({ startMs }) => startMs <= nowMs);

      expect(begun).toEqual(expected.map((period) => ({ ...period, isClosed: false })));
    }),
    { numRuns: 100 },
  );
}, 120_000);
