import { expect, test } from "vitest";
import { AGGREGATIONS, MAX_DIMENSIONS, MAX_SCALE, meterSchema } from "../../../src/domain/meter.ts";

const CALLS = { name: "api_calls", displayName: "API Calls", unit: "calls", aggregation: "sum" };

test.each(AGGREGATIONS)(
  "meter: one of %s gets scale 0, no dimensions and no negative values",
  (aggregation) => {
    expect(meterSchema.parse({ ...CALLS, aggregation })).toEqual({
      ...CALLS,
      aggregation,
      scale: 0,
      dimensions: [],
      allowNegative: false,
    });
  },
);

test.each(AGGREGATIONS.filter((aggregation) => aggregation !== "count"))(
  "meter: one of %s may have the most decimals",
  (aggregation) => {
    expect(meterSchema.parse({ ...CALLS, aggregation, scale: MAX_SCALE }).scale).toBe(MAX_SCALE);
  },
);

const NAMES = Array.from({ length: MAX_DIMENSIONS + 1 }, (_, index) => `d${index}`);

test.each([
  { name: "the most dimensions", changes: { dimensions: NAMES.slice(0, MAX_DIMENSIONS) } },
  { name: "texts of 128 emoji", changes: { unit: "\u{1F600}".repeat(128) } },
  { name: "a description of 1000 characters", changes: { description: "d".repeat(1000) } },
])("meter: one with $name is taken", ({ changes }) => {
  expect(meterSchema.parse({ ...CALLS, ...changes })).toMatchObject(changes);
});

test.each([
  { name: "a count with a decimal", changes: { aggregation: "count", scale: 1 }, paths: ["scale"] },
  { name: "a count with nine", changes: { aggregation: "count", scale: MAX_SCALE }, paths: ["scale"] },
  { name: "a dimension twice", changes: { dimensions: ["a", "a"] }, paths: ["dimensions.1"] },
  {
    name: "two dimensions again",
    changes: { dimensions: ["a", "b", "a", "b", "c"] },
    paths: ["dimensions.2", "dimensions.3"],
  },
  {
    name: "a dimension three times",
    changes: { dimensions: ["a", "a", "a"] },
    paths: ["dimensions.1", "dimensions.2"],
  },
  { name: "too many dimensions", changes: { dimensions: NAMES }, paths: ["dimensions"] },
  {
    name: "a count with decimals and a dimension twice",
    changes: { aggregation: "count", scale: 2, dimensions: ["a", "a"] },
    paths: ["scale", "dimensions.1"],
  },
  { name: "a unit of 129 emoji", changes: { unit: "\u{1F600}".repeat(129) }, paths: ["unit"] },
  { name: "a unit with U+0000", changes: { unit: "a\u0000" }, paths: ["unit"] },
  { name: "a long description", changes: { description: "d".repeat(1001) }, paths: ["description"] },
])("meter: one with $name is refused at its path", ({ changes, paths }) => {
  const parsed = meterSchema.safeParse({ ...CALLS, ...changes });

  expect(parsed.error?.issues.map(({ path }) => path.join("."))).toEqual(paths);
});
