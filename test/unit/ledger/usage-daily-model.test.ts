import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bucket } from "../../../src/domain/bucket.ts";
import { formatScaled, parseDecimal, scaledTo } from "../../../src/domain/decimal.ts";
import { formatSeries, mergeStates, type Series, type SeriesState } from "../../../src/domain/series.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { readUsage } from "../../../src/ledger/usage-reading.ts";
import { bucketOf } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { writeBuckets } from "../../support/write-buckets.ts";

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
afterAll(() => fixture.stop());

/** Around the end of a day, a leap day and a month. */
const HOURS = ["02-28T23:00", "02-29T00:00", "02-29T23:00", "03-01T00:00", "03-01T05:00"].map(
  (h) => `2028-${h}`,
);
const FEBRUARY = { startMs: Date.parse("2028-02-01T00:00Z"), endMs: Date.parse("2028-03-01T00:00Z") };
const MARCH = { startMs: FEBRUARY.endMs, endMs: Date.parse("2028-04-01T00:00Z") };

const METERS = [
  { metricName: "bytes", aggregation: "sum", scale: 3 },
  { metricName: "calls", aggregation: "count", scale: 0 },
  { metricName: "peak", aggregation: "max", scale: 3 },
  { metricName: "least", aggregation: "min", scale: 0 },
  { metricName: "level", aggregation: "last", scale: 3 },
] as const;
const SERIES: Series[] = METERS.flatMap((meter) => [
  { ...meter, dimensions: {} },
  { ...meter, dimensions: { zone: "\u{1F600}'" } },
]);

interface Increment {
  series: number;
  value: bigint;
  /** Of its hour. */
  atMs: number;
}

/** A bucket from its creation on: what each call has added to it. */
interface Life {
  customer: number;
  hour: number;
  epoch: number;
  calls: Increment[][];
}

interface Story {
  lives: Life[];
  /** Pages in the order of their writing: which state of which bucket. */
  pages: { life: number; state: number }[][];
  /** What the counters hold of each bucket when it is read; nothing of some. */
  live: (number | undefined)[];
  adjustments: { customer: number; metric: number; quantity: bigint; isMarch: boolean }[];
}

