import { expect, test } from "vitest";
import { checkPrices } from "../../../src/rating/catalog-check.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { currencyOf } from "../../../src/domain/money.ts";
import type { Price } from "../../../src/domain/price.ts";
import { validDocument, withPlan } from "../../support/catalog-fixture.ts";

/** What a person is told of a document: `path: message`, one line each. */
function told(document: unknown): string[] {
  const { error } = catalogSchema.safeParse(document);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

function withPrices(...prices: object[]) {
  return withPlan({ prices: prices.map((price) => ({ metricName: "units", ...price })) });
}

const PRICE = "plans.0.prices.0";
const NO_PRICE = "must be a decimal of minor units such as 0.05, not negative, with at most 12 decimals";
const NO_QUANTITY = "must be a quantity such as 10000 or 2.5, not negative, of at most 32 digits";
const NO_AMOUNT = "must be an amount in major units such as 99.00, not negative, with at most 3 decimals";
const perUnit = { model: "perUnit", unitPrice: "1" };
const open = { upTo: null, unitPrice: "1" };

test.each<[string, object, string]>([
  [
    "a tier of neither price",
    { model: "graduated", tiers: [{ upTo: null }] },
    `${PRICE}.tiers.0.unitPrice: a tier needs a unitPrice, a flatFee or both; 0 for a free one`,
  ],
  [
    "a stairstep's tier without fee",
    { model: "stairstep", tiers: [{ upTo: null }] },
    `${PRICE}.tiers.0.flatFee: ${NO_PRICE}`,
  ],
  [
    "tiers out of order",
    { model: "volume", tiers: [{ upTo: 5, flatFee: 1 }, { upTo: 3, flatFee: 1 }, open] },
    `${PRICE}.tiers.1.upTo: must be more than 5, where the tier starts`,
  ],
  [
    "a tier that ends where it starts",
    { model: "volume", tiers: [{ upTo: 5, flatFee: 1 }, { upTo: "5.0", flatFee: 1 }, open] },
    `${PRICE}.tiers.1.upTo: must be more than 5, where the tier starts`,
  ],
  [
    "a first tier of nothing",
    { model: "volume", tiers: [{ upTo: 0, flatFee: 1 }, open] },
    `${PRICE}.tiers.0.upTo: must be more than 0, where the tier starts`,
  ],
  [
    "an open tier before the last",
    { model: "volume", tiers: [open, open] },
    `${PRICE}.tiers.0.upTo: only the last tier is open (null): say up to which quantity this one goes`,
  ],
  [
    "a last tier that ends",
    { model: "volume", tiers: [{ upTo: 5, flatFee: 1 }] },
    `${PRICE}.tiers.0.upTo: the last tier must be open (null), so that every quantity has a price`,
  ],
  [
    "a bound finer than the meter",
    { model: "volume", tiers: [{ upTo: "5.001", flatFee: 1 }, open] },
    `${PRICE}.tiers.0.upTo: is finer than units is counted: at most 2 decimals`,
  ],
  [
    "included units that disagree",
    { model: "volume", includedFree: 5, tiers: [{ upTo: 4, flatFee: 0 }, open] },
    `${PRICE}.includedFree: disagrees with the tiers, whose units are free up to 4: change one of them, or leave includedFree out`,
  ],
  [
    "included units where all is free",
    { model: "graduated", includedFree: 5, tiers: [{ upTo: null, unitPrice: 0 }] },
    `${PRICE}.includedFree: disagrees with the tiers, whose units are free without end: change one of them, or leave includedFree out`,
  ],
  [
    "included units finer than the meter",
    { ...perUnit, includedFree: "0.001" },
    `${PRICE}.includedFree: is finer than units is counted: at most 2 decimals`,
  ],
  [
    "a package of nothing",
    { model: "package", packageSize: 0, packagePrice: 1 },
    `${PRICE}.packageSize: must be more than 0: how many units a package has`,
  ],
  [
    "a negative package",
    { model: "package", packageSize: -1, packagePrice: 1 },
    `${PRICE}.packageSize: ${NO_QUANTITY}`,
  ],
  [
    "a package finer than the meter",
    { model: "package", packageSize: "0.001", packagePrice: 1 },
    `${PRICE}.packageSize: is finer than units is counted: at most 2 decimals`,
  ],
  ["a price of 13 decimals", { ...perUnit, unitPrice: "0.0000000000001" }, `${PRICE}.unitPrice: ${NO_PRICE}`],
  ["a negative fee", { model: "flat", flatFee: -1 }, `${PRICE}.flatFee: ${NO_PRICE}`],
  [
    "a minimum finer than the currency",
    { ...perUnit, minSpend: "0.001" },
    `${PRICE}.minSpend: must be a multiple of 0.01, the least that can be charged in usd`,
  ],
  [
    "a maximum finer than the currency",
    { ...perUnit, maxSpend: "0.001" },
    `${PRICE}.maxSpend: must be a multiple of 0.01, the least that can be charged in usd`,
  ],
  [
    "a maximum below the minimum",
    { ...perUnit, minSpend: 5, maxSpend: "4.99" },
    `${PRICE}.maxSpend: must not be less than the minSpend, 5.00`,
  ],
  ["a negative minimum", { ...perUnit, minSpend: "-1" }, `${PRICE}.minSpend: ${NO_AMOUNT}`],
  [
    "chargeWhenZero in words",
    { ...perUnit, chargeWhenZero: "yes" },
    `${PRICE}.chargeWhenZero: Invalid input: expected boolean, received string`,
  ],
  ["tiers of a price that has none", { ...perUnit, tiers: [] }, `${PRICE}: Unrecognized key: "tiers"`],
  [
    "a unit price of a stairstep",
    { model: "stairstep", tiers: [{ ...open, flatFee: 1 }] },
    `${PRICE}.tiers.0: Unrecognized key: "unitPrice"`,
  ],
  [
    "a price of a meter that is not there",
    { ...perUnit, metricName: "bytes" },
    `${PRICE}.metricName: no meter is named bytes; there are: units`,
  ],
  [
    "a price without model",
    { unitPrice: "1" },
    `${PRICE}.model: must be graduated, volume, stairstep, package, perUnit or flat`,
  ],
])("fault: %s", (_name, price, line) => {
  expect(told(withPrices(price))).toEqual([line]);
});

test.each<[string, object, string]>([
  [
    "two prices of a metric",
    withPrices(perUnit, { model: "flat", flatFee: 1 }),
    "plans.0.prices.1.metricName: units has a price already, the one at 0: keep one",
  ],
  [
    "a plan's maximum below its minimum",
    withPlan({ minSpend: "5.00", maxSpend: 4 }),
    "plans.0.maxSpend: must not be less than the minSpend, 5.00",
  ],
  [
    "a plan's minimum finer than the currency",
    withPlan({ minSpend: "0.005" }),
    "plans.0.minSpend: must be a multiple of 0.01, the least that can be charged in usd",
  ],
  [
    "a default plan that is not there",
    { ...validDocument(), defaultPlan: "gold" },
    "defaultPlan: no plan is named gold; there are: payg, plus",
  ],
  [
    "a meter twice",
    { ...validDocument(), meters: [validDocument().meters[0], validDocument().meters[0]] },
    "meters.1.name: units is there twice, first at 0: give it another name",
  ],
  [
    "a plan twice",
    { ...validDocument(), plans: [validDocument().plans[0], validDocument().plans[0]] },
    "plans.1.name: payg is there twice, first at 0: give it another name",
  ],
])("fault: %s", (_name, document, line) => {
  expect(told(document)).toEqual([line]);
});

test.each([
  { code: "jpy", amount: "0.5", least: "1" },
  { code: "kwd", amount: "0.005", least: "0.010" },
  { code: "isk", amount: "1.50", least: "1.00" },
  { code: "ugx", amount: "1.50", least: "1.00" },
])("fault: $amount $code cannot be charged", ({ code, amount, least }) => {
  const message = `must be a multiple of ${least}, the least that can be charged in ${code}`;
  const document = { ...withPrices({ ...perUnit, minSpend: amount }), currency: code };

  expect(told(document)).toEqual([`${PRICE}.minSpend: ${message}`]);
});

test("fault: all are told at once, of shape and of rules, and what is wrong once is told once", () => {
  const document = {
    currency: "usd",
    defaultPlan: "gold",
    discount: 1,
    meters: [validDocument().meters[0], { ...validDocument().meters[0], name: "Bytes" }],
    plans: [
      {
        ...validDocument().plans[0],
        baseFee: "free",
        minSpend: "0.001",
        prices: [
          {
            metricName: "units",
            model: "graduated",
            includedFree: 7,
            tiers: [{ upTo: 5, unitPrice: "-1" }, { upTo: 3 }],
          },
          {
            metricName: "units",
            model: "package",
            packageSize: 0,
            packagePrice: "x",
            minSpend: 2,
            maxSpend: 1,
          },
          { metricName: "Bytes", ...perUnit },
          { metricName: "calls", ...perUnit },
          null,
        ],
      },
      7,
    ],
  };

  expect(told(document).toSorted()).toEqual([
    ': Unrecognized key: "discount"',
    "meters.1.name: must be lower case letters, digits and _, at most 63, starting with a letter",
    `plans.0.baseFee: ${NO_AMOUNT}`,
    "plans.0.minSpend: must be a multiple of 0.01, the least that can be charged in usd",
    `plans.0.prices.0.tiers.0.unitPrice: ${NO_PRICE}`,
    "plans.0.prices.0.tiers.1.unitPrice: a tier needs a unitPrice, a flatFee or both; 0 for a free one",
    "plans.0.prices.0.tiers.1.upTo: must be more than 5, where the tier starts",
    "plans.0.prices.0.tiers.1.upTo: the last tier must be open (null), so that every quantity has a price",
    "plans.0.prices.1.maxSpend: must not be less than the minSpend, 2.00",
    "plans.0.prices.1.metricName: units has a price already, the one at 0: keep one",
    `plans.0.prices.1.packagePrice: ${NO_PRICE}`,
    "plans.0.prices.1.packageSize: must be more than 0: how many units a package has",
    "plans.0.prices.2.metricName: must be lower case letters, digits and _, at most 63, starting with a letter",
    "plans.0.prices.4: Invalid input: expected object, received null",
    "plans.1: Invalid input: expected object, received number",
  ]);
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["a list", []],
  ["a text", "catalog"],
  ["no members", {}],
  ["members of other kinds", { currency: 1, defaultPlan: [], meters: {}, plans: "x" }],
  ["lists of nothing", { currency: "usd", defaultPlan: "x", meters: [null], plans: [null, [], 7] }],
  [
    "prices of other kinds",
    { ...validDocument(), plans: [{ name: "x", displayName: "X", prices: [[], {}, 7, { model: "flat" }] }] },
  ],
  ["tiers of other kinds", withPrices({ model: "volume", tiers: [null, 7, [], {}] })],
  ["tiers that are no list", withPrices({ model: "volume", tiers: {}, includedFree: [] })],
])("fault: %s is told, never thrown", (_name, document) => {
  expect(told(document).length).toBeGreaterThan(0);
});

test("fault: a list without bounds is told by its bound alone", () => {
  const plans = Array.from({ length: 201 }, () => ({ name: "payg", displayName: "P", baseFee: "0.001" }));

  expect(told({ ...validDocument(), plans })).toEqual(["plans: Too big: expected array to have <=200 items"]);
});

test("fault: a customer's own prices are checked as a plan's are", () => {
  const { meters } = catalogSchema.parse(validDocument());
  const own: Price[] = [
    { metricName: "units", model: "package", packageSize: "0", packagePrice: "1", maxSpend: "0.001" },
    { metricName: "bytes", model: "flat", flatFee: "1" },
    { metricName: "units", model: "flat", flatFee: "1" },
  ];
  const faults: string[] = [];
  checkPrices(own, meters, currencyOf("usd"), (path, message) =>
    faults.push(`${path.join(".")}: ${message}`),
  );

  expect(faults).toEqual([
    "0.packageSize: must be more than 0: how many units a package has",
    "0.maxSpend: must be a multiple of 0.01, the least that can be charged in usd",
    "1.metricName: no meter is named bytes; there are: units",
    "2.metricName: units has a price already, the one at 0: keep one",
  ]);
});
