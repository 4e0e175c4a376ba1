import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PRICE_SCALE } from "../../../src/domain/unit-price.ts";
import { anyQuantity, anyTiers, priceOf } from "../../support/catalog-fixture.ts";
import { decimalText, graduatedByDefinition, isEqual } from "../../support/rational-rating.ts";

const threeTiers = {
  scale: 1,
  tiers: [
    { upTo: "10", unitPrice: "0" },
    { upTo: "20", unitPrice: "2" },
    { upTo: null, unitPrice: "0.000000000001" },
  ],
};
const NO_FEES = { flatFee: 0n, packages: null };
const CENT = 10n ** 13n;

test.each([
  { name: "nothing", quantity: 0n, amount: 0n, used: [] },
  { name: "below zero", quantity: -5n, amount: 0n, used: [] },
  { name: "the smallest unit", quantity: 1n, amount: 0n, used: [1n] },
  { name: "just below a bound", quantity: 99n, amount: 0n, used: [99n] },
  { name: "at a bound", quantity: 100n, amount: 0n, used: [100n] },
  { name: "a fraction past a bound", quantity: 101n, amount: CENT / 5n, used: [100n, 1n] },
  { name: "at the second bound", quantity: 200n, amount: 20n * CENT, used: [100n, 100n] },
  { name: "a fraction past the second", quantity: 201n, amount: 20n * CENT + 1n, used: [100n, 100n, 1n] },
  {
    name: "2^53 - 1",
    quantity: 2n ** 53n - 1n,
    amount: 20n * CENT + 2n ** 53n - 201n,
    used: [100n, 100n, 2n ** 53n - 201n],
  },
  {
    name: "2^53 + 1",
    quantity: 2n ** 53n + 1n,
    amount: 20n * CENT + 2n ** 53n - 199n,
    used: [100n, 100n, 2n ** 53n - 199n],
  },
])("graduated: $name", ({ quantity, amount, used }) => {
  const rated = priceOf(threeTiers).rate(quantity);

  expect(rated.amount).toBe(amount);
  expect(priceOf(threeTiers).amountScale).toBe(13);
  expect(rated.tiers.map((tier) => tier.quantity)).toEqual(used);
});

test("graduated: a tier says its bounds, its price and its part", () => {
  expect(priceOf(threeTiers).rate(205n).tiers).toEqual([
    { from: 0n, to: 100n, quantity: 100n, unitPrice: 0n, ...NO_FEES, amount: 0n },
    { from: 100n, to: 200n, quantity: 100n, unitPrice: 2n * 10n ** 12n, ...NO_FEES, amount: 20n * CENT },
    { from: 200n, to: null, quantity: 5n, unitPrice: 1n, ...NO_FEES, amount: 5n },
  ]);
});

test("graduated: agrees with the definition in fractions for any tiers and quantity", () => {
  fc.assert(
    fc.property(anyTiers, anyQuantity, (priced, quantity) => {
      const rated = priceOf(priced).rate(quantity);
      const expected = graduatedByDefinition(priced.tiers, decimalText(quantity, priced.scale));

      expect(priceOf(priced).amountScale).toBe(priced.scale + PRICE_SCALE);
      expect(
        isEqual(
          { numerator: rated.amount, denominator: 10n ** BigInt(priced.scale + PRICE_SCALE) },
          expected,
        ),
      ).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("graduated: the tiers' parts add up to the quantity and to the amount, without gap", () => {
  fc.assert(
    fc.property(anyTiers, anyQuantity, (priced, quantity) => {
      const { amount, tiers } = priceOf(priced).rate(quantity);

      expect(tiers.reduce((sum, tier) => sum + tier.quantity, 0n)).toBe(quantity);
      expect(tiers.reduce((sum, tier) => sum + tier.amount, 0n)).toBe(amount);
      expect(
        tiers.every((tier) => tier.quantity > 0n && tier.amount === tier.quantity * tier.unitPrice),
      ).toBe(true);
      expect(tiers.slice(1).map((tier) => tier.from)).toEqual(tiers.slice(0, -1).map((tier) => tier.to));
    }),
  );
});

test("graduated: more never costs less, and a unit more costs its tier's price: no jump at a bound", () => {
  fc.assert(
    fc.property(anyTiers, anyQuantity, (priced, quantity) => {
      const price = priceOf(priced);
      const more = price.rate(quantity + 1n);
      const step = more.amount - price.rate(quantity).amount;

      expect(step).toBeGreaterThanOrEqual(0n);
      expect(step).toBe(more.tiers.at(-1)?.unitPrice);
    }),
  );
});

test("graduated: a tier split in two at one price costs the same", () => {
  fc.assert(
    fc.property(anyTiers, anyQuantity, fc.bigInt(1n, 40n), (priced, quantity, cut) => {
      const cutText = decimalText(cut, priced.scale);
      const bounds = priced.tiers.map(({ upTo }) => upTo);
      fc.pre(!bounds.includes(cutText));
      const at = priced.tiers.findIndex(({ upTo }) => upTo === null || Number(upTo) > Number(cutText));
      const cutTier = { upTo: cutText, unitPrice: priced.tiers[at]?.unitPrice ?? "0" };
      const split = { scale: priced.scale, tiers: priced.tiers.toSpliced(at, 0, cutTier) };

      expect(priceOf(split).rate(quantity).amount).toBe(priceOf(priced).rate(quantity).amount);
    }),
  );
});

test("graduated: a quantity adds up over a split by the tiers each part falls in", () => {
  fc.assert(
    fc.property(anyTiers, anyQuantity, anyQuantity, (priced, first, second) => {
      const whole = priceOf(priced).rate(first + second);
      const before = priceOf(priced).rate(first);
      const rest = whole.tiers.map((tier) => {
        const had = before.tiers.find(({ from }) => from === tier.from)?.quantity ?? 0n;
        return (tier.quantity - had) * tier.unitPrice;
      });

      expect(rest.reduce((sum, amount) => sum + amount, before.amount)).toBe(whole.amount);
    }),
  );
});
