import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatScaled } from "../../../src/domain/decimal.ts";
import { currencyOf, formatAmount, formatMinor, parseMajor } from "../../../src/domain/money.ts";
import { amountSchema } from "../../../src/domain/price.ts";
import { parseQuantity, quantityAt, quantitySchema } from "../../../src/domain/quantity.ts";
import { parsePrice, PRICE_SCALE, unitPriceSchema } from "../../../src/domain/unit-price.ts";
import { decimalText, isEqual, rational } from "../../support/rational-rating.ts";

const anyScale = fc.nat(9);
/** Of at most 32 characters at any scale. */
const anyScaled = fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, 10n ** 28n));

test("quantity: what is printed is read back as it was, by the schema, too", () => {
  fc.assert(
    fc.property(anyScale, anyScaled, (scale, scaled) => {
      const text = formatScaled(scaled, scale);

      expect(parseQuantity(text, scale)).toBe(scaled);
      expect(quantitySchema.parse(text)).toBe(text);
      expect(isEqual(rational(text), rational(decimalText(scaled, scale)))).toBe(true);
    }),
  );
});

test("quantity: one that is finer than the scale is none, whatever its zeros", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), anyScaled, fc.nat(3), (scale, scaled, zeros) => {
      const text = `${decimalText(scaled, scale)}${"0".repeat(zeros)}`;

      expect(quantityAt(text, scale - 1)).toBe(scaled % 10n === 0n ? scaled / 10n : undefined);
    }),
  );
});

test("unit price: what is printed is read back as it was, by the schema, too", () => {
  fc.assert(
    fc.property(fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, 10n ** 30n)), (scaled) => {
      const text = formatScaled(scaled, PRICE_SCALE);

      expect(parsePrice(text)).toBe(scaled);
      expect(unitPriceSchema.parse(text)).toBe(text);
      expect(isEqual(rational(text), rational(decimalText(scaled, PRICE_SCALE)))).toBe(true);
    }),
  );
});

const anyCurrency = fc.constantFrom("usd", "jpy", "kwd", "isk", "ugx").map(currencyOf);

test("amount: one that can be charged is printed and read back as it was, by the schema, too", () => {
  fc.assert(
    fc.property(anyCurrency, fc.bigInt(0n, 10n ** 12n), (currency, steps) => {
      const minor = steps * currency.roundingUnit;
      const text = formatMinor(minor, currency);

      expect(parseMajor(amountSchema.parse(text), currency)).toBe(minor);
      expect(isEqual(rational(text), rational(decimalText(minor, currency.decimals)))).toBe(true);
    }),
  );
});

test("amount: before rounding it is printed exactly, with the currency's decimals at least", () => {
  fc.assert(
    fc.property(anyCurrency, fc.nat(21), fc.bigInt(-(10n ** 30n), 10n ** 30n), (currency, scale, scaled) => {
      const text = formatAmount(scaled, scale, currency);

      expect(isEqual(rational(text), rational(decimalText(scaled, scale + currency.decimals)))).toBe(true);
      expect((text.split(".")[1] ?? "").length).toBeGreaterThanOrEqual(currency.decimals);
    }),
  );
});

test.each([
  ["a negative amount", "-1"],
  ["an amount in words", "free"],
  ["an exponent", 1e21],
  ["more than 3 decimals", "1.0005"],
  ["a float's dust", 0.1 + 0.2],
  ["more than 15 digits", "1".repeat(16)],
  ["nothing", ""],
])("amount: %s is refused", (_name, input) => {
  const { error } = amountSchema.safeParse(input);

  expect(error?.issues.map(({ message }) => message)).toEqual([
    "must be an amount in major units such as 99.00, not negative, with at most 3 decimals",
  ]);
});
