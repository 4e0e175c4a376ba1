import { expect, test } from "vitest";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import {
  faultPaths,
  OPEN_TIERS,
  unpriced,
  validDocument,
  withMeter,
  withPlan,
  withPrice,
} from "../../support/catalog-fixture.ts";

test("catalog: a valid document has no fault and gets its defaults", () => {
  const catalog = catalogSchema.parse(validDocument());

  expect(catalog.meters).toEqual([
    {
      name: "units",
      displayName: "Units",
      unit: "units",
      aggregation: "sum",
      scale: 2,
      dimensions: [],
      allowNegative: false,
    },
  ]);
  expect(catalog.plans[1]).toEqual({
    name: "plus",
    displayName: "Pay as you go",
    baseFee: "0.00",
    prices: [],
  });
});

test.each([
  {
    name: "a meter twice",
    document: { ...validDocument(), meters: [validDocument().meters[0], validDocument().meters[0]] },
    paths: ["meters.1.name"],
  },
  {
    name: "a plan twice",
    document: { ...validDocument(), plans: [validDocument().plans[0], validDocument().plans[0]] },
    paths: ["plans.1.name"],
  },
  {
    name: "a default plan that is not there",
    document: { ...validDocument(), defaultPlan: "gold" },
    paths: ["defaultPlan"],
  },
  {
    name: "a default plan every object inherits",
    document: { ...validDocument(), defaultPlan: "constructor" },
    paths: ["defaultPlan"],
  },
  {
    name: "no meter",
    document: { ...validDocument(), meters: [], plans: [validDocument().plans[1]], defaultPlan: "plus" },
    paths: ["meters"],
  },
  { name: "no plan", document: { ...validDocument(), plans: [] }, paths: ["plans", "defaultPlan"] },
  {
    name: "a currency in upper case",
    document: { ...validDocument(), currency: "USD" },
    paths: ["currency"],
  },
  { name: "no currency", document: { ...validDocument(), currency: undefined }, paths: ["currency"] },
  { name: "an unknown member", document: { ...validDocument(), discounts: [] }, paths: [""] },
  { name: "an unknown member of a meter", document: withMeter({ units: "x" }), paths: ["meters.0"] },
  { name: "an unknown member of a plan", document: withPlan({ price: [] }), paths: ["plans.0"] },
  { name: "an unknown member of a price", document: withPrice({ tier: [] }), paths: ["plans.0.prices.0"] },
  {
    name: "an unknown member of a tier",
    document: withPrice({ tiers: [{ ...OPEN_TIERS[0], flat: "1" }] }),
    paths: ["plans.0.prices.0.tiers.0"],
  },
  { name: "a meter name in upper case", document: unpriced({ name: "Units" }), paths: ["meters.0.name"] },
  {
    name: "a meter name of 64 characters",
    document: unpriced({ name: "u".repeat(64) }),
    paths: ["meters.0.name"],
  },
  { name: "a meter named __proto__", document: unpriced({ name: "__proto__" }), paths: ["meters.0.name"] },
  {
    name: "a dimension named __proto__",
    document: withMeter({ dimensions: ["__proto__"] }),
    paths: ["meters.0.dimensions.0"],
  },
  {
    name: "an unknown aggregation",
    document: withMeter({ aggregation: "avg" }),
    paths: ["meters.0.aggregation"],
  },
  { name: "ten decimals", document: withMeter({ scale: 10 }), paths: ["meters.0.scale"] },
  { name: "minus one decimals", document: withMeter({ scale: -1 }), paths: ["meters.0.scale"] },
  { name: "half a decimal", document: withMeter({ scale: 0.5 }), paths: ["meters.0.scale"] },
  {
    name: "a count with decimals",
    document: withMeter({ aggregation: "count" }),
    paths: ["meters.0.scale"],
  },
  {
    name: "a dimension twice",
    document: withMeter({ dimensions: ["region", "region"] }),
    paths: ["meters.0.dimensions.1"],
  },
  { name: "an empty unit", document: withMeter({ unit: "" }), paths: ["meters.0.unit"] },
  {
    name: "a base fee of a tenth of a cent",
    document: withPlan({ baseFee: "0.001" }),
    paths: ["plans.0.baseFee"],
  },
  { name: "a base fee in words", document: withPlan({ baseFee: "free" }), paths: ["plans.0.baseFee"] },
  { name: "a base fee with an exponent", document: withPlan({ baseFee: 1e21 }), paths: ["plans.0.baseFee"] },
  { name: "a negative base fee", document: withPlan({ baseFee: "-1.00" }), paths: ["plans.0.baseFee"] },
  {
    name: "a base fee of half a yen",
    document: {
      ...validDocument(),
      currency: "jpy",
      plans: [{ ...validDocument().plans[0], baseFee: "0.5" }],
    },
    paths: ["plans.0.baseFee"],
  },
  {
    name: "a base fee of one fils",
    document: {
      ...validDocument(),
      currency: "kwd",
      plans: [{ ...validDocument().plans[0], baseFee: "0.001" }],
    },
    paths: ["plans.0.baseFee"],
  },
  {
    name: "a base fee of half a króna",
    document: {
      ...validDocument(),
      currency: "isk",
      plans: [{ ...validDocument().plans[0], baseFee: "0.50" }],
    },
    paths: ["plans.0.baseFee"],
  },
  {
    name: "an unknown meter",
    document: withPrice({ metricName: "bytes" }),
    paths: ["plans.0.prices.0.metricName"],
  },
  { name: "an unknown model", document: withPrice({ model: "guess" }), paths: ["plans.0.prices.0.model"] },
])("catalog: $name is a fault at its path", ({ document, paths }) => {
  expect(faultPaths(document)).toEqual(paths);
});

