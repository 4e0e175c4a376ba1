import { expect, test } from "vitest";
import { countErrors } from "../../../bench/rating/measure-rating.ts";

test("bench: the naive version has the same prices: what it gets wrong is a cent at a time, by floats alone", () => {
  const { inCents, inDollars } = countErrors(20_000);

  expect(inCents).toEqual({
    seed: 6,
    bills: 20_000,
    lines: 80_000,
    wrongBills: inCents.wrongLines,
    wrongLines: inCents.wrongCents,
    wrongCents: inCents.wrongCents,
  });
  expect(inDollars.wrongCents).toBe(inDollars.wrongLines);
  expect(inDollars.wrongLines).toBeGreaterThan(0);
  expect(inDollars.wrongLines).toBeLessThan(800);
});

test("bench: the same seed finds the same errors, another one others", () => {
  expect(countErrors(5000)).toEqual(countErrors(5000));
  expect(countErrors(20_000, 7).inDollars).not.toEqual({ ...countErrors(20_000).inDollars, seed: 7 });
});
