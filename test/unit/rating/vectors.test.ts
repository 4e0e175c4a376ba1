import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseMajor } from "../../../src/domain/money.ts";
import { parseQuantity } from "../../../src/domain/quantity.ts";
import { catalogSchema, type Catalog } from "../../../src/rating/catalog.ts";
import { rate, type Rating } from "../../../src/rating/rate.ts";
import { faultPaths } from "../../support/catalog-fixture.ts";
import { readVectors, toldVector, type Vector } from "../../support/rating-vector.ts";
import type { DocumentPrice } from "../../support/rational-bill.ts";

/** The collection that our copy is of, where it stands beside the project. */
const ORIGINAL = new URL("../../../../shared/vectors/rating.json", import.meta.url);
/** Fine enough for every quantity of the cases. */
const SCALE = 3;

const vectors = readVectors();
const told = vectors.filter((vector) => "price" in toldVector(vector, false));

function catalogOf(price: DocumentPrice): Catalog {
  return catalogSchema.parse({
    currency: "usd",
    defaultPlan: "payg",
    meters: [{ name: "units", displayName: "Units", unit: "units", aggregation: "sum", scale: SCALE }],
    plans: [{ name: "payg", displayName: "Pay as you go", prices: [price] }],
  });
}

function rated(vector: Vector, quantity: string, chargeWhenZero: boolean): Rating {
  const mapped = toldVector(vector, chargeWhenZero);
  if ("skipped" in mapped) {
    throw new Error(mapped.skipped);
  }
  const catalog = catalogOf(mapped.price);
  return rate(catalog, catalog.plans[0]!, new Map([["units", parseQuantity(quantity, SCALE)]]));
}

/** What we charge; of a quantity that grew, what we charge more. */
function chargedMinor(vector: Vector, chargeWhenZero: boolean): bigint {
  if (typeof vector.quantity === "string") {
    return rated(vector, vector.quantity, chargeWhenZero).totalMinor;
  }
  const [before, after] = vector.quantity.map((quantity) => rated(vector, quantity, chargeWhenZero));
  return after!.totalMinor - before!.totalMinor;
}

function expectedMinor({ expected }: Vector): bigint {
  const minor = parseMajor(expected, { code: "usd", decimals: 2, roundingUnit: 1n });
  if (minor === undefined) {
    throw new Error(`${expected} is in whole cents`);
  }
  return minor;
}

