import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  MergedRow,
  placeIncrement,
  type Increment,
  type Metadata,
  type UsageRow,
} from "../../../src/edge/usage-row.ts";

const HOUR_MS = Date.parse("2026-11-23T12:00:00.000Z");
const MAX_NAME_LENGTH = 8192;

function increment(change: Partial<Increment> = {}): Increment {
  return { customerId: "cus_acme", metricName: "api_calls", value: 1, atMs: HOUR_MS, ...change };
}

function rowName(change: Partial<Increment>): string {
  return placeIncrement(increment(change)).rowName;
}

/** Merges increments, which have to be of one row, and prints it. */
function merge(increments: readonly Increment[]): UsageRow {
  const [first, ...others] = increments.map(placeIncrement);
  const row = new MergedRow(first!);
  for (const other of others) {
    expect(other.rowName).toBe(first!.rowName);
    row.add(other);
  }
  return row.print();
}

test("row: one increment is a row of one", () => {
  expect(merge([increment({ value: "2.50", atMs: HOUR_MS + 61_001, metadata: { region: "eu" } })])).toEqual({
    customerId: "cus_acme",
    metricName: "api_calls",
    hour: "2026-11-23T12:00:00.000Z",
    metadata: { region: "eu" },
    count: 1,
    sum: "2.5",
    min: "2.5",
    max: "2.5",
    last: "2.5",
    lastAt: "2026-11-23T12:01:01.001Z",
  });
});

test("row: dimensions are plain values, their names in order, and what is nothing is left out", () => {
  const metadata = { z: 1, b: undefined, c: null, a: "x", d: false, e: "", f: 0 } as unknown as Metadata;
  const { metadata: plain, rowName: named } = placeIncrement(increment({ metadata }));

  expect(JSON.stringify(plain)).toBe('{"a":"x","d":false,"e":"","f":0,"z":1}');
  expect(named).toBe(rowName({ metadata: { a: "x", d: false, e: "", f: 0, z: 1 } }));
});

test.each<[string, unknown]>([
  ["an object", {}],
  ["a list", ["eu"]],
  ["a date", new Date(0)],
  ["a bigint", 1n],
  ["a symbol", Symbol("eu")],
  ["a function", () => "eu"],
])("row: refuses %s as a dimension's value", (_, value) => {
  const metadata = { region: value } as unknown as Metadata;

  expect(() => placeIncrement(increment({ metadata }))).toThrow(
    new RangeError("metadata.region: no dimension"),
  );
});

test("row: has no metadata where none is given", () => {
  expect(Object.hasOwn(merge([increment()]), "metadata")).toBe(false);
});

test.each<[string, Partial<Increment>, Partial<Increment>]>([
  ["the first and the last moment of an hour", { atMs: HOUR_MS }, { atMs: HOUR_MS + 3_599_999 }],
  ["metadata in another order", { metadata: { a: "1", b: 2 } }, { metadata: { b: 2, a: "1" } }],
  ["zero and a positive value", { value: 0 }, { value: 5 }],
  ["values of up to six whole digits", { value: 1 }, { value: 999_999 }],
  ["values of seven whole digits", { value: 1_000_000 }, { value: 9_999_999 }],
  ["the same value, spelled otherwise", { value: "1.50" }, { value: 1.5 }],
  ["values of as many decimals", { value: "0.05" }, { value: "123.45" }],
  ["up to six whole digits before two decimals", { value: "0.05" }, { value: "999999.99" }],
  ["negative values of as many digits", { value: -1 }, { value: -12_345 }],
])("row: %s share one", (_, left, right) => {
  expect(rowName(left)).toBe(rowName(right));
});

test.each<[string, Partial<Increment>, Partial<Increment>]>([
  ["customers", { customerId: "a" }, { customerId: "b" }],
  ["metrics", { metricName: "a" }, { metricName: "b" }],
  ["names that look alike side by side", { customerId: 'a","b' }, { customerId: "a", metricName: 'b","c' }],
  ["hours", { atMs: HOUR_MS - 1 }, { atMs: HOUR_MS }],
  ["values of a dimension", { metadata: { region: "eu" } }, { metadata: { region: "us" } }],
  ["types of a dimension's value", { metadata: { tier: 1 } }, { metadata: { tier: "1" } }],
  ["dimensions", { metadata: { a: "1" } }, { metadata: { b: "1" } }],
  ["one dimension and two", { metadata: { a: "1" } }, { metadata: { a: "1", b: "1" } }],
  ["metadata and none", { metadata: { a: "1" } }, {}],
  ["signs", { value: 1 }, { value: -1 }],
  ["numbers of decimals", { value: 1 }, { value: 1.5 }],
  ["numbers of decimals, both some", { value: "1.5" }, { value: "1.25" }],
  ["six whole digits and seven", { value: 999_999 }, { value: 1_000_000 }],
  ["seven whole digits and eight", { value: 9_999_999 }, { value: 10_000_000 }],
])("row: %s are kept apart", (_, left, right) => {
  expect(rowName(left)).not.toBe(rowName(right));
});

test("row: different names of customer and metric never share one", () => {
  const name = fc.string({ unit: fc.constantFrom('"', ",", "[", "\\", "a", "\u0000") });
  fc.assert(
    fc.property(name, name, name, name, (customerId, metricName, otherCustomer, otherMetric) => {
      const isSame = customerId === otherCustomer && metricName === otherMetric;
      const others = { customerId: otherCustomer, metricName: otherMetric };

      expect(rowName({ customerId, metricName }) === rowName(others)).toBe(isSame);
    }),
  );
});