const anyValue = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt(-5n, 5n) },
  { weight: 1, arbitrary: fc.constantFrom(9_007_199_254_740_991n, -9_007_199_254_740_991n, 0n) },
);
const anyIncrement: fc.Arbitrary<Increment> = fc.record({
  series: fc.nat(SERIES.length - 1),
  value: anyValue,
  atMs: fc.constantFrom(0, 1, 2, HOUR_MS - 1),
});
const anyLife: fc.Arbitrary<Life> = fc.record({
  customer: fc.nat(1),
  hour: fc.nat(HOURS.length - 1),
  epoch: fc.nat(1),
  calls: fc.array(fc.array(anyIncrement, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
});
const anyStory: fc.Arbitrary<Story> = fc.record({
  lives: fc.uniqueArray(anyLife, {
    minLength: 1,
    maxLength: 8,
    selector: ({ customer, hour, epoch }) => `${customer} ${hour} ${epoch}`,
  }),
  pages: fc.array(fc.array(fc.record({ life: fc.nat(7), state: fc.nat(4) }), { maxLength: 6 }), {
    minLength: 1,
    maxLength: 8,
  }),
  live: fc.array(fc.option(fc.nat(4), { nil: undefined }), { minLength: 8, maxLength: 8 }),
  adjustments: fc.array(
    fc.record({
      customer: fc.nat(1),
      metric: fc.nat(METERS.length - 1),
      quantity: anyValue,
      isMarch: fc.boolean(),
    }),
    { maxLength: 4 },
  ),
});

/** The states that a bucket goes through, versions from 1. */
function statesOf(life: Life, prefix: string): Bucket[] {
  const hour = HOURS[life.hour]!;
  const hourMs = Date.parse(`${hour}Z`);
  const held = new Map<number, SeriesState>();
  return life.calls.map((call, index) => {
    for (const { series, value, atMs } of call) {
      const { aggregation } = SERIES[series]!;
      const added = { value, atMs: aggregation === "last" ? hourMs + atMs : null };
      const before = held.get(series);
      held.set(series, before === undefined ? added : mergeStates(aggregation, before, added));
    }
    const states = [...held].map(([series, { value, atMs }]): [Series, string] => [
      SERIES[series]!,
      atMs === null ? `${value}` : `${value}@${atMs}`,
    ]);
    return bucketOf(hour, states, {
      customerId: `${prefix}${life.customer}`,
      epoch: `epoch-${life.epoch}`,
      version: BigInt(index + 1),
    });
  });
}

/** Writes the pages; answers the newest state of each bucket that was among them. */
async function writePages(story: Story, states: readonly Bucket[][]): Promise<Map<number, Bucket>> {
  const newest = new Map<number, Bucket>();
  for (const page of story.pages) {
    const buckets = new Map<number, Bucket>();
    for (const { life, state } of page) {
      const index = life % states.length;
      buckets.set(index, states[index]![state % states[index]!.length]!);
    }
    await writeBuckets(fixture.database, 0, [...buckets.values()], Date.parse("2028-03-02T00:00Z"));
    for (const [index, bucket] of buckets) {
      newest.set(index, newerOf(newest.get(index), bucket));
    }
  }
  return newest;
}

function newerOf<Other extends Bucket | undefined>(left: Bucket | undefined, right: Other): Bucket | Other {
  return left !== undefined && left.version > (right?.version ?? 0n) ? left : right;
}

function liveState(state: number | undefined, states: readonly Bucket[]): Bucket | undefined {
  return state === undefined ? undefined : states[state % states.length];
}

function hourRows(buckets: Iterable<Bucket>): string[] {
  return [...buckets].flatMap(({ customerId, hourMs, epoch, version, series: all }) =>
    all.map(({ text, series, state }) => {
      const value = formatScaled(state.value, series.scale);
      const hash = createHash("sha256").update(text).digest("hex");
      return `${customerId} ${hourMs} ${epoch} ${hash} v${version} ${value} ${state.atMs}`;
    }),
  );
}

async function heldHours(prefix: string): Promise<string[]> {
  const rows = await fixture.raw(
    `select concat_ws(' ', customer_id, (extract(epoch from window_start) * 1000)::bigint, epoch, encode(series, 'hex'),
      'v' || version, trim_scale(value), coalesce((extract(epoch from last_at) * 1000)::bigint::text, 'null')) as line
     from usage_records where customer_id like $1 || '_'`,
    [prefix],
  );
  return rows.map(({ line }) => line ?? "");
}

/** Days worked out from the hours alone, in another way than the ledger does. */
const DAYS_OF_HOURS = `
with hours as (
  select *, to_char(window_start at time zone 'UTC', 'YYYY-MM-DD') as day from usage_records where customer_id like $1 || '_'
), ranked as (
  select *, sum(value) over series_days as total, row_number() over (series_days
    order by last_at desc nulls last, case aggregation when 'min' then -value else value end desc) as place
  from hours window series_days as (partition by customer_id, day, series)
)
select concat_ws(' ', customer_id, day, encode(series, 'hex'), metric_name, dimensions, aggregation,
  trim_scale(case when aggregation in ('sum', 'count') then total else value end), last_at) as line
from ranked where place = 1 order by line`;

const HELD_DAYS = `
select concat_ws(' ', customer_id, day, encode(series, 'hex'), metric_name, dimensions, aggregation, trim_scale(value),
  last_at) as line
from usage_daily where customer_id like $1 || '_' order by line`;

async function adjust(story: Story, prefix: string): Promise<void> {
  for (const [index, { customer, metric, quantity, isMarch }] of story.adjustments.entries()) {
    const { metricName, scale } = METERS[metric]!;
    await fixture.raw(
      `insert into adjustments values ($1, $2, $3, $4, to_timestamp($5::bigint / 1000.0), 'a reason', now(), 'a key')`,
      [
        `${prefix}${customer}`,
        `adj_${index}`,
        metricName,
        formatScaled(quantity, scale),
        (isMarch ? MARCH : FEBRUARY).startMs + index,
      ],
    );
  }
}

/** Every metric's total: buckets merged one by one, adjustments added. */
function plainTotals(
  buckets: readonly Bucket[],
  adjustments: Story["adjustments"],
  period: { startMs: number; endMs: number },
): Map<string, bigint> {
  const merged = new Map<string, SeriesState>();
  for (const { hourMs, series: all } of buckets) {
    for (const { series, state } of hourMs >= period.startMs && hourMs < period.endMs ? all : []) {
      const held = merged.get(series.metricName);
      merged.set(series.metricName, held ? mergeStates(series.aggregation, held, state) : state);
    }
  }
  const totals = new Map([...merged].map(([metricName, { value }]) => [metricName, value]));
  for (const { metric, quantity, isMarch } of adjustments) {
    const { metricName } = METERS[metric]!;
    if (isMarch === (period === MARCH)) {
      totals.set(metricName, (totals.get(metricName) ?? 0n) + quantity);
    }
  }
  return totals;
}

async function readTotals(
  customerId: string,
  period: { startMs: number; endMs: number },
  live: readonly Bucket[],
): Promise<Map<string, bigint | undefined>> {
  const choice = {
    startFromMs: 0,
    startToMs: period.startMs,
    endAfterMs: period.startMs,
    otherwiseMs: period.startMs,
    nowMs: period.endMs,
  };
  const { totals } = await readUsage(fixture.database, customerId, choice, live);
  return new Map(
    totals.flat().map(({ metricName, value }) => {
      const scale = METERS.find((meter) => meter.metricName === metricName)!.scale;
      return [metricName, scaledTo(parseDecimal(value)!, scale)];
    }),
  );
}

let stories = 0;

test("usage: whatever is written in whatever order, days are their hours merged, and reading is a plain merge", async () => {
  expect(new Set(SERIES.map(formatSeries)).size).toBe(10);
  await fc.assert(
    fc.asyncProperty(anyStory, async (story) => {
      stories += 1;
      const prefix = `story ${stories} customer `;
      const states = story.lives.map((life) => statesOf(life, prefix));
      const written = await writePages(story, states);
      await adjust(story, prefix);

      expect((await heldHours(prefix)).toSorted()).toEqual(hourRows(written.values()).toSorted());
      expect(await fixture.raw(HELD_DAYS, [prefix])).toEqual(await fixture.raw(DAYS_OF_HOURS, [prefix]));
      for (const customer of [0, 1]) {
        const customerId = `${prefix}${customer}`;
        const own = [...states.keys()].filter((index) => story.lives[index]!.customer === customer);
        const live = own.map((index) => liveState(story.live[index], states[index]!));
        const newest = own.map((index, at) => newerOf(written.get(index), live[at]));
        const adjustments = story.adjustments.filter((each) => each.customer === customer);
        for (const period of [FEBRUARY, MARCH]) {
          expect(await readTotals(customerId, period, live.filter(isBucket))).toEqual(
            plainTotals(newest.filter(isBucket), adjustments, period),
          );
        }
      }
    }),
    { numRuns: 100 },
  );
}, 60_000);

function isBucket(bucket: Bucket | undefined): bucket is Bucket {
  return bucket !== undefined;
}
