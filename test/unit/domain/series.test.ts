import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AGGREGATIONS, type Aggregation } from "../../../src/domain/meter.ts";
import {
  formatSeries,
  mergeStates,
  parseSeries,
  parseState,
  type Series,
  type SeriesState,
} from "../../../src/domain/series.ts";

const anyText = fc.string({ unit: "binary", maxLength: 128 });
const anySeries: fc.Arbitrary<Series> = fc.record({
  metricName: fc.stringMatching(/^[a-z][a-z0-9_]{0,62}$/),
  aggregation: fc.constantFrom(...AGGREGATIONS),
  scale: fc.nat(9),
  dimensions: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/), anyText, { maxKeys: 10 }),
});

function series(dimensions: Record<string, string>, changes: Partial<Series> = {}): Series {
  return { metricName: "api_calls", aggregation: "sum", scale: 0, dimensions, ...changes };
}

test("series: the text is a JSON list with sorted dimensions", () => {
  expect(formatSeries(series({ zone: "a", region: "eu" }))).toBe(
    '["api_calls","sum",0,"region","eu","zone","a"]',
  );
});

test.each([
  { name: "a quote moves between values", left: { a: 'x","b', b: "y" }, right: { a: "x", b: 'b","y' } },
  { name: "a dimension is empty or missing", left: { a: "" }, right: {} },
  { name: "key and value are swapped", left: { a: "b" }, right: { b: "a" } },
  { name: "a number is text anyway", left: { a: "1" }, right: { a: "1.0" } },
  { name: "letters differ in case", left: { a: "x" }, right: { a: "X" } },
  { name: "an accent is composed or not", left: { a: "\u00E9" }, right: { a: "e\u0301" } },
  { name: "a surrogate pair is shortened", left: { a: "\u{1F600}" }, right: { a: "\u{1F601}" } },
])("series: texts differ when $name", ({ left, right }) => {
  expect(formatSeries(series(left as Record<string, string>))).not.toBe(
    formatSeries(series(right as Record<string, string>)),
  );
});

test.each([
  { name: "metric", changes: { metricName: "api_call" } },
  { name: "aggregation", changes: { aggregation: "count" as const } },
  { name: "scale", changes: { scale: 1 } },
])("series: texts differ by $name", ({ changes }) => {
  expect(formatSeries(series({}, changes))).not.toBe(formatSeries(series({})));
});

test("series: the order in which dimensions are given does not matter", () => {
  fc.assert(
    fc.property(anySeries, (given) => {
      const dimensions = Object.fromEntries(Object.entries(given.dimensions).toReversed());

      expect(formatSeries({ ...given, dimensions })).toBe(formatSeries(given));
    }),
  );
});

test("series: the text is read back as what it was written from, whatever the Unicode", () => {
  fc.assert(
    fc.property(anySeries, (given) => {
      const read = parseSeries(formatSeries(given));

      expect(read.metricName).toBe(given.metricName);
      expect(read.aggregation).toBe(given.aggregation);
      expect(read.scale).toBe(given.scale);
      expect(new Map(Object.entries(read.dimensions))).toEqual(new Map(Object.entries(given.dimensions)));
    }),
  );
});

test("series: two have one text only when they are the same", () => {
  const fewWords = fc.constantFrom("", "a", "b", '"', '","', "\\", "a,b", "[", "\u2028", "\u{1F600}");
  const fewSeries = fc.record({
    metricName: fc.constantFrom("a", "b"),
    aggregation: fc.constantFrom<Aggregation>("sum", "max"),
    scale: fc.nat(1),
    dimensions: fc.dictionary(fc.constantFrom("a", "b", "c"), fewWords),
  });
  fc.assert(
    fc.property(fewSeries, fewSeries, (left, right) => {
      const isSame =
        left.metricName === right.metricName &&
        left.aggregation === right.aggregation &&
        left.scale === right.scale &&
        ["a", "b", "c"].every((key) => left.dimensions[key] === right.dimensions[key]);

      expect(formatSeries(left) === formatSeries(right)).toBe(isSame);
    }),
    { numRuns: 2000 },
  );
});

test("series: a dimension named like a member of every object is a dimension", () => {
  const dimensions = { constructor: "a", tostring: "b" };

  expect(parseSeries(formatSeries(series(dimensions))).dimensions).toEqual(dimensions);
});

test("series: a text of an unknown aggregation is a bug", () => {
  expect(() => parseSeries('["api_calls","median",0]')).toThrow("invariant broken: aggregation");
});

test.each([
  { text: "0", value: 0n, atMs: null },
  { text: "-5", value: -5n, atMs: null },
  { text: "9007199254740991", value: 2n ** 53n - 1n, atMs: null },
  { text: "-9007199254740991@1795435200000", value: -(2n ** 53n) + 1n, atMs: 1_795_435_200_000 },
  { text: "7@0", value: 7n, atMs: 0 },
])("series: the state $text is read", ({ text, value, atMs }) => {
  expect(parseState(text)).toEqual({ value, atMs });
});

function anyState(aggregation: Aggregation): fc.Arbitrary<SeriesState> {
  const atMs = aggregation === "last" ? fc.nat(3) : fc.constant(null);
  return fc.record({ value: fc.bigInt({ min: -3n, max: 3n }), atMs });
}

test.each(AGGREGATIONS)("series: merging %s does not depend on order or grouping", (aggregation) => {
  const state = anyState(aggregation);
  const merge = (left: SeriesState, right: SeriesState) => mergeStates(aggregation, left, right);
  fc.assert(
    fc.property(state, state, state, (a, b, c) => {
      expect(merge(a, b)).toEqual(merge(b, a));
      expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)));
    }),
    { numRuns: 500 },
  );
});

test.each(["max", "min", "last"] as const)(
  "series: merging %s with itself changes nothing",
  (aggregation) => {
    fc.assert(
      fc.property(anyState(aggregation), (state) => {
        expect(mergeStates(aggregation, state, state)).toEqual(state);
      }),
    );
  },
);

test.each([
  { aggregation: "sum", left: "2", right: "-3", merged: "-1" },
  { aggregation: "count", left: "2", right: "3", merged: "5" },
  { aggregation: "max", left: "-2", right: "-3", merged: "-2" },
  { aggregation: "min", left: "-2", right: "-3", merged: "-3" },
  { aggregation: "last", left: "9@1", right: "1@2", merged: "1@2" },
  { aggregation: "last", left: "1@2", right: "9@1", merged: "1@2" },
  { aggregation: "last", left: "1@2", right: "9@2", merged: "9@2" },
  { aggregation: "last", left: "-9@2", right: "-1@2", merged: "-1@2" },
  { aggregation: "last", left: "5@0", right: "4@0", merged: "5@0" },
] as const)("series: $aggregation of $left and $right is $merged", ({ aggregation, left, right, merged }) => {
  expect(mergeStates(aggregation, parseState(left), parseState(right))).toEqual(parseState(merged));
});
