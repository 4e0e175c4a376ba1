import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { documentOf, faultPaths, priceOf } from "../../support/catalog-fixture.ts";
import { decimalText, isEqual, rational, times } from "../../support/rational-rating.ts";

const VECTORS = new URL("../../../../shared/vectors/rating.json", import.meta.url);
/** Fine enough for every quantity of the file. */
const SCALE = 3;
const CENTS_A_UNIT = 2;

interface Case {
  id: string;
  model: string;
  tiers: { up_to: string | null; unit_amount: string; flat_amount: string }[];
  quantity: string;
  expected_amount: string;
}

/** Moves the decimal point: major units of the file to minor units of the catalog. */
function inCents(amount: string): string {
  const { numerator, denominator } = times(rational(amount), rational("100"));
  return decimalText((numerator * 10n ** 12n) / denominator, 12);
}

function reasonToSkip({ tiers }: Case): string | undefined {
  if (tiers.some(({ flat_amount: flat }) => Number(flat) !== 0)) {
    return "a tier has a flat amount";
  }
  return tiers.at(-1)?.up_to === null ? undefined : "the last tier is not open";
}

const hasVectors = existsSync(VECTORS);
const all = hasVectors ? (JSON.parse(readFileSync(VECTORS, "utf8")) as { cases: Case[] }).cases : [];
const graduated = all.filter(({ model }) => model === "graduated");
const expressible = graduated.filter((vector) => reasonToSkip(vector) === undefined);

test.skipIf(!hasVectors)(
  "vectors: the graduated cases are told or counted as skipped with the reason",
  () => {
    const reasons = Object.groupBy(graduated, (vector) => reasonToSkip(vector) ?? "told");

    expect(Object.entries(reasons).map(([reason, cases]) => [reason, cases?.length])).toEqual([
      ["a tier has a flat amount", 8],
      ["told", 7],
      ["the last tier is not open", 1],
    ]);
  },
);

test.each(expressible)("vectors: $id costs $expected_amount for $quantity", (vector) => {
  const tiers = vector.tiers.map((tier) => ({ upTo: tier.up_to, unitPrice: inCents(tier.unit_amount) }));
  const quantity = times(rational(vector.quantity), rational(String(10 ** SCALE))).numerator;
  const price = priceOf({ scale: SCALE, tiers });
  const rated = price.rate(quantity);

  expect(
    isEqual(
      { numerator: rated.amount, denominator: 10n ** BigInt(price.amountScale + CENTS_A_UNIT) },
      rational(vector.expected_amount),
    ),
  ).toBe(true);
});

test.skipIf(!hasVectors)("vectors: a case whose last tier is not open is refused by the catalog", () => {
  const closed = graduated.filter((vector) => reasonToSkip(vector) === "the last tier is not open");
  const paths = closed.map(({ tiers }) =>
    faultPaths(
      documentOf(
        SCALE,
        tiers.map((tier) => ({ upTo: tier.up_to, unitPrice: inCents(tier.unit_amount) })),
      ),
    ),
  );

  expect(paths).toEqual([["plans.0.prices.0.tiers.3.upTo"]]);
});
