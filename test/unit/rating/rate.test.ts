import * as fc from "fast-check";
import { expect, test } from "vitest";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { describeLine } from "../../../src/rating/line.ts";
import { rate } from "../../../src/rating/rate.ts";
import { anyQuantity, anyTiers, documentOf } from "../../support/catalog-fixture.ts";
import { decimalText, graduatedByDefinition, roundedByDefinition } from "../../support/rational-rating.ts";

/** A document of several meters, each with its tiers, and a base fee. */
function documentWith(
  currency: string,
  baseFee: string,
  priced: readonly { scale: number; tiers: { upTo: string | null; unitPrice: string }[] }[],
) {
  const parts = priced.map(({ scale, tiers }, index) => {
    const { meters, plans } = documentOf(scale, tiers);
    const name = `units_${index}`;
    return {
      meter: { ...meters[0], name },
      price: { ...plans[0]?.prices[0], metricName: name },
    };
  });
  return catalogSchema.parse({
    currency,
    defaultPlan: "payg",
    meters: parts.map(({ meter }) => meter),
    plans: [{ name: "payg", displayName: "Pay as you go", baseFee, prices: parts.map(({ price }) => price) }],
  });
}

function rated(catalog: ReturnType<typeof documentWith>, quantities: readonly bigint[]) {
  const [plan] = catalog.plans;
  if (plan === undefined) {
    throw new Error("the document has a plan");
  }
  return rate(catalog, plan, new Map(quantities.map((quantity, index) => [`units_${index}`, quantity])));
}

const halfCent = { scale: 0, tiers: [{ upTo: null, unitPrice: "0.5" }] };

test("rate: each line is rounded once and the total is the sum of the lines", () => {
  const { lines, totalMinor } = rated(documentWith("usd", "99.00", [halfCent, halfCent, halfCent]), [
    1n,
    3n,
    0n,
  ]);

  expect(lines.map(({ ref, amountMinor }) => [ref, amountMinor])).toEqual([
    ["base_fee", 9900n],
    ["metric:units_0", 1n],
    ["metric:units_1", 2n],
    ["metric:units_2", 0n],
  ]);
  expect(totalMinor).toBe(9903n);
});

test("rate: a line is rounded as a whole, not tier by tier", () => {
  const fractions = {
    scale: 0,
    tiers: [
      { upTo: "1", unitPrice: "0.4" },
      { upTo: "2", unitPrice: "0.4" },
      { upTo: null, unitPrice: "0.4" },
    ],
  };

  expect(rated(documentWith("usd", "0", [fractions]), [3n]).totalMinor).toBe(1n);
});

test("rate: a metric without usage has a line of nothing", () => {
  const { lines, totalMinor } = rated(documentWith("usd", "0", [halfCent]), []);

  expect(totalMinor).toBe(0n);
  expect(lines).toEqual([
    {
      ref: "metric:units_0",
      kind: "usage",
      metricName: "units_0",
      label: "Units",
      unit: "units",
      span: "",
      quantity: 0n,
      scale: 0,
      amountMinor: 0n,
      amountScale: 12,
      tiers: [],
    },
  ]);
});

test("rate: a metric that the plan does not price costs nothing", () => {
  const catalog = documentWith("usd", "1.00", [halfCent]);
  const unpriced = { ...catalog, plans: catalog.plans.map((plan) => ({ ...plan, prices: [] })) };

  expect(rated(unpriced, [1_000_000n]).totalMinor).toBe(100n);
});

test.each([
  { name: "yen have no decimals", currency: "jpy", baseFee: "500", quantity: 1n, totalMinor: 501n },
  {
    name: "dinars go in steps of ten fils",
    currency: "kwd",
    baseFee: "1.010",
    quantity: 9n,
    totalMinor: 1010n,
  },
  { name: "five fils are ten", currency: "kwd", baseFee: "1.010", quantity: 10n, totalMinor: 1020n },
  { name: "krónur are whole", currency: "isk", baseFee: "3.00", quantity: 99n, totalMinor: 300n },
  { name: "half a króna is one", currency: "isk", baseFee: "3.00", quantity: 100n, totalMinor: 400n },
])("rate: $name", ({ currency, baseFee, quantity, totalMinor }) => {
  expect(rated(documentWith(currency, baseFee, [halfCent]), [quantity]).totalMinor).toBe(totalMinor);
});

test("rate: a quantity below zero is shown as it is and costs what none costs", () => {
  const document = documentWith("usd", "3.00", [halfCent, halfCent]);
  const { lines, totalMinor } = rated(document, [-7n, 10n]);

  expect(lines.map((line) => [describeLine(line), line.quantity, line.amountMinor])).toEqual([
    ["Pay as you go: base fee", 1n, 300n],
    ["Units: -7 units", -7n, 0n],
    ["Units: 10 units", 10n, 5n],
  ]);
  expect(lines[1]?.tiers).toEqual(rated(document, [0n, 10n]).lines[1]?.tiers);
  expect(totalMinor).toBe(305n);
});

test("rate: a line's description has the quantity in the meter's unit", () => {
  const thousandths = { scale: 3, tiers: halfCent.tiers };
  const { lines } = rated(documentWith("usd", "0", [thousandths]), [10_000_500n]);

  expect(lines.map(describeLine)).toEqual(["Units: 10000.5 units"]);
});

test("rate: any bill is the sum of its lines, each as the definition has it", () => {
  const anyMetric = fc.record({ priced: anyTiers, quantity: anyQuantity });
  fc.assert(
    fc.property(
      fc.array(anyMetric, { minLength: 1, maxLength: 5 }),
      fc.nat(1_000_000),
      (metrics, feeMinor) => {
        const catalog = documentWith(
          "usd",
          decimalText(BigInt(feeMinor), 2),
          metrics.map(({ priced }) => priced),
        );
        const { lines, totalMinor } = rated(
          catalog,
          metrics.map(({ quantity }) => quantity),
        );
        const expected = metrics.map(({ priced, quantity }) =>
          roundedByDefinition(graduatedByDefinition(priced.tiers, decimalText(quantity, priced.scale))),
        );

        expect(
          lines.filter(({ metricName }) => metricName !== null).map(({ amountMinor }) => amountMinor),
        ).toEqual(expected);
        expect(totalMinor).toBe(expected.reduce((sum, amount) => sum + amount, BigInt(feeMinor)));
        expect(totalMinor).toBe(lines.reduce((sum, line) => sum + line.amountMinor, 0n));
      },
    ),
    { numRuns: 300 },
  );
});