test("row: the order of metadata never matters", () => {
  const values = fc.oneof(fc.string(), fc.integer(), fc.boolean());
  fc.assert(
    fc.property(fc.dictionary(fc.string(), values), (metadata) => {
      const reversed = Object.fromEntries(Object.entries(metadata).toReversed());

      expect(rowName({ metadata: reversed })).toBe(rowName({ metadata }));
    }),
  );
});

test.each<[string, [number, number][], Partial<UsageRow>]>([
  [
    "the latest is the last, in whatever order",
    [
      [7, 20],
      [3, 30],
      [5, 10],
    ],
    { count: 3, sum: 15, min: 3, max: 7, last: 3, lastAt: "2026-11-23T12:00:00.030Z" },
  ],
  [
    "of two at one moment the greater is the last",
    [
      [4, 10],
      [9, 10],
      [6, 10],
    ],
    { count: 3, sum: 19, min: 4, max: 9, last: 9, lastAt: "2026-11-23T12:00:00.010Z" },
  ],
])("row: %s", (_, increments, expected) => {
  expect(
    merge(increments.map(([value, afterMs]) => increment({ value, atMs: HOUR_MS + afterMs }))),
  ).toMatchObject(expected);
});

test("row: sums go beyond 2^53 exactly", () => {
  const values = [2n ** 53n - 1n, 2n ** 53n - 1n, 2n ** 53n - 1n];
  expect(merge(values.map((value) => increment({ value })))).toMatchObject({
    sum: "27021597764222973",
    max: 9_007_199_254_740_991,
  });
});

interface Counted {
  units: bigint;
  afterMs: number;
}

/** The row by definition, in units of its last decimal place. */
function byDefinition(counted: readonly Counted[], print: (units: bigint) => number | string) {
  const latestMs = Math.max(...counted.map(({ afterMs }) => afterMs));
  const ascending = (list: readonly Counted[]): bigint[] =>
    list.map(({ units }) => units).toSorted((left, right) => Number(left - right));
  const all = ascending(counted);
  return {
    count: counted.length,
    sum: print(all.reduce((sum, units) => sum + units, 0n)),
    min: print(all[0]!),
    max: print(all.at(-1)!),
    last: print(ascending(counted.filter(({ afterMs }) => afterMs === latestMs)).at(-1)!),
    lastAt: new Date(HOUR_MS + latestMs).toISOString(),
  };
}

/** `units / 10^decimals`, written down digit by digit. */
function decimalText(units: bigint, decimals: number): string {
  const sign = units < 0n ? "-" : "";
  const digits = units
    .toString()
    .replace("-", "")
    .padStart(decimals + 1, "0");
  const at = digits.length - decimals;
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, at)}.${digits.slice(at)}`;
}

test("row: increments of one row merge to what the definition says", () => {
  const ordered = fc.array(
    fc.record({ tens: fc.nat(9_999), one: fc.integer({ min: 1, max: 9 }), afterMs: fc.nat(5) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(ordered, fc.nat(4), fc.constantFrom(1n, -1n), (drawn, decimals, sign) => {
      // The last decimal is never 0, so all have as many; five digits, so all are alike in magnitude.
      const counted = drawn.map(({ tens, one, afterMs }) => ({
        units: sign * BigInt(10 * tens + one),
        afterMs,
      }));
      const increments = counted.map(({ units, afterMs }) =>
        increment({ value: decimalText(units, decimals), atMs: HOUR_MS + afterMs }),
      );
      const print = (units: bigint): number | string =>
        decimals === 0 ? Number(units) : decimalText(units, decimals);

      expect(merge(increments)).toEqual({
        customerId: "cus_acme",
        metricName: "api_calls",
        hour: "2026-11-23T12:00:00.000Z",
        ...byDefinition(counted, print),
      });
    }),
  );
});

test("row: what the caller does to its metadata afterwards changes nothing", () => {
  const metadata: Record<string, string> = { region: "eu" };
  const placed = placeIncrement(increment({ metadata }));
  const row = new MergedRow(placed);
  const { rowName: named } = placed;
  metadata["region"] = "us";
  metadata["path"] = "/";

  expect(row.print().metadata).toEqual({ region: "eu" });
  expect(named).toBe(rowName({ metadata: { region: "eu" } }));
});

test.each([
  [0, "1970-01-01T00:00:00.000Z"],
  [3_599_999, "1970-01-01T00:00:00.000Z"],
  [8.64e15, "+275760-09-13T00:00:00.000Z"],
])("row: the time %i is of the hour %s", (atMs, hour) => {
  expect(merge([increment({ atMs })]).hour).toBe(hour);
});

test.each([-1, 8.64e15 + 1, Number.NaN, Number.POSITIVE_INFINITY])("row: refuses the time %d", (atMs) => {
  expect(() => placeIncrement(increment({ atMs }))).toThrow(new RangeError("now: must be in epoch ms"));
});

test("row: refuses a value that is no quantity", () => {
  expect(() => placeIncrement(increment({ value: "many" }))).toThrow(RangeError);
});

test("row: takes names up to their bound, counted as they are escaped", () => {
  const free = MAX_NAME_LENGTH - rowName({ customerId: "" }).length;
  const tooLong = new RangeError("customer and metadata are too long");

  expect(rowName({ customerId: "x".repeat(free) })).toHaveLength(MAX_NAME_LENGTH);
  expect(() => placeIncrement(increment({ customerId: "x".repeat(free + 1) }))).toThrow(tooLong);
  expect(() => placeIncrement(increment({ customerId: "\u0000".repeat(1500) }))).toThrow(tooLong);
  expect(() => placeIncrement(increment({ metadata: { path: "x".repeat(free) } }))).toThrow(tooLong);
});
