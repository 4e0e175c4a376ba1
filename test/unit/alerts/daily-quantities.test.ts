import * as fc from "fast-check";
import { expect, test } from "vitest";
import { dailyQuantities } from "../../../src/alerts/daily-quantities.ts";
import { FORECAST_DAYS } from "../../../src/alerts/forecast.ts";
import { DAY_MS } from "../../../src/domain/window.ts";
import { MONDAY_MS } from "../../support/forecast-fixture.ts";

const NOW_MS = MONDAY_MS + 5;

function day(offset: number, quantity: bigint) {
  return { dayMs: MONDAY_MS + offset * DAY_MS, quantity };
}

test.each([
  { name: "no row is today with nothing", rows: [], days: [0n] },
  { name: "today alone", rows: [day(0, 5n)], days: [5n] },
  { name: "days without a row are zero", rows: [day(-3, 7n), day(-1, 2n)], days: [7n, 0n, 2n, 0n] },
  { name: "rows come in any order", rows: [day(0, 1n), day(-2, 3n)], days: [3n, 0n, 1n] },
  { name: "rows of one day add up", rows: [day(-1, 1n), day(-1, 2n)], days: [3n, 0n] },
  { name: "what is ahead is left out", rows: [day(-1, 1n), day(1, 9n)], days: [1n, 0n] },
])("daily quantities: $name", ({ rows, days }) => {
  expect(dailyQuantities(rows, NOW_MS)).toEqual(days);
});

test("daily quantities: what is older than a projection looks is left out", () => {
  const rows = [day(-FORECAST_DAYS - 1, 9n), day(-FORECAST_DAYS, 4n)];

  const days = dailyQuantities(rows, NOW_MS);

  expect(days).toHaveLength(FORECAST_DAYS + 1);
  expect(days.reduce((sum, quantity) => sum + quantity, 0n)).toBe(4n);
  expect(days[0]).toBe(4n);
});

test("daily quantities: nothing inside is lost, today is last", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.integer({ min: -FORECAST_DAYS, max: 0 }), fc.bigInt({ min: -100n, max: 10n ** 20n })),
      ),
      (pairs) => {
        const rows = pairs.map(([offset, quantity]) => day(offset, quantity));

        const days = dailyQuantities(rows, NOW_MS);

        const sum = (quantities: readonly bigint[]): bigint => quantities.reduce((all, one) => all + one, 0n);
        expect(sum(days)).toBe(sum(rows.map(({ quantity }) => quantity)));
        expect(days.at(-1)).toBe(
          sum(pairs.filter(([offset]) => offset === 0).map(([, quantity]) => quantity)),
        );
        expect(days).toHaveLength(1 - Math.min(0, ...pairs.map(([offset]) => offset)));
      },
    ),
  );
});
