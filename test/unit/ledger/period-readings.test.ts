import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Series } from "../../../src/domain/series.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { readForAlerts } from "../../../src/ledger/alert-reading.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { readPeriodUsage } from "../../../src/ledger/period-usage.ts";
import { readUsage } from "../../../src/ledger/usage-reading.ts";
import type { PeriodUsage } from "../../../src/rating/rate-period.ts";
import { bucketOf } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";
import { seriesOf } from "../../support/measurement.ts";
import { writeBuckets } from "../../support/write-buckets.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const NOVEMBER = { startMs: utc("2026-11-01T00:00"), endMs: utc("2026-12-01T00:00") };
const NOW_MS = utc("2026-11-30T12:00");
/** Around the period's ends, and around days and hours at which plans change. */
const HOURS = [
  "10-31T23",
  "11-01T00",
  "11-09T23",
  "11-10T00",
  "11-10T11",
  "11-10T12",
  "11-10T23",
  "11-11T00",
  "11-30T23",
  "12-01T00",
];
const CUTS = ["10-20T05", "11-01T00", "11-10T00", "11-10T12", "11-11T00", "11-30T23", "12-01T00", "12-02T00"];
const SERIES: Series[] = (["sum", "count", "max", "min", "last"] as const).flatMap((aggregation) => [
  seriesOf({ metricName: aggregation, aggregation, scale: 2 }),
  seriesOf({ metricName: aggregation, aggregation, scale: 2, dimensions: { zone: "eu" } }),
]);

interface Story {
  usage: { hour: number; series: number; value: bigint; atMs: number }[];
  changes: { cut: number; plan: string | null; isStart: boolean }[];
  adjustments: { hour: number; series: number; quantity: bigint }[];
  isDeleted: boolean;
}

const anyValue = fc.oneof(fc.bigInt(-300n, 300n), fc.constant(9_007_199_254_740_991n));
const anySeries = fc.nat(SERIES.length - 1);
const anyHour = fc.nat(HOURS.length - 1);
const anyStory: fc.Arbitrary<Story> = fc.record({
  usage: fc.array(
    fc.record({ hour: anyHour, series: anySeries, value: anyValue, atMs: fc.nat(HOUR_MS - 1) }),
    { maxLength: 20 },
  ),
  changes: fc.uniqueArray(
    fc.record({
      cut: fc.nat(CUTS.length - 1),
      plan: fc.constantFrom("payg", "flat99", null),
      isStart: fc.boolean(),
    }),
    { maxLength: 4, selector: ({ cut }) => cut },
  ),
  adjustments: fc.array(fc.record({ hour: anyHour, series: anySeries, quantity: anyValue }), {
    maxLength: 4,
  }),
  isDeleted: fc.boolean(),
});

let fixture: LedgerFixture;
let stories = 0;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
afterAll(() => fixture.stop());

async function write(customerId: string, { usage, changes, adjustments, isDeleted }: Story): Promise<void> {
  await putCustomer(fixture.database, customerId, {}, NOVEMBER.startMs, withMonthBefore(NOVEMBER));
  await fixture.raw("delete from customer_plans where customer_id = $1", [customerId]);
  for (const { cut, plan, isStart } of changes) {
    await fixture.raw("insert into customer_plans values ($1, $2, $3, null, $4)", [
      customerId,
      `2026-${CUTS[cut]}:00Z`,
      plan,
      isStart,
    ]);
  }
  const buckets = HOURS.map((name, hour) => {
    const states = new Map(
      usage
        .filter((each) => each.hour === hour)
        .map(({ series, value, atMs }) => {
          const at = SERIES[series]!.aggregation === "last" ? `@${utc(`2026-${name}:00`) + atMs}` : "";
          return [series, `${value}${at}`] as const;
        }),
    );
    return bucketOf(
      `2026-${name}:00`,
      [...states].map(([series, state]) => [SERIES[series]!, state]),
      { customerId },
    );
  });
  await writeBuckets(
    fixture.database,
    0,
    buckets.filter(({ series }) => series.length > 0),
    NOW_MS,
  );
  for (const [index, { hour, series, quantity }] of adjustments.entries()) {
    await fixture.raw(
      `insert into adjustments values ($1, $2, $3, $4::numeric / 100, $5, 'a reason', now(), 'a key')`,
      [customerId, `adj_${index}`, SERIES[series]!.metricName, String(quantity), `2026-${HOURS[hour]}:59Z`],
    );
  }
  if (isDeleted) {
    await deleteCustomer(fixture.database, customerId, utc("2026-11-20T08:30"));
  }
}

/** What a period is priced from, in one order; numbers in one form. */
function comparable({ period, changes, lifetime, totals }: PeriodUsage): object {
  const inOrder = totals.map((part) =>
    part
      .map(
        ({ metricName, value }) => `${metricName} ${value.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "")}`,
      )
      .toSorted(),
  );
  return { period, changes, lifetime, totals: inOrder };
}

test("a period as usage shows it, as it is simulated and as alerts are checked by it: the same of whatever was used", async () => {
  let parts = 0;
  await fc.assert(
    fc.asyncProperty(anyStory, async (story) => {
      stories += 1;
      const customerId = `story_${String(stories).padStart(6, "0")}`;
      await write(customerId, story);
      const shown = await readUsage(
        fixture.database,
        customerId,
        {
          startFromMs: NOVEMBER.startMs,
          startToMs: NOVEMBER.startMs,
          endAfterMs: NOVEMBER.startMs,
          otherwise: { startMs: 0, endMs: 1 },
          nowMs: NOW_MS,
        },
        [],
      );
      const range = { fromMs: NOVEMBER.startMs, toMs: NOVEMBER.endMs };
      const before = `story_${String(stories - 1).padStart(6, "0")}`;
      const [simulated] = await readPeriodUsage(fixture.database, range, before, 1);
      const [checked] = await readForAlerts(fixture.database, [{ customerId, timeMs: NOW_MS }], NOW_MS);

      expect(simulated?.customerId).toBe(customerId);
      expect(comparable(simulated!)).toEqual(comparable(shown));
      expect(comparable(checked!)).toEqual(comparable(shown));
      parts += shown.totals.length;
    }),
    { numRuns: 150 },
  );
  // They would agree of one part each, too.
  expect(parts).toBeGreaterThan(200);
}, 120_000);
