import * as fc from "fast-check";
import { expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { MAX_FAULTS, namesIn, readCatalog } from "../../../src/catalog/read-catalog.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";

type Document = Record<string, any>; // eslint-disable-line typescript/no-explicit-any -- to be spoiled by a test

function spoiled(spoil: (document: Document) => void): Document {
  const document = structuredClone(demoCatalog) as Document;
  spoil(document);
  return document;
}

function pathsOf(document: unknown): string[] {
  return readCatalog(document)
    .faults.map(({ path }) => path)
    .toSorted();
}

test("a valid document is read as the schema reads it", () => {
  expect(readCatalog(demoCatalog)).toEqual({ catalog: catalogSchema.parse(demoCatalog), faults: [] });
});

test.each<{ name: string; spoil: (document: Document) => void; paths: string[] }>([
  {
    name: "a price of the wrong shape beside one whose tiers fall, which keeps its place",
    spoil: ({ plans }) => {
      plans[1].prices[0].tiers[0].unitPrice = "free";
      plans[1].prices[1].tiers[1].upTo = 1;
    },
    paths: ["plans.1.prices.0.tiers.0.unitPrice", "plans.1.prices.1.tiers.1.upTo"],
  },
  {
    name: "a plan of the wrong shape beside a later one with a price for no meter",
    spoil: ({ plans }) => {
      plans[0].displayName = 7;
      plans[1].prices[3].metricName = "chairs";
    },
    paths: ["plans.0.displayName", "plans.1.prices.3.metricName"],
  },
  {
    name: "a misspelt member of a plan beside a fault in its prices",
    spoil: ({ plans }) => {
      plans[1].basefee = "1";
      plans[1].prices[0].includedFree = 5;
    },
    paths: ["plans.1", "plans.1.prices.0.includedFree"],
  },
  {
    name: "a fee of the wrong shape beside a fault in the plan's prices",
    spoil: ({ plans }) => {
      plans[1].baseFee = "free";
      plans[1].prices[0].includedFree = 5;
    },
    paths: ["plans.1.baseFee", "plans.1.prices.0.includedFree"],
  },
  {
    name: "a meter of the wrong shape: prices for it are not called without a meter",
    spoil: ({ meters, plans }) => {
      meters[0].unit = "";
      plans[1].prices[1].includedFree = 7;
    },
    paths: ["meters.0.unit", "plans.1.prices.1.includedFree"],
  },
  {
    name: "a meter without a name: nothing is called without a meter",
    spoil: ({ meters }) => {
      delete meters[2].name;
    },
    paths: ["meters.2.name"],
  },
  {
    name: "two meters of one name after one of the wrong shape",
    spoil: ({ meters }) => {
      meters[0].scale = "none";
      meters[3].name = "storage_gb";
    },
    // By its name no meter is seats any more.
    paths: ["meters.0.scale", "meters.3.name", "plans.1.prices.3.metricName"],
  },
  {
    name: "the default plan of the wrong shape: it is not called missing",
    spoil: ({ plans }) => {
      plans[1].name = 5;
    },
    paths: ["plans.1.name"],
  },
  {
    name: "a default plan that is missing beside a price of the wrong shape",
    spoil: (document) => {
      document["defaultPlan"] = "gold";
      document["plans"][1].prices[0].tiers = "none";
    },
    paths: ["defaultPlan", "plans.1.prices.0.tiers"],
  },
  {
    name: "a member too many beside a fee that is too fine",
    spoil: (document) => {
      document["extra"] = 1;
      document["plans"][0].baseFee = "0.001";
    },
    paths: ["", "plans.0.baseFee"],
  },
  {
    name: "a currency of the wrong shape: no amount is called too fine",
    spoil: (document) => {
      document["currency"] = 5;
      document["plans"][0].baseFee = "0.001";
    },
    paths: ["currency"],
  },
  {
    name: "prices that are no list",
    spoil: ({ plans }) => {
      plans[1].prices = "none";
      plans[0].baseFee = "0.001";
    },
    paths: ["plans.0.baseFee", "plans.1.prices"],
  },
  {
    name: "a plan that is no object",
    spoil: ({ plans }) => {
      plans[0] = null;
      plans[1].prices[0].includedFree = 5;
    },
    paths: ["plans.0", "plans.1.prices.0.includedFree"],
  },
])("faults are told together: $name", ({ spoil, paths }) => {
  expect(pathsOf(spoiled(spoil))).toEqual(paths);
});

test.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "catalog"],
  ["a list", [demoCatalog]],
  ["lists that are none", { ...demoCatalog, meters: {}, plans: 5 }],
  ["empty lists", { ...demoCatalog, meters: [], plans: [] }],
])("%s is refused", (_name, document) => {
  const { catalog, faults } = readCatalog(document);
  expect([catalog, faults.length > 0]).toEqual([undefined, true]);
});

test("faults are told in bounded number, also of a document that has nothing else", () => {
  const plans = Array.from({ length: 200 }, () => ({ prices: Array.from({ length: 100 }, () => ({})) }));
  expect(readCatalog({ ...demoCatalog, plans }).faults).toHaveLength(MAX_FAULTS);
});

test.each([
  ["all names", [{ name: "a" }, { name: "b" }], ["a", "b"]],
  ["none when one has no name", [{ name: "a" }, {}], undefined],
  ["none when one is no object", [{ name: "a" }, null], undefined],
  ["none when it is no list", "a", undefined],
])("names of a list: %s", (_name, list, names) => {
  expect(namesIn({ list }, "list")).toEqual(names && new Set(names));
});

/** Spoilings of shape, each of which says where its fault is. */
const SHAPES: [string, (document: Document) => void][] = [
  ["meters.1.unit", ({ meters }) => (meters[1].unit = 5)],
  ["meters.3.aggregation", ({ meters }) => (meters[3].aggregation = "avg")],
  ["plans.0.displayName", ({ plans }) => delete plans[0].displayName],
  ["plans.1.baseFee", ({ plans }) => (plans[1].baseFee = "-1")],
  ["plans.1.prices.1.tiers", ({ plans }) => (plans[1].prices[1].tiers = "free")],
  ["plans.1.prices.2.includedFree", ({ plans }) => (plans[1].prices[2].includedFree = -1)],
];
/** Faults between parts that no spoiling above hides. */
const BETWEEN: [string, (document: Document) => void][] = [
  ["plans.1.prices.0.includedFree", ({ plans }) => (plans[1].prices[0].includedFree = 5)],
  ["plans.1.prices.0.tiers.1.upTo", ({ plans }) => (plans[1].prices[0].tiers[1].upTo = 10_000)],
  ["plans.2.baseFee", ({ plans }) => (plans[2].baseFee = "0.001")],
];

test("faults: each is told, and nothing else, whatever there is beside it", () => {
  fc.assert(
    fc.property(fc.subarray([...SHAPES, ...BETWEEN]), (chosen) => {
      const document = spoiled(({ plans }) => plans.push({ name: "last", displayName: "Last" }));
      for (const [, spoil] of chosen) {
        spoil(document);
      }
      expect(pathsOf(document)).toEqual(chosen.map(([path]) => path).toSorted());
    }),
  );
});
