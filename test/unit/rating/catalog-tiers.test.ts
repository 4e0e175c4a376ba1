import { expect, test } from "vitest";
import { faultPaths, OPEN_TIERS, withPrice } from "../../support/catalog-fixture.ts";

const TIERS = "plans.0.prices.0.tiers";

function withTiers(tiers: unknown[]) {
  return withPrice({ tiers });
}

test.each([
  { name: "no tier", document: withTiers([]), paths: [TIERS] },
  {
    name: "over 100 tiers",
    document: withTiers(Array.from({ length: 101 }, () => OPEN_TIERS[0])),
    paths: [TIERS],
  },
  {
    name: "a last tier that ends",
    document: withTiers([{ upTo: "5", unitPrice: "1" }]),
    paths: [`${TIERS}.0.upTo`],
  },
  {
    name: "an open tier before the last",
    document: withTiers([...OPEN_TIERS, ...OPEN_TIERS]),
    paths: [`${TIERS}.0.upTo`],
  },
  {
    name: "a tier that ends at 0",
    document: withTiers([{ upTo: 0, unitPrice: "1" }, ...OPEN_TIERS]),
    paths: [`${TIERS}.0.upTo`],
  },
  {
    name: "a tier that ends below 0",
    document: withTiers([{ upTo: -1, unitPrice: "1" }, ...OPEN_TIERS]),
    paths: [`${TIERS}.0.upTo`],
  },
  {
    name: "a tier that ends where the last did",
    document: withTiers([{ upTo: 5, unitPrice: "1" }, { upTo: "5.00", unitPrice: "2" }, ...OPEN_TIERS]),
    paths: [`${TIERS}.1.upTo`],
  },
  {
    name: "a tier that ends before the last did",
    document: withTiers([{ upTo: 5, unitPrice: "1" }, { upTo: 4.99, unitPrice: "2" }, ...OPEN_TIERS]),
    paths: [`${TIERS}.1.upTo`],
  },
  {
    name: "a bound finer than the meter",
    document: withTiers([{ upTo: "5.001", unitPrice: "1" }, ...OPEN_TIERS]),
    paths: [`${TIERS}.0.upTo`],
  },
  {
    name: "a bound of ten decimals",
    document: withTiers([{ upTo: "5.0000000001", unitPrice: "1" }, ...OPEN_TIERS]),
    paths: [`${TIERS}.0.upTo`],
  },
  {
    name: "a bound of 41 digits, as a number,",
    document: withTiers([{ upTo: 1e40, unitPrice: "1" }, ...OPEN_TIERS]),
    paths: [`${TIERS}.0.upTo`],
  },
  {
    name: "a bound of 33 digits",
    document: withTiers([{ upTo: "1".repeat(33), unitPrice: "1" }, ...OPEN_TIERS]),
    paths: [`${TIERS}.0.upTo`],
  },
  {
    name: "the largest number as a bound",
    document: withTiers([{ upTo: Number.MAX_VALUE, unitPrice: "1" }, ...OPEN_TIERS]),
    paths: [`${TIERS}.0.upTo`],
  },
  {
    name: "a bound with an exponent, as a string,",
    document: withTiers([{ upTo: "1e3", unitPrice: "1" }, ...OPEN_TIERS]),
    paths: [`${TIERS}.0.upTo`],
  },
  {
    name: "a price of 41 digits, as a number,",
    document: withTiers([{ upTo: null, unitPrice: 1e40 }]),
    paths: [`${TIERS}.0.unitPrice`],
  },
  {
    name: "a price that prints 33 characters",
    document: withTiers([{ upTo: null, unitPrice: `${"1".repeat(20)}.000000000001` }]),
    paths: [`${TIERS}.0.unitPrice`],
  },
  {
    name: "a price of 13 decimals, as a number,",
    document: withTiers([{ upTo: null, unitPrice: 1e-13 }]),
    paths: [`${TIERS}.0.unitPrice`],
  },
  {
    name: "a price of 13 decimals",
    document: withTiers([{ upTo: null, unitPrice: "0.0000000000001" }]),
    paths: [`${TIERS}.0.unitPrice`],
  },
  {
    name: "a negative price",
    document: withTiers([{ upTo: null, unitPrice: "-1" }]),
    paths: [`${TIERS}.0.unitPrice`],
  },
  {
    name: "a price in words",
    document: withTiers([{ upTo: null, unitPrice: "free" }]),
    paths: [`${TIERS}.0.unitPrice`],
  },
  { name: "no price", document: withTiers([{ upTo: null }]), paths: [`${TIERS}.0.unitPrice`] },
  { name: "no bound", document: withTiers([{ unitPrice: "1" }]), paths: [`${TIERS}.0.upTo`] },
])("catalog: $name is a fault at its path", ({ document, paths }) => {
  expect(faultPaths(document)).toEqual(paths);
});

const FREE_TEN = [{ upTo: 10, unitPrice: "0" }, ...OPEN_TIERS];

test.each([
  { name: "agrees with the free tier", includedFree: 10, tiers: FREE_TEN, paths: [] },
  { name: "is written another way", includedFree: "10.00", tiers: FREE_TEN, paths: [] },
  {
    name: "agrees with two free tiers",
    includedFree: 20,
    tiers: [FREE_TEN[0], { upTo: 20, unitPrice: "0.00" }, ...OPEN_TIERS],
    paths: [],
  },
  { name: "is 0 where nothing is free", includedFree: 0, tiers: OPEN_TIERS, paths: [] },
  { name: "is too little", includedFree: 9.99, tiers: FREE_TEN, paths: ["plans.0.prices.0.includedFree"] },
  { name: "is too much", includedFree: 10.01, tiers: FREE_TEN, paths: ["plans.0.prices.0.includedFree"] },
  {
    name: "is there though nothing is free",
    includedFree: 1,
    tiers: OPEN_TIERS,
    paths: ["plans.0.prices.0.includedFree"],
  },
  {
    name: "is 0 though ten are free",
    includedFree: 0,
    tiers: FREE_TEN,
    paths: ["plans.0.prices.0.includedFree"],
  },
  {
    name: "ends though all is free",
    includedFree: 10,
    tiers: [{ upTo: null, unitPrice: "0" }],
    paths: ["plans.0.prices.0.includedFree"],
  },
  {
    name: "counts a later free tier",
    includedFree: 20,
    tiers: [{ upTo: 10, unitPrice: "1" }, { upTo: 20, unitPrice: "0" }, ...OPEN_TIERS],
    paths: ["plans.0.prices.0.includedFree"],
  },
  {
    name: "is finer than the meter",
    includedFree: "10.001",
    tiers: FREE_TEN,
    paths: ["plans.0.prices.0.includedFree"],
  },
  { name: "has 41 digits", includedFree: 1e40, tiers: OPEN_TIERS, paths: ["plans.0.prices.0.includedFree"] },
  { name: "is negative", includedFree: -1, tiers: OPEN_TIERS, paths: ["plans.0.prices.0.includedFree"] },
])("catalog: what is included $name", ({ includedFree, tiers, paths }) => {
  expect(faultPaths(withPrice({ includedFree, tiers }))).toEqual(paths);
});