test("vectors: each kind is told or counted as skipped with the reason", () => {
  const counts = new Map<string, number>();
  for (const vector of vectors) {
    const mapped = toldVector(vector, false);
    const key = `${vector.model}: ${"skipped" in mapped ? mapped.skipped : mapped.price.model}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  expect(Object.fromEntries(counts)).toEqual({
    "graduated: graduated": 16,
    "graduated_rounded: graduated": 10,
    "graduated_delta: graduated": 2,
    "graduated_min: graduated": 1,
    "graduated_max: graduated": 1,
    "graduated_blocks: graduated": 6,
    "graduated_blocks: package": 4,
    "graduated_blocks: packages priced in tiers: no model of ours": 3,
    "volume: volume": 15,
    "volume_min: volume": 4,
    "volume_max: volume": 2,
    "volume_blocks: volume": 6,
    "volume_blocks: packages priced in tiers: no model of ours": 6,
    "package: package": 3,
    "package_count: package": 5,
    "package_delta: package": 1,
    "package_min: package": 1,
    "package_max: package": 1,
    "per_unit: perUnit": 3,
    "per_unit_min: perUnit": 1,
    "per_unit_max: perUnit": 2,
  });
  expect(vectors).toHaveLength(93);
});

test.each(told)("vectors: $id, $model, costs $expected for $quantity", (vector) => {
  // Their engines charge fees and minimums when nothing is used; ours does when the price says so.
  expect(chargedMinor(vector, true)).toBe(expectedMinor(vector));
});

test("vectors: without chargeWhenZero nothing used costs nothing, and nothing else changes", () => {
  const differing = told.filter((vector) => chargedMinor(vector, false) !== expectedMinor(vector));

  expect(differing.map(({ id, quantity, expected }) => [id, quantity, expected])).toEqual([
    ["om-043", "0", "100"],
    ["om-055", "0", "100"],
    ["om-063", "0", "150"],
    ["om-073", "0", "100"],
    ["om-082", "0", "100"],
  ]);
  expect(differing.map((vector) => chargedMinor(vector, false))).toEqual([0n, 0n, 0n, 0n, 0n]);
});

test.each([
  [
    "om-053",
    [
      ["metric:units", 18_200n],
      ["metric:units:max_spend", -1200n],
    ],
  ],
  [
    "om-054",
    [
      ["metric:units", 10_000n],
      ["metric:units:min_spend", 90_000n],
    ],
  ],
  [
    "om-068",
    [
      ["metric:units", 15_000n],
      ["metric:units:max_spend", -2500n],
    ],
  ],
  [
    "om-074",
    [
      ["metric:units", 16_500n],
      ["metric:units:max_spend", -6500n],
    ],
  ],
  ["om-064", [["metric:units", 50_000n]]],
])("vectors: %s shows its spend as a line of its own", (id, lines) => {
  const vector = vectors.find((one) => one.id === id)!;

  expect(
    rated(vector, String(vector.quantity), true).lines.map((line) => [line.ref, line.amountMinor]),
  ).toEqual(lines);
});

test.each(vectors.filter(({ model }) => model === "package_count"))(
  "vectors: $quantity units start $expected packages",
  (vector) => {
    const [line] = rated(vector, String(vector.quantity), false).lines;

    expect(String(line?.tiers[0]?.packages?.count ?? 0n)).toBe(vector.expected);
  },
);

test("vectors: a last tier that ends is refused by the catalog; opened, it prices what was inside", () => {
  const closed = vectors.filter(({ tiers }) => tiers !== undefined && tiers.at(-1)?.[0] !== null);
  const tiers = closed[0]?.tiers?.map(([upTo, unitPrice]) => ({ upTo, unitPrice }));
  const mapped = toldVector(closed[0]!, false);
  const catalog = "price" in mapped ? catalogOf(mapped.price) : undefined;
  const prices = [{ metricName: "units", model: "graduated", tiers }];

  expect(closed.map(({ id }) => id)).toEqual(["lotus-186"]);
  expect(faultPaths({ ...catalog, plans: [{ ...catalog?.plans[0], prices }] })).toEqual([
    "plans.0.prices.0.tiers.3.upTo",
  ]);
});

test.skipIf(!existsSync(ORIGINAL))(
  "vectors: our copy has every case of the collection, figure by figure",
  () => {
    const { cases } = JSON.parse(readFileSync(ORIGINAL, "utf8")) as { cases: Record<string, unknown>[] };

    expect(vectors).toEqual(cases.map(copied));
  },
);

/** A case of the collection as our copy has it. */
function copied(original: Record<string, unknown>): unknown {
  const tiers = original["tiers"] as Record<string, string | null>[];
  const packaged = original["package"] as Record<string, string> | undefined;
  const quantity = original["quantity"] as string | { before: string; after: string };
  return {
    id: original["id"],
    model: original["model"],
    ...(packaged && { package: [packaged["size"], packaged["amount"], packaged["free_units"]] }),
    ...(tiers.length > 0 &&
      !("block_size" in tiers[0]!) && { tiers: rows(tiers, "up_to", "unit_amount", "flat_amount") }),
    ...(tiers.length > 0 &&
      "block_size" in tiers[0]! && { blocks: rows(tiers, "block_size", "max_blocks", "block_price") }),
    quantity: typeof quantity === "string" ? quantity : [quantity.before, quantity.after],
    expected: original["expected_amount"],
    ...("min_amount" in original && { min: original["min_amount"] }),
    ...("max_amount" in original && { max: original["max_amount"] }),
    ...("zero_policy" in original && { zero: original["zero_policy"] }),
  };
}

function rows(tiers: readonly Record<string, string | null>[], ...members: string[]): unknown[][] {
  return tiers.map((tier) => members.map((member) => tier[member]));
}
