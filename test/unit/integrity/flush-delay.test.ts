import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { tellFlushDelay } from "../../../src/integrity/flush-delay.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

const NOW_MS = Date.parse("2026-11-23T12:34:56.789Z");

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

async function told() {
  const rows = await fixture.raw("select subject, type, data::text from notifications order by created_at");
  return rows.map(({ subject, type, data }) => [subject, type, JSON.parse(data ?? "")]);
}

test("flush delay: five minutes are none, a millisecond more is", async () => {
  expect(await tellFlushDelay(fixture.database, 5 * MINUTE_MS, NOW_MS)).toBe(false);
  expect(await told()).toEqual([]);
  expect(await tellFlushDelay(fixture.database, 5 * MINUTE_MS + 1, NOW_MS)).toBe(true);
  expect(await told()).toEqual([
    [
      "flush_delayed:2026-11-23T12:00:00.000Z",
      "operations.flush_delayed",
      { lagSeconds: 300, oldestDirtyBucket: "2026-11-23T12:29:56.788Z" },
    ],
  ]);
});

test("flush delay: is told once an hour", async () => {
  const hour = NOW_MS - (NOW_MS % HOUR_MS);
  for (const nowMs of [hour, hour + 1, hour + HOUR_MS - 1, hour + HOUR_MS]) {
    await tellFlushDelay(fixture.database, HOUR_MS, nowMs);
  }

  expect((await told()).map(([subject]) => subject)).toEqual([
    "flush_delayed:2026-11-23T12:00:00.000Z",
    "flush_delayed:2026-11-23T13:00:00.000Z",
  ]);
});
