import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyPrice, anyPriceOf, compiled, MODELS } from "../../support/any-price.ts";
import { anyQuantity } from "../../support/catalog-fixture.ts";
import { amountByDefinition, type DocumentPrice } from "../../support/rational-bill.ts";
import { decimalText, isEqual } from "../../support/rational-rating.ts";

/** 10^-12 cents, of a meter that counts tenths. */
const CENT = 10n ** 13n;
const SCALE = 1;

const tiers = [
  { upTo: "10", unitPrice: "3", flatFee: "100" },
  { upTo: "20", unitPrice: "2" },
  { upTo: null, unitPrice: "0.5", flatFee: "7" },
];
const steps = tiers.map(({ upTo }, index) => ({ upTo, flatFee: String(index * 50) }));
const packaged = { packageSize: "2.5", packagePrice: "15", includedFree: "5" };

/** Quantities in tenths of a unit; amounts in tenths of a cent. */
const CASES: [string, Omit<DocumentPrice, "metricName">, [bigint, bigint][]][] = [
  [
    "graduated",
    { model: "graduated", tiers },
    [
      [0n, 0n],
      [1n, 1003n],
      [100n, 1300n],
      [101n, 1302n],
      [200n, 1500n],
      [202n, 1571n],
    ],
  ],
  [
    "volume",
    { model: "volume", tiers },
    [
      [0n, 0n],
      [1n, 1003n],
      [100n, 1300n],
      [101n, 202n],
      [200n, 400n],
      [202n, 171n],
    ],
  ],
  [
    "stairstep",
    { model: "stairstep", tiers: steps },
    [
      [0n, 0n],
      [1n, 0n],
      [100n, 0n],
      [101n, 500n],
      [200n, 500n],
      [201n, 1000n],
      [10n ** 15n, 1000n],
    ],
  ],
  [
    "package",
    { model: "package", ...packaged },
    [
      [0n, 0n],
      [50n, 0n],
      [51n, 150n],
      [75n, 150n],
      [76n, 300n],
      [100n, 300n],
      [101n, 450n],
    ],
  ],
  [
    "perUnit",
    { model: "perUnit", unitPrice: "4", includedFree: "5" },
    [
      [0n, 0n],
      [50n, 0n],
      [51n, 4n],
      [2n ** 53n + 1n, 4n * (2n ** 53n - 49n)],
    ],
  ],
  [
    "flat",
    { model: "flat", flatFee: "500" },
    [
      [0n, 0n],
      [1n, 5000n],
      [10n ** 15n, 5000n],
    ],
  ],
  [
    "flat, some included",
    { model: "flat", flatFee: "500", includedFree: "5" },
    [
      [0n, 0n],
      [50n, 0n],
      [51n, 5000n],
    ],
  ],
];

test.each(
  CASES.flatMap(([name, price, points]) =>
    points.map(([quantity, amount]) => ({ name, price, quantity, amount })),
  ),
)("$name: $quantity tenths cost $amount tenths of a cent", ({ price, quantity, amount }) => {
  const rated = compiled({ scale: SCALE, price: { metricName: "units", ...price } }).rate(quantity);

  expect(rated.amount).toBe((amount * CENT) / 10n);
});

test.each([
  ["graduated", { model: "graduated", tiers }, 1000n],
  ["volume", { model: "volume", tiers }, 1000n],
  ["stairstep", { model: "stairstep", tiers: steps.map((step) => ({ ...step, flatFee: "30" })) }, 300n],
  ["package", { model: "package", ...packaged }, 0n],
  ["perUnit", { model: "perUnit", unitPrice: "4" }, 0n],
  ["flat", { model: "flat", flatFee: "500" }, 5000n],
  ["flat, some included", { model: "flat", flatFee: "500", includedFree: "5" }, 0n],
] as const)(
  "%s: nothing and less than nothing cost the fee that is charged when zero",
  (_name, shape, amount) => {
    const price = { metricName: "units", ...shape, chargeWhenZero: true } as DocumentPrice;
    const { rate } = compiled({ scale: SCALE, price });

    const expected = (amount * CENT) / 10n;

    expect([rate(0n).amount, rate(-7n).amount]).toEqual([expected, expected]);
  },
);

test("every model: agrees with the definition in fractions", () => {
  fc.assert(
    fc.property(anyPrice, fc.oneof(anyQuantity, fc.bigInt(-3n, 3n)), (scaled, quantity) => {
      const { rate, amountScale } = compiled(scaled);
      const amount = { numerator: rate(quantity).amount, denominator: 10n ** BigInt(amountScale) };

      expect(isEqual(amount, amountByDefinition(scaled.price, decimalText(quantity, scaled.scale)))).toBe(
        true,
      );
    }),
    { numRuns: 2000 },
  );
});

test("every model: a tier is quantity × unit price + flat fee + packages, and tiers add up to the line", () => {
  fc.assert(
    fc.property(anyPrice, anyQuantity, (scaled, quantity) => {
      const { amount, tiers: details } = compiled(scaled).rate(quantity);
      const unit = 10n ** BigInt(scaled.scale);
      const parts = details.map(({ quantity: part, unitPrice, flatFee, packages }) => {
        const fees = flatFee + (packages === null ? 0n : packages.count * packages.price);
        return part * unitPrice + fees * unit;
      });

      expect(details.map((tier) => tier.amount)).toEqual(parts);
      expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(amount);
      expect(amount).toBeGreaterThanOrEqual(0n);
      // What is priced is what was used: all of it, in whichever tiers.
      if (details.length > 0) {
        expect(details.reduce((sum, tier) => sum + tier.quantity, 0n)).toBe(quantity);
      }
    }),
    { numRuns: 500 },
  );
});

