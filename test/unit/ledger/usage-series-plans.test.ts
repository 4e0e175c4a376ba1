import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database, Parameter } from "../../../src/ledger/database.ts";
import { readUsageSeries, type SeriesChoice } from "../../../src/ledger/usage-series.ts";
import { areWholeDays, windowBounds, type SeriesWindow } from "../../../src/usage/series-windows.ts";
import { timeZoneOf } from "../../../src/usage/time-zone.ts";
import { callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);

let fixture: LedgerFixture;

/** Half a year of 20 customers and 4 metrics by the hour, and of 400 customers by the day: 340,000 and 290,000 rows. */
const GENERATE = `
insert into usage_records (customer_id, window_start, epoch, series, metric_name, dimensions, aggregation, value,
  version, flushed_at)
select 'cus_' || customer, hour, 'e', sha256(('m_' || metric)::bytea), 'm_' || metric, '{"region":"eu"}', 'sum', 1, 1, hour
from generate_series('2026-06-01T00:00Z'::timestamptz, '2026-11-23T12:00Z', '1 hour') as hour,
  generate_series(1, 20) as customer, generate_series(1, 4) as metric;
insert into usage_daily (customer_id, day, series, metric_name, dimensions, aggregation, value)
select 'cus_' || customer, day::date, sha256(('m_' || metric)::bytea), 'm_' || metric, '{"region":"eu"}', 'sum', 24
from generate_series('2026-06-01T00:00Z'::timestamptz, '2026-11-23T12:00Z', '1 day') as day,
  generate_series(1, 400) as customer, generate_series(1, 4) as metric;
analyze usage_records; analyze usage_daily; analyze adjustments`;

beforeAll(async () => {
  fixture = await startLedgerFixture();
  for (const statement of GENERATE.split(";")) {
    await fixture.raw(statement);
  }
}, 120_000);
afterAll(() => fixture.stop());

/** The plan of what is asked of the ledger; nothing is read. */
async function planOf(choice: SeriesChoice, liveHour?: string): Promise<string> {
  const asked: { text: string; params: Parameter[] }[] = [];
  const database: Database = {
    ...fixture.database,
    query: async (text, params) => {
      asked.push({ text, params });
      return [];
    },
  };
  const live = liveHour === undefined ? [] : [callsBucket(liveHour, 1, { customerId: "cus_7" })];
  await readUsageSeries(database, choice, live);
  expect(asked).toHaveLength(1);
  const [{ text, params }] = asked as [(typeof asked)[number]];
  const rows = await fixture.raw(
    `explain ${text}`,
    params.map((value) => (value === null ? null : String(value))),
  );
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

function choiceOf(window: SeriesWindow, from: string, zoneName: string, changes: Partial<SeriesChoice>) {
  const zone = timeZoneOf(zoneName);
  const bounds = zone && windowBounds(window, zone, utc(from), utc("2026-11-23T12:34"));
  if (typeof bounds !== "object") {
    throw new TypeError(`no bounds: ${bounds}`);
  }
  const choice: SeriesChoice = {
    metricName: "m_2",
    aggregation: "sum",
    customerId: undefined,
    bounds,
    isDaily: areWholeDays(bounds),
    groupBy: [],
    filters: [],
    after: undefined,
    limit: 101,
    ...changes,
  };
  return choice;
}

const RANGES = [
  { window: "hour", from: "2026-11-22T12:00", zoneName: "UTC", table: "usage_records" },
  { window: "hour", from: "2026-10-13T00:00", zoneName: "UTC", table: "usage_records" },
  { window: "day", from: "2026-10-24T12:00", zoneName: "Europe/Berlin", table: "usage_records" },
  { window: "day", from: "2026-10-24T12:00", zoneName: "UTC", table: "usage_daily" },
  { window: "month", from: "2026-10-24T12:00", zoneName: "UTC", table: "usage_daily" },
] as const;

const CHOICES: { name: string; choice: Partial<SeriesChoice>; liveHour?: string }[] = [
  { name: "over all customers", choice: {} },
  { name: "by customer", choice: { groupBy: ["customer"] } },
  { name: "a later page by customer", choice: { groupBy: ["customer"], after: ["cus_5"] } },
  { name: "by dimension, filtered", choice: { groupBy: ["region"], filters: [["region", "eu"]] } },
  { name: "of one customer", choice: { customerId: "cus_7" } },
  { name: "of one customer, with live usage", choice: { customerId: "cus_7" }, liveHour: "2026-11-23T12:00" },
  { name: "newest by customer", choice: { aggregation: "last", groupBy: ["customer"] } },
];

test.each(RANGES.flatMap((range) => CHOICES.map((choice) => ({ ...range, ...choice }))))(
  "plan: $window in $zoneName, $name: reads no table of usage from end to end",
  async ({ window, from, zoneName, table, choice, liveHour }) => {
    const plan = await planOf(choiceOf(window, from, zoneName, choice), liveHour);
    expect(plan).not.toMatch(/Seq Scan on usage_/);
    expect(plan).toMatch(new RegExp(`(Index|Bitmap)[^\n]* on ${table}`));
  },
);

test("plan: one customer's 1,000 hours, 30 days of a zone and 13 months are read by that customer's key", async () => {
  for (const [window, from, zoneName] of [
    ["hour", "2026-10-13T00:00", "UTC"],
    ["day", "2026-10-24T00:00", "Europe/Berlin"],
    ["month", "2025-11-01T00:00", "UTC"],
  ] as const) {
    const plan = await planOf(choiceOf(window, from, zoneName, { customerId: "cus_7" }), "2026-11-23T12:00");
    expect(plan).not.toMatch(/Seq Scan on usage_/);
  }
});
