import { expect, test } from "vitest";
import { pointsOf } from "../../../src/usage/usage-series.ts";

const BOUNDS = ["t0", "t1", "t2", "t3"];

test("points: stand where their windows are, without the zeros that Postgres keeps", () => {
  expect(
    pointsOf(
      BOUNDS,
      [
        [1, "12.500"],
        [3, "-0.10"],
      ],
      false,
    ),
  ).toEqual([
    { start: "t0", end: "t1", value: "12.5" },
    { start: "t2", end: "t3", value: "-0.1" },
  ]);
});

test("points: are exact beyond 2^53", () => {
  expect(pointsOf(BOUNDS, [[1, "9007199254740993.000000001"]], false)[0]?.value).toBe(
    "9007199254740993.000000001",
  );
});

test.each([
  { name: "no usage", values: [], expected: ["0", "0", "0"] },
  { name: "a gap", values: [[2, "7"]], expected: ["0", "7", "0"] },
  {
    name: "no gap",
    values: [
      [1, "1"],
      [2, "2"],
      [3, "0.0"],
    ],
    expected: ["1", "2", "0"],
  },
] as { name: string; values: [number, string][]; expected: string[] }[])(
  "points, filled: every window has one, where there is $name",
  ({ values, expected }) => {
    const points = pointsOf(BOUNDS, values, true);
    expect(points.map(({ value }) => value)).toEqual(expected);
    expect(points.map(({ start, end }) => start + end)).toEqual(["t0t1", "t1t2", "t2t3"]);
  },
);

test("points: a place outside of the range is a bug", () => {
  expect(() => pointsOf(BOUNDS, [[0, "1"]], false)).toThrow("invariant");
  expect(() => pointsOf(BOUNDS, [[4, "1"]], false)).toThrow("invariant");
});