test("every model: nothing, or less than nothing, costs nothing unless the price says so", () => {
  fc.assert(
    fc.property(fc.oneof(...MODELS.map(anyPriceOf)), fc.bigInt(-(2n ** 60n), 0n), (scaled, quantity) => {
      expect(compiled(scaled).rate(quantity)).toEqual({ amount: 0n, tiers: [] });
    }),
  );
});

test("every model: less than nothing costs what nothing costs", () => {
  fc.assert(
    fc.property(anyPrice, fc.bigInt(-(2n ** 60n), -1n), (scaled, quantity) => {
      const { rate } = compiled(scaled);

      expect(rate(quantity)).toEqual(rate(0n));
    }),
  );
});

test("graduated: a unit more costs its tier's price, and a tier's flat fee when it is the first in it", () => {
  fc.assert(
    fc.property(anyPriceOf("graduated"), fc.oneof(anyQuantity, fc.bigInt(1n, 20n)), (scaled, quantity) => {
      const { rate } = compiled(scaled);
      const more = rate(quantity + 1n);
      const last = more.tiers.at(-1)!;
      const isFirst = quantity <= last.from;
      const fee = isFirst ? last.flatFee * 10n ** BigInt(scaled.scale) : 0n;

      expect(more.amount - rate(quantity).amount).toBe(last.unitPrice + fee);
    }),
  );
});

test("volume: inside one tier it is the price per unit and the tier's fee", () => {
  fc.assert(
    fc.property(anyPriceOf("volume"), anyQuantity, ({ scale, price }, quantity) => {
      fc.pre(quantity > 0n);
      const [tier, ...others] = compiled({ scale, price }).rate(quantity).tiers;
      const perUnit = {
        metricName: "units",
        model: "perUnit" as const,
        unitPrice: decimalText(tier!.unitPrice, 12),
      };
      const alone = compiled({ scale, price: perUnit }).rate(quantity);

      expect(others).toEqual([]);
      expect(tier!.from < quantity && (tier!.to === null || quantity <= tier!.to)).toBe(true);
      expect(tier!.amount).toBe(alone.amount + tier!.flatFee * 10n ** BigInt(scale));
    }),
  );
});

test("volume and graduated: of one tier cost the same", () => {
  fc.assert(
    fc.property(fc.nat(9), fc.bigInt(0n, 10n ** 16n), anyQuantity, (scale, unitPrice, quantity) => {
      const one = { metricName: "units", tiers: [{ upTo: null, unitPrice: decimalText(unitPrice, 12) }] };
      const volume = compiled({ scale, price: { ...one, model: "volume" } });

      expect(volume.rate(quantity)).toEqual(
        compiled({ scale, price: { ...one, model: "graduated" } }).rate(quantity),
      );
    }),
  );
});

test("package: more never costs less; a step at each package that is started, and nowhere else", () => {
  fc.assert(
    fc.property(anyPriceOf("package"), fc.oneof(anyQuantity, fc.bigInt(1n, 60n)), (scaled, quantity) => {
      const { rate } = compiled(scaled);
      const started = (of: bigint): bigint => rate(of).tiers.at(-1)?.packages?.count ?? 0n;
      const step = rate(quantity + 1n).amount - rate(quantity).amount;
      const included = rate(2n ** 62n).tiers.at(-1)!.from;
      const { size, price } = rate(2n ** 62n).tiers.at(-1)!.packages!;
      const isStart = quantity >= included && (quantity - included) % size === 0n;

      expect(started(quantity + 1n) - started(quantity)).toBe(isStart ? 1n : 0n);
      expect(step).toBe(isStart ? price * 10n ** BigInt(scaled.scale) : 0n);
    }),
  );
});

test("stairstep: the fee of the tier in which the quantity ends, whatever it is inside", () => {
  fc.assert(
    fc.property(anyPriceOf("stairstep"), anyQuantity, anyQuantity, (scaled, one, other) => {
      fc.pre(one > 0n && other > 0n);
      const { rate } = compiled(scaled);
      const [first, second] = [rate(one), rate(other)];

      expect(first.amount).toBe(first.tiers[0]!.flatFee * 10n ** BigInt(scaled.scale));
      if (first.tiers[0]!.from === second.tiers[0]!.from) {
        expect(first.amount).toBe(second.amount);
      }
    }),
  );
});

test("flat: one fee for any quantity past what is included, nothing before", () => {
  fc.assert(
    fc.property(anyPriceOf("flat"), fc.oneof(anyQuantity, fc.bigInt(1n, 60n)), (scaled, quantity) => {
      const { rate } = compiled(scaled);
      const charged = rate(2n ** 62n);

      expect(rate(quantity).amount).toBe(quantity > charged.tiers.at(-1)!.from ? charged.amount : 0n);
    }),
  );
});