test("catalog: a metric priced twice in a plan is a fault, in two plans it is none", () => {
  const price = { metricName: "units", model: "graduated", tiers: OPEN_TIERS };
  const document = validDocument();
  const [first, second] = document.plans;

  expect(faultPaths(withPlan({ prices: [price, price] }))).toEqual(["plans.0.prices.1.metricName"]);
  expect(
    faultPaths({
      ...document,
      plans: [
        { ...first, prices: [price] },
        { ...second, prices: [price] },
      ],
    }),
  ).toEqual([]);
});

test("catalog: faults of several rules are told at once", () => {
  const bad = {
    metricName: "units",
    model: "graduated",
    includedFree: 3,
    tiers: [...OPEN_TIERS, { upTo: 5, unitPrice: "1" }],
  };
  const document = {
    ...validDocument(),
    defaultPlan: "gold",
    meters: [validDocument().meters[0], validDocument().meters[0]],
    plans: [
      { ...validDocument().plans[0], baseFee: "0.001", prices: [bad, bad, { ...bad, metricName: "bytes" }] },
      validDocument().plans[0],
    ],
  };

  expect(faultPaths(document).toSorted()).toEqual([
    "defaultPlan",
    "meters.1.name",
    "plans.0.baseFee",
    "plans.0.prices.0.includedFree",
    "plans.0.prices.0.tiers.0.upTo",
    "plans.0.prices.0.tiers.1.upTo",
    "plans.0.prices.1.includedFree",
    "plans.0.prices.1.metricName",
    "plans.0.prices.1.tiers.0.upTo",
    "plans.0.prices.1.tiers.1.upTo",
    "plans.0.prices.2.metricName",
    "plans.1.name",
  ]);
});

test("catalog: faults of shape are told at once", () => {
  const document = {
    ...validDocument(),
    currency: "dollar",
    meters: [{ ...validDocument().meters[0], scale: -1, unit: "" }],
    extra: 1,
  };

  expect(faultPaths(document).toSorted()).toEqual(["", "currency", "meters.0.scale", "meters.0.unit"]);
});

test("catalog: a member __proto__ is a fault and changes no object", () => {
  const document = JSON.parse(
    JSON.stringify(validDocument()).replace("{", '{"__proto__":{"polluted":true},'),
  );

  expect(faultPaths(document)).toEqual([""]);
  expect({}).not.toHaveProperty("polluted");
});
