import * as fc from "fast-check";
import { expect, test } from "vitest";
import { currencyOf, formatMinor, parseMajor } from "../../../src/domain/money.ts";
import { parseQuantity } from "../../../src/domain/quantity.ts";
import { billDocument } from "../../../src/rating/bill.ts";
import { catalogSchema, type Catalog } from "../../../src/rating/catalog.ts";
import { describeLine } from "../../../src/rating/line.ts";
import { priceMinor, rateParts, type RatedPart, type Rating } from "../../../src/rating/rate.ts";
import { anyBill, type AnyBill } from "../../support/any-price.ts";
import { billByDefinition, type DocumentPart, type DocumentPlan } from "../../support/rational-bill.ts";

function catalogOf({ currency, meters, parts }: AnyBill): Catalog {
  const plans = parts.map(({ plan }, index) => ({ name: `part_${index}`, displayName: "Plan", ...plan }));
  return catalogSchema.parse({ currency, defaultPlan: "part_0", meters, plans });
}

function ratedParts(catalog: Catalog, parts: readonly DocumentPart[]): RatedPart[] {
  const scaleOf = (metric: string): number => catalog.meters.find(({ name }) => name === metric)!.scale;
  return parts.map(({ quantities, days, periodDays }, index) => ({
    plan: catalog.plans[index]!,
    quantities: new Map(
      Object.entries(quantities).map(([metric, text]) => [metric, parseQuantity(text, scaleOf(metric))]),
    ),
    days,
    cappedDays: Math.max(1, days),
    periodDays,
    refSuffix: index === 0 ? "" : `@${index}`,
    span: "",
  }));
}

function ratingOf(bill: AnyBill): Rating {
  const catalog = catalogOf(bill);
  return rateParts(catalog, ratedParts(catalog, bill.parts));
}

test("bill: any prices, spends, parts and currency, as the definition has it line by line", () => {
  fc.assert(
    fc.property(anyBill, (bill) => {
      const { lines, totalMinor } = ratingOf(bill);
      const expected = billByDefinition(bill.currency, bill.parts);

      expect(lines.map(({ ref, amountMinor }) => [ref, amountMinor])).toEqual(expected.lines);
      expect(totalMinor).toBe(expected.total);
      expect(new Set(lines.map(({ ref }) => ref)).size).toBe(lines.length);
    }),
    { numRuns: 1000 },
  );
});

test("bill: what is printed adds up to the total, in what the currency can be charged in", () => {
  fc.assert(
    fc.property(anyBill, (bill) => {
      const currency = currencyOf(bill.currency);
      const { lines, subtotal, total } = billDocument(ratingOf(bill));
      const minors = lines.map(({ amount }) => parseMajor(amount, currency)!);

      expect(
        formatMinor(
          minors.reduce((sum, minor) => sum + minor, 0n),
          currency,
        ),
      ).toBe(total);
      expect(subtotal).toBe(total);
      expect(minors.every((minor) => minor % currency.roundingUnit === 0n)).toBe(true);
    }),
  );
});

test("bill: a price and a plan stay between their spends", () => {
  fc.assert(
    fc.property(anyBill, ({ currency: code, meters, parts: [part] }) => {
      const whole = { ...part!, days: 31 };
      const currency = currencyOf(code);
      const { lines, totalMinor } = ratingOf({ currency: code, meters, parts: [whole] });

      for (const price of whole.plan.prices) {
        const cost = lines
          .filter(({ metricName }) => metricName === price.metricName)
          .reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
        const isOwed = price.chargeWhenZero === true || Number(whole.quantities[price.metricName]) > 0;
        expect(isBetween(cost, isOwed ? price.minSpend : undefined, price.maxSpend, currency)).toBe(true);
      }
      expect(isBetween(totalMinor, whole.plan.minSpend, whole.plan.maxSpend, currency)).toBe(true);
    }),
  );
});

function isBetween(
  minor: bigint,
  min: string | undefined,
  max: string | undefined,
  currency: ReturnType<typeof currencyOf>,
): boolean {
  const isEnough = minor >= parseMajor(min ?? "0", currency)!;
  return isEnough && (max === undefined || minor <= parseMajor(max, currency)!);
}

test("bill: a price alone costs what its lines cost, with its spends", () => {
  fc.assert(
    fc.property(anyBill, (bill) => {
      const [part] = bill.parts;
      const catalog = catalogOf(bill);
      const [rated] = ratedParts(catalog, [{ ...part!, days: 31 }]);
      const { lines, currency } = rateParts(catalog, [rated!]);

      for (const price of rated!.plan.prices) {
        const meter = catalog.meters.find(({ name }) => name === price.metricName)!;
        const cost = lines
          .filter(({ metricName }) => metricName === price.metricName)
          .reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
        expect(priceMinor(price, meter, rated!.quantities.get(meter.name)!, currency)).toBe(cost);
      }
    }),
  );
});

