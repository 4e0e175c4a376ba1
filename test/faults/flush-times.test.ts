import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";
import { type FlushFixture, startFlushFixture } from "../support/flush-fixture.ts";

const CUSTOMER = "cus_edge";

let fixture: FlushFixture;

beforeAll(async () => {
  fixture = await startFlushFixture();
}, 60_000);
afterAll(() => fixture.stop());
beforeEach(() => fixture.clear());

/** Hours and days of the ledger, each with its value. */
async function held(): Promise<{ hours: string[]; days: string[] }> {
  const { rows: hours } = await fixture.sql.query<{ at: string; value: string }>(`
    select to_char(window_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as at, sum(value)::text as value
    from usage_records group by window_start order by window_start`);
  const { rows: days } = await fixture.sql.query<{ at: string; value: string }>(
    "select day::text as at, sum(value)::text as value from usage_daily group by day order by day",
  );
  const told = (rows: { at: string; value: string }[]) => rows.map(({ at, value }) => `${at} ${value}`);
  return { hours: told(hours), days: told(days) };
}

test.each([
  { edge: "an hour", at: "2100-03-15T13:00", hours: ["2100-03-15 12:00", "2100-03-15 13:00"] },
  { edge: "a day", at: "2100-03-16T00:00", hours: ["2100-03-15 23:00", "2100-03-16 00:00"] },
  { edge: "a month", at: "2100-04-01T00:00", hours: ["2100-03-31 23:00", "2100-04-01 00:00"] },
  {
    edge: "February in a leap year",
    at: "2104-03-01T00:00",
    hours: ["2104-02-29 23:00", "2104-03-01 00:00"],
  },
  { edge: "a year", at: "2101-01-01T00:00", hours: ["2100-12-31 23:00", "2101-01-01 00:00"] },
  { edge: "Berlin's winter", at: "2100-03-28T01:00", hours: ["2100-03-28 00:00", "2100-03-28 01:00"] },
  { edge: "Berlin's summer", at: "2100-10-31T01:00", hours: ["2100-10-31 00:00", "2100-10-31 01:00"] },
])(
  "events and flushes around the end of $edge: each is in its hour and its day, once",
  async ({ at, hours }) => {
    const edgeMs = Date.parse(`${at}Z`);
    const offsets = [-MINUTE_MS, -1, 0, 1, MINUTE_MS];
    const count = (nowMs: number) =>
      fixture.count(
        offsets.map((offset) => ({ customerId: CUSTOMER, timeMs: edgeMs + offset })),
        nowMs,
      );
    // Late, in time and early ones; with two flushes at once, whose clocks are not on the same side.
    for (const offset of offsets) {
      await Promise.all([
        count(edgeMs + offset),
        fixture.flush(edgeMs + offset - 1),
        fixture.flush(edgeMs + offset + 1),
      ]);
    }
    await fixture.flush(edgeMs + 10 * MINUTE_MS);

    const values = hours.map((hour, index) => ({ hour, value: index === 0 ? 10 : 15 }));
    const byDay = Map.groupBy(values, ({ hour }) => hour.slice(0, 10));
    expect(await held()).toEqual({
      hours: values.map(({ hour, value }) => `${hour} ${value}`),
      days: [...byDay].map(([day, of]) => `${day} ${of.reduce((sum, { value }) => sum + value, 0)}`),
    });
    expect((await fixture.flush(edgeMs + HOUR_MS)).buckets).toBe(0);
  },
);

test("events for one bucket without pause while flushes follow each other: each is in the ledger once", async () => {
  const nowMs = Date.parse("2100-03-15T12:34Z");
  const total = async () => (await fixture.totals()).get(CUSTOMER) ?? 0n;
  const flushes = { areOn: true };
  let acknowledged = 0n;
  const send = async (): Promise<void> => {
    while (flushes.areOn) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, four at once
      await fixture.count([{ customerId: CUSTOMER, timeMs: nowMs }], nowMs);
      acknowledged += 1n;
    }
  };
  const senders = [send(), send(), send(), send()];
  let before = 0n;
  try {
    for (let run = 0; run < 25; run += 1) {
      const least = acknowledged;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await fixture.flush(nowMs + run);
      // oxlint-disable-next-line no-await-in-loop -- what it has brought
      const now = await total();
      expect(now).toBeGreaterThanOrEqual(least);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
  } finally {
    flushes.areOn = false;
    await Promise.all(senders);
  }
  await fixture.flush(nowMs + MINUTE_MS);
  expect(before).toBeGreaterThan(0n);
  expect(await total()).toBe(acknowledged);
});
