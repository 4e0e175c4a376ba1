import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Bucket } from "../../../src/domain/bucket.ts";
import { formatScaled, parseDecimal } from "../../../src/domain/decimal.ts";
import type { Aggregation } from "../../../src/domain/meter.ts";
import { HOUR_MS, isoTime } from "../../../src/domain/window.ts";
import { readUsageSeries, type SeriesChoice, type SeriesGroup } from "../../../src/ledger/usage-series.ts";
import { areWholeDays, windowBounds, type SeriesWindow } from "../../../src/usage/series-windows.ts";
import { timeZoneOf } from "../../../src/usage/time-zone.ts";
import { bucketOf, callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { callsSeries } from "../../support/measurement.ts";
import { anyWorld, bucketIn, CUSTOMERS, modelled, type World } from "../../support/series-model.ts";
import { writeBuckets } from "../../support/write-buckets.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const NOW_MS = utc("2026-11-23T12:34");

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function boundsOf(window: SeriesWindow, from: string, to: string, zoneName = "UTC"): number[] {
  const zone = timeZoneOf(zoneName);
  const bounds = zone && windowBounds(window, zone, utc(from), utc(to));
  if (typeof bounds !== "object") {
    throw new TypeError(`no bounds: ${bounds}`);
  }
  return bounds;
}

function choiceOf(changes: Partial<SeriesChoice> = {}): SeriesChoice {
  const bounds = changes.bounds ?? boundsOf("day", "2026-11-22T00:00", "2026-11-25T00:00");
  return {
    metricName: "api_calls",
    aggregation: "sum",
    customerId: undefined,
    bounds,
    isDaily: areWholeDays(bounds),
    groupBy: [],
    filters: [],
    after: undefined,
    limit: 1000,
    ...changes,
  };
}

/** Values printed alike, whatever zeros Postgres keeps. */
async function read(choice: SeriesChoice, live: readonly Bucket[] = []): Promise<SeriesGroup[]> {
  const groups = await readUsageSeries(fixture.database, choice, live);
  return groups.map(({ key, points }) => ({
    key,
    points: points.map(([place, value]) => {
      const decimal = parseDecimal(value);
      return [place, decimal ? formatScaled(decimal.coefficient, decimal.scale) : value];
    }),
  }));
}

/** All pages of so many groups, one after the other. */
async function readPaged(choice: SeriesChoice, limit: number, live: readonly Bucket[] = []) {
  const paged: SeriesGroup[] = [];
  for (let after: string[] | undefined; ;) {
    const found = await read({ ...choice, after, limit }, live);
    paged.push(...found);
    after = found.length < limit ? undefined : found.at(-1)?.key;
    if (after === undefined) {
      return paged;
    }
  }
}

function flush(...buckets: Bucket[]) {
  return writeBuckets(fixture.database, 0, buckets, NOW_MS);
}

function adjust(id: string, customerId: string, at: string, quantity: string, metricName = "api_calls") {
  return fixture.raw(
    `insert into adjustments (customer_id, adjustment_id, metric_name, quantity, at, reason, created_at, created_by)
     values ($1, $2, $3, $4, $5, 'test', now(), 'test')`,
    [customerId, id, metricName, quantity, at],
  );
}

test("series: windows are half-open, by the hour and by the day", async () => {
  await flush(
    callsBucket("2026-11-21T23:00", 1),
    callsBucket("2026-11-22T00:00", 10),
    callsBucket("2026-11-22T23:00", 100),
    callsBucket("2026-11-23T00:00", 1000),
    callsBucket("2026-11-25T00:00", 10_000),
  );
  expect(await read(choiceOf())).toEqual([
    {
      key: [],
      points: [
        [1, "110"],
        [2, "1000"],
      ],
    },
  ]);
  const hours = boundsOf("hour", "2026-11-22T23:00", "2026-11-23T01:00");
  expect(await read(choiceOf({ bounds: hours }))).toEqual([
    {
      key: [],
      points: [
        [1, "100"],
        [2, "1000"],
      ],
    },
  ]);
});

test("series: no usage, another metric, another customer: no groups", async () => {
  await flush(callsBucket("2026-11-23T10:00", 1));
  expect(await read(choiceOf({ metricName: "seats" }))).toEqual([]);
  expect(await read(choiceOf({ customerId: "cus_other" }))).toEqual([]);
  expect(await read(choiceOf({ bounds: boundsOf("day", "2026-10-22T00:00", "2026-10-25T00:00") }))).toEqual(
    [],
  );
});

test("series: days of another zone are merged from hours", async () => {
  await flush(callsBucket("2026-10-24T21:00", 1), callsBucket("2026-10-24T22:00", 10));
  await flush(callsBucket("2026-10-25T22:00", 100), callsBucket("2026-10-25T23:00", 1000));
  const bounds = boundsOf("day", "2026-10-24T00:00", "2026-10-26T12:00", "Europe/Berlin");
  expect((await read(choiceOf({ bounds })))[0]?.points).toEqual([
    [1, "1"],
    [2, "110"],
    [3, "1000"],
  ]);
});

test.each<{ aggregation: Aggregation; states: [string, string, string]; total: string }>([
  { aggregation: "sum", states: ["1", "2", "4"], total: "7" },
  { aggregation: "count", states: ["1", "2", "4"], total: "7" },
  { aggregation: "max", states: ["1", "4", "2"], total: "4" },
  { aggregation: "min", states: ["3", "2", "4"], total: "2" },
  { aggregation: "last", states: ["9@5", "1@7", "2@7"], total: "2" },
])("series: $aggregation is merged over epochs, hours and dimensions", async (each) => {
  const { aggregation, states, total } = each;
  const series = { ...callsSeries, aggregation };
  const eu = { ...series, dimensions: { region: "eu" } };
  await flush(
    bucketOf("2026-11-23T10:00", [[series, states[0]]]),
    bucketOf("2026-11-23T10:00", [[eu, states[1]]], { epoch: "epoch-2" }),
    bucketOf("2026-11-23T11:00", [[series, states[2]]]),
  );
  for (const isDaily of [true, false]) {
    expect(await read(choiceOf({ aggregation, isDaily }))).toEqual([{ key: [], points: [[2, total]] }]);
  }
});

test("series: groups come in the order of bytes, usage without a dimension first, page by page", async () => {
  const inRegion = (region?: string) => ({
    ...callsSeries,
    dimensions: region === undefined ? {} : { region },
  });
  const regions = ["a", "B", "", undefined, "é", "=x"];
  await flush(
    bucketOf(
      "2026-11-23T10:00",
      regions.map((region, index) => [inRegion(region), `${index}`]),
    ),
  );
  const choice = choiceOf({ groupBy: ["region", "customer"] });
  const whole = await read(choice);
  expect(whole.map(({ key }) => key[0])).toEqual(["", "=", "==x", "=B", "=a", "=é"]);

  expect(await readPaged(choice, 2)).toEqual(whole);
});

test("series: a filter by nothing finds usage without the dimension", async () => {
  const inRegion = (region: string) => ({ ...callsSeries, dimensions: { region } });
  await flush(
    bucketOf("2026-11-23T10:00", [
      [callsSeries, "1"],
      [inRegion(""), "10"],
      [inRegion("eu"), "100"],
    ]),
  );
  const total = async (region: string) =>
    (await read(choiceOf({ filters: [["region", region]] })))[0]?.points;
  expect(await total("")).toEqual([[2, "11"]]);
  expect(await total("eu")).toEqual([[2, "100"]]);
  expect(await total("us")).toBeUndefined();
});

test("adjustments: are added to the window that contains them, also to one without usage", async () => {
  await flush(callsBucket("2026-11-23T10:00", 5));
  await adjust("a", "cus_acme", "2026-11-22T23:59:59.999Z", "-2");
  await adjust("b", "cus_acme", "2026-11-23T00:00:00Z", "3");
  await adjust("c", "cus_other", "2026-11-23T00:00:00Z", "100");
  await adjust("d", "cus_acme", "2026-11-25T00:00:00Z", "1000");
  await adjust("e", "cus_acme", "2026-11-23T00:00:00Z", "10000", "seats");
  const acme = [
    [1, "-2"],
    [2, "8"],
  ];
  expect(await read(choiceOf({ customerId: "cus_acme" }))).toEqual([{ key: [], points: acme }]);
  expect(await read(choiceOf({ groupBy: ["customer"] }))).toEqual([
    { key: ["cus_acme"], points: acme },
    { key: ["cus_other"], points: [[2, "100"]] },
  ]);
  expect((await read(choiceOf()))[0]?.points).toEqual([
    [1, "-2"],
    [2, "108"],
  ]);
  expect(await read(choiceOf({ groupBy: ["region"] }))).toEqual([{ key: [""], points: [[2, "5"]] }]);
  expect(await read(choiceOf({ filters: [["region", ""]] }))).toEqual([{ key: [], points: [[2, "5"]] }]);
});

const FIRST_MS = utc("2026-10-30T20:00");
const HOURS = 60;

async function load(world: World): Promise<void> {
  await fixture.clear();
  for (const bucket of world.buckets) {
    for (const state of bucket.flushed) {
      await flush(bucketIn(world, bucket, state));
    }
  }
  for (const [index, { customerId, atMs, tenths }] of world.adjustments.entries()) {
    await adjust(`${index}`, customerId, isoTime(atMs), formatScaled(BigInt(tenths), 1), "m");
  }
}

const anyChoice = fc.record({
  window: fc.constantFrom<SeriesWindow>("hour", "day", "month"),
  zoneName: fc.constantFrom("UTC", "Europe/Berlin", "Pacific/Kiritimati"),
  fromHour: fc.nat(HOURS - 1),
  hours: fc.integer({ min: 1, max: HOURS }),
  customerId: fc.constantFrom(undefined, ...CUSTOMERS),
  groupBy: fc.subarray(["customer", "region", "tier"]).chain((members) => fc.shuffledSubarray(members)),
  filters: fc.constantFrom<[string, string][]>([], [], [["region", "eu"]], [["tier", ""]]),
});

test("series: any world, asked in any way, is answered as it is counted by hand", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyWorld(FIRST_MS, HOURS),
      fc.array(anyChoice, { minLength: 8 }),
      async (world, asked) => {
        await load(world);
        for (const { window, zoneName, fromHour, hours, ...rest } of asked) {
          const from = isoTime(FIRST_MS + fromHour * HOUR_MS).slice(0, -1);
          const to = isoTime(FIRST_MS + (fromHour + hours) * HOUR_MS).slice(0, -1);
          const bounds = boundsOf(window, from, to, zoneName);
          const choice = choiceOf({ metricName: "m", aggregation: world.aggregation, bounds, ...rest });
          const live = world.buckets
            .filter((bucket) => bucket.live > 0)
            .map((bucket) => bucketIn(world, bucket, bucket.live))
            .filter(({ customerId }) => customerId === choice.customerId);
          const expected = modelled(world, choice);
          expect(await read(choice, live)).toEqual(expected);
          expect(choice.groupBy.length === 0 ? expected : await readPaged(choice, 2, live)).toEqual(expected);
          // What days answer, their hours answer, too.
          expect(await read({ ...choice, isDaily: false }, live)).toEqual(expected);
        }
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