const METERS = [{ name: "units", displayName: "Units", unit: "units", aggregation: "sum", scale: 0 }];

function linesOf(plan: DocumentPlan, units: string, days = 30): [string, string, string][] {
  const part = { plan, quantities: { units }, days, periodDays: 30 };
  const { lines, currency } = ratingOf({ currency: "usd", meters: METERS, parts: [part] });
  return lines.map((line) => [line.ref, describeLine(line), formatMinor(line.amountMinor, currency)]);
}

const cents = { metricName: "units", model: "perUnit", unitPrice: "1" } as const;

test.each<[string, DocumentPlan, string, [string, string][]]>([
  [
    "a minimum adds what is missing",
    { baseFee: "0", prices: [{ ...cents, minSpend: "5.00" }] },
    "120",
    [
      ["metric:units", "1.20"],
      ["metric:units:min_spend", "3.80"],
    ],
  ],
  [
    "a minimum that is just met adds no line",
    { baseFee: "0", prices: [{ ...cents, minSpend: "5.00" }] },
    "500",
    [["metric:units", "5.00"]],
  ],
  [
    "a minimum is not owed when nothing was used",
    { baseFee: "0", prices: [{ ...cents, minSpend: "5.00" }] },
    "0",
    [["metric:units", "0.00"]],
  ],
  [
    "a minimum is not owed below nothing",
    { baseFee: "0", prices: [{ ...cents, minSpend: "5.00" }] },
    "-3",
    [["metric:units", "0.00"]],
  ],
  [
    "a minimum is owed for nothing when the price says so",
    { baseFee: "0", prices: [{ ...cents, minSpend: "5.00", chargeWhenZero: true }] },
    "0",
    [
      ["metric:units", "0.00"],
      ["metric:units:min_spend", "5.00"],
    ],
  ],
  [
    "a maximum takes what is over it",
    { baseFee: "0", prices: [{ ...cents, maxSpend: "5.00" }] },
    "501",
    [
      ["metric:units", "5.01"],
      ["metric:units:max_spend", "-0.01"],
    ],
  ],
  [
    "a maximum of 0 is free",
    { baseFee: "0", prices: [{ ...cents, maxSpend: "0" }] },
    "7",
    [
      ["metric:units", "0.07"],
      ["metric:units:max_spend", "-0.07"],
    ],
  ],
  [
    "a plan's minimum counts its base fee",
    { baseFee: "3.00", minSpend: "5.00", prices: [cents] },
    "120",
    [
      ["base_fee", "3.00"],
      ["metric:units", "1.20"],
      ["plan_min_spend", "0.80"],
    ],
  ],
  [
    "a plan's minimum is owed when nothing was used",
    { baseFee: "0", minSpend: "5.00", prices: [cents] },
    "0",
    [
      ["metric:units", "0.00"],
      ["plan_min_spend", "5.00"],
    ],
  ],
  [
    "a plan's maximum counts its base fee",
    { baseFee: "3.00", maxSpend: "4.00", prices: [cents] },
    "120",
    [
      ["base_fee", "3.00"],
      ["metric:units", "1.20"],
      ["plan_max_spend", "-0.20"],
    ],
  ],
  [
    "a price's spend comes before the plan's",
    { baseFee: "0", minSpend: "6.00", prices: [{ ...cents, minSpend: "5.00" }] },
    "1",
    [
      ["metric:units", "0.01"],
      ["metric:units:min_spend", "4.99"],
      ["plan_min_spend", "1.00"],
    ],
  ],
])("spend: %s", (_name, plan, units, lines) => {
  expect(linesOf(plan, units).map(([ref, , amount]) => [ref, amount])).toEqual(lines);
});

test("spend: base fee, minimum and maximum of a part are its days' share", () => {
  const plan = { baseFee: "10.00", minSpend: "31.00", prices: [{ ...cents, maxSpend: "15.00" }] };

  expect(linesOf(plan, "1000", 7)).toEqual([
    ["base_fee", "Plan (7 of 30 days): base fee", "2.33"],
    ["metric:units", "Units: 1000 units", "10.00"],
    ["metric:units:max_spend", "Units: down to the maximum spend", "-6.50"],
    ["plan_min_spend", "Plan: up to the minimum spend", "1.40"],
  ]);
});

test("spend: a part that ends on the day on which it starts has no fee, and a maximum of one day", () => {
  const plan = { baseFee: "10.00", minSpend: "31.00", prices: [{ ...cents, maxSpend: "15.00" }] };

  expect(linesOf(plan, "1000", 0).map(([ref, , amount]) => [ref, amount])).toEqual([
    ["metric:units", "10.00"],
    ["metric:units:max_spend", "-9.50"],
  ]);
});
