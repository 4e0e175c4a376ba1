import * as fc from "fast-check";
import { expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { forecastBudget, type PriceQuantities } from "../../../src/alerts/budget-forecast.ts";
import { projectUsage, type Projection } from "../../../src/alerts/forecast.ts";
import { DAY_MS } from "../../../src/domain/window.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { rate } from "../../../src/rating/rate.ts";
import { anyMoment, momentOf, MONDAY_MS, repeated } from "../../support/forecast-fixture.ts";

/** A cent a unit of everything. */
const cents: PriceQuantities = (quantities) =>
  [...quantities.values()].reduce((sum, quantity) => sum + quantity, 0n);

const CALLS: Projection = { used: 100n, low: 300n, mid: 400n, high: 600n, dayEnds: [150n, 250n, 400n] };
const SEATS: Projection = { used: 50n, low: 50n, mid: 50n, high: 50n, dayEnds: [50n, 50n, 50n] };

const PROJECTIONS = new Map([
  ["api_calls", CALLS],
  ["seats", SEATS],
]);
const NOON_MS = MONDAY_MS + DAY_MS / 2;

test("forecast: all metrics together are priced and held against the budget", () => {
  expect(forecastBudget(PROJECTIONS, cents, 299n, NOON_MS)).toEqual({
    currentMinor: 150n,
    lowMinor: 350n,
    projectedMinor: 450n,
    highMinor: 650n,
    willExceed: true,
    isExceeded: false,
    passesOnMs: MONDAY_MS + DAY_MS,
  });
});

test.each([
  { name: "passed already", budget: 149n, willExceed: true, isExceeded: true, day: null },
  { name: "reached, not passed, today", budget: 150n, willExceed: true, isExceeded: false, day: 0 },
  { name: "reached by today's end", budget: 200n, willExceed: true, isExceeded: false, day: 1 },
  { name: "passed by the last day", budget: 300n, willExceed: true, isExceeded: false, day: 2 },
  { name: "passed by the low end by one", budget: 349n, willExceed: true, isExceeded: false, day: 2 },
  { name: "reached by the low end", budget: 350n, willExceed: false, isExceeded: false, day: null },
  { name: "passed by the middle alone", budget: 400n, willExceed: false, isExceeded: false, day: null },
  { name: "out of reach", budget: 650n, willExceed: false, isExceeded: false, day: null },
])("forecast: a budget $name", ({ budget, willExceed, isExceeded, day }) => {
  const forecast = forecastBudget(PROJECTIONS, cents, budget, NOON_MS);

  expect([forecast.willExceed, forecast.isExceeded, forecast.passesOnMs]).toEqual([
    willExceed,
    isExceeded,
    day === null ? null : MONDAY_MS + day * DAY_MS,
  ]);
});

test("forecast: a customer without usage passes a budget by its base fee or not at all", () => {
  const none = new Map<string, Projection>();

  expect(forecastBudget(none, () => 9900n, 9900n, NOON_MS).willExceed).toBe(false);
  expect(forecastBudget(none, () => 9900n, 9899n, NOON_MS)).toMatchObject({
    willExceed: true,
    isExceeded: true,
  });
});

test("forecast: where more may cost less the low end stays the least", () => {
  const volume: PriceQuantities = (quantities) => {
    const calls = quantities.get("api_calls") ?? 0n;
    return calls < 350n ? 10n * calls : 5n * calls;
  };

  expect(forecastBudget(PROJECTIONS, volume, 2500n, NOON_MS)).toMatchObject({
    lowMinor: 2000n,
    projectedMinor: 3000n,
    highMinor: 3000n,
    willExceed: false,
  });
});

test("forecast: projections of different periods are not added up", () => {
  const mixed = new Map([...PROJECTIONS, ["compute_seconds", { ...CALLS, dayEnds: [400n] }]]);

  expect(() => forecastBudget(mixed, cents, 400n, NOON_MS)).toThrow("invariant broken");
});

test("forecast: by the demo catalog's tiers calls that go on are told ten days before they pass the budget", () => {
  const catalog = catalogSchema.parse(demoCatalog);
  const plan = catalog.plans.find(({ name }) => name === "payg")!;
  const { usage, period, nowMs } = momentOf(repeated([20_000n], 98), 10, 20);
  const projections = new Map([["api_calls", projectUsage(usage, period, nowMs)]]);

  const forecast = forecastBudget(
    projections,
    (quantities) => rate(catalog, plan, quantities).totalMinor,
    24_000n,
    nowMs,
  );

  // 200,000 calls cost 140.00, 600,000 cost 340.00; 240.00 are passed by the first call past 400,000.
  expect(forecast).toMatchObject({
    currentMinor: 14_000n,
    projectedMinor: 34_000n,
    willExceed: true,
    isExceeded: false,
    passesOnMs: MONDAY_MS + 10 * DAY_MS,
  });
});

test("forecast: the totals are in order, and what will be passed is passed by the middle on a day of the period", () => {
  fc.assert(
    fc.property(anyMoment(), fc.bigInt({ min: 0n, max: 10n ** 7n }), ({ usage, period, nowMs }, budget) => {
      const projections = new Map([["api_calls", projectUsage(usage, period, nowMs)]]);

      const forecast = forecastBudget(projections, cents, budget, nowMs);

      const { currentMinor, lowMinor, projectedMinor, highMinor, willExceed, isExceeded, passesOnMs } =
        forecast;
      expect(currentMinor <= lowMinor && lowMinor <= projectedMinor && projectedMinor <= highMinor).toBe(
        true,
      );
      expect(willExceed).toBe(lowMinor > budget);
      expect(passesOnMs !== null).toBe(willExceed && !isExceeded);
      if (passesOnMs !== null) {
        expect(passesOnMs > nowMs - DAY_MS && passesOnMs < period.endMs).toBe(true);
      }
    }),
  );
});
