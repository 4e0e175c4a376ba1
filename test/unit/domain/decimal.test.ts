import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  decimalFromNumber,
  divideHalfAwayFromZero,
  formatScaled,
  MAX_DECIMAL_LENGTH,
  parseDecimal,
  powerOfTen,
  scaledTo,
} from "../../../src/domain/decimal.ts";
import { decimalText, isEqual, rational, roundedByDefinition } from "../../support/rational-rating.ts";

const anyCoefficient = fc.bigInt({ min: -(10n ** 45n), max: 10n ** 45n });
const anyScale = fc.integer({ min: 0, max: 15 });

test.each([
  { text: "0", coefficient: 0n, scale: 0 },
  { text: "-0", coefficient: 0n, scale: 0 },
  { text: "-0.000", coefficient: 0n, scale: 0 },
  { text: "1", coefficient: 1n, scale: 0 },
  { text: "007", coefficient: 7n, scale: 0 },
  { text: "10.0", coefficient: 10n, scale: 0 },
  { text: "100", coefficient: 100n, scale: 0 },
  { text: "-12.50", coefficient: -125n, scale: 1 },
  { text: "0.000000000001", coefficient: 1n, scale: 12 },
  { text: "9007199254740993", coefficient: 2n ** 53n + 1n, scale: 0 },
  { text: "-9007199254740991.000000000001", coefficient: -9007199254740991000000000001n, scale: 12 },
])("decimal: $text is read exactly", ({ text, coefficient, scale }) => {
  expect(parseDecimal(text)).toEqual({ coefficient, scale });
});

test.each([
  { name: "nothing", text: "" },
  { name: "a sign alone", text: "-" },
  { name: "a plus sign", text: "+1" },
  { name: "no whole part", text: ".5" },
  { name: "no fraction after the point", text: "1." },
  { name: "an exponent", text: "1e5" },
  { name: "a space before", text: " 1" },
  { name: "a newline after", text: "1\n" },
  { name: "a thousands separator", text: "1,000" },
  { name: "two points", text: "1.2.3" },
  { name: "two signs", text: "--1" },
  { name: "hexadecimal", text: "0x10" },
  { name: "infinity", text: "Infinity" },
  { name: "not a number", text: "NaN" },
  { name: "digits of another script", text: "١٢" },
  { name: "one character too many", text: "1".repeat(MAX_DECIMAL_LENGTH + 1) },
])("decimal: $name is refused", ({ text }) => {
  expect(parseDecimal(text)).toBeUndefined();
});

test("decimal: the longest text is taken", () => {
  const text = "1".repeat(MAX_DECIMAL_LENGTH);

  expect(parseDecimal(text)).toEqual({ coefficient: BigInt(text), scale: 0 });
});

test.each([
  { value: 0, coefficient: 0n, scale: 0 },
  { value: -0, coefficient: 0n, scale: 0 },
  { value: 0.1, coefficient: 1n, scale: 1 },
  { value: 0.1 + 0.2, coefficient: 30000000000000004n, scale: 17 },
  { value: 1e-7, coefficient: 1n, scale: 7 },
  { value: -1.5e-9, coefficient: -15n, scale: 10 },
  { value: 5e-324, coefficient: 5n, scale: 324 },
  { value: 1e21, coefficient: 10n ** 21n, scale: 0 },
  { value: 1.5e21, coefficient: 15n * 10n ** 20n, scale: 0 },
  { value: 123e18, coefficient: 123n * 10n ** 18n, scale: 0 },
  { value: Number.MAX_SAFE_INTEGER, coefficient: 2n ** 53n - 1n, scale: 0 },
  { value: 2 ** 53, coefficient: 2n ** 53n, scale: 0 },
])("decimal: the number $value is read by its shortest text", ({ value, coefficient, scale }) => {
  expect(decimalFromNumber(value)).toEqual({ coefficient, scale });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  "decimal: the number %s is refused",
  (value) => {
    expect(decimalFromNumber(value)).toBeUndefined();
  },
);

test("decimal: the largest number is read whole", () => {
  const read = decimalFromNumber(Number.MAX_VALUE);

  expect(read).toEqual({ coefficient: 17976931348623157n * 10n ** 292n, scale: 0 });
});

test("decimal: what is printed is read back as it was", () => {
  fc.assert(
    fc.property(anyCoefficient, anyScale, (coefficient, scale) => {
      const read = parseDecimal(formatScaled(coefficient, scale));

      expect(read && scaledTo(read, scale)).toBe(coefficient);
    }),
  );
});

test("decimal: any way to write a value is read as that value", () => {
  fc.assert(
    fc.property(anyCoefficient, anyScale, (coefficient, scale) => {
      const text = decimalText(coefficient, scale);
      const read = parseDecimal(text);

      expect(read && formatScaled(read.coefficient, read.scale, scale)).toBe(
        coefficient === 0n ? text.replace("-", "") : text,
      );
    }),
  );
});

test("decimal: any finite number is worth what its shortest text says", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const read = decimalFromNumber(value);

      expect(read && Number(`${read.coefficient}e-${read.scale}`)).toBe(value === 0 ? 0 : value);
    }),
  );
});

test.each([
  { text: "1.5", scale: 0, scaled: undefined },
  { text: "1.5", scale: 1, scaled: 15n },
  { text: "1.5", scale: 3, scaled: 1500n },
  { text: "-1.25", scale: 2, scaled: -125n },
  { text: "-1.25", scale: 1, scaled: undefined },
  { text: "2.0", scale: 0, scaled: 2n },
])("decimal: $text at $scale decimals is $scaled", ({ text, scale, scaled }) => {
  expect(scaledTo(parseDecimal(text) ?? { coefficient: 99n, scale: 99 }, scale)).toBe(scaled);
});

test("decimal: zeros at the end of a coefficient do not count as decimals", () => {
  expect(scaledTo({ coefficient: 1500n, scale: 3 }, 1)).toBe(15n);
});

test.each([
  { scaled: 0n, scale: 0, minDecimals: 0, text: "0" },
  { scaled: 0n, scale: 3, minDecimals: 0, text: "0" },
  { scaled: 0n, scale: 2, minDecimals: 2, text: "0.00" },
  { scaled: 5n, scale: 3, minDecimals: 0, text: "0.005" },
  { scaled: -5n, scale: 3, minDecimals: 0, text: "-0.005" },
  { scaled: 1500n, scale: 3, minDecimals: 0, text: "1.5" },
  { scaled: 1500n, scale: 3, minDecimals: 2, text: "1.50" },
  { scaled: 1500n, scale: 0, minDecimals: 2, text: "1500.00" },
  { scaled: -234_000n, scale: 2, minDecimals: 2, text: "-2340.00" },
])("decimal: $scaled at scale $scale prints $text", ({ scaled, scale, minDecimals, text }) => {
  expect(formatScaled(scaled, scale, minDecimals)).toBe(text);
});

test.each([
  { dividend: 0n, divisor: 2n, quotient: 0n },
  { dividend: 1n, divisor: 2n, quotient: 1n },
  { dividend: -1n, divisor: 2n, quotient: -1n },
  { dividend: 3n, divisor: 2n, quotient: 2n },
  { dividend: 5n, divisor: 2n, quotient: 3n },
  { dividend: -5n, divisor: 2n, quotient: -3n },
  { dividend: 1n, divisor: 3n, quotient: 0n },
  { dividend: 2n, divisor: 3n, quotient: 1n },
  { dividend: 49n, divisor: 100n, quotient: 0n },
  { dividend: 50n, divisor: 100n, quotient: 1n },
  { dividend: -49n, divisor: 100n, quotient: 0n },
  { dividend: 7n, divisor: 1n, quotient: 7n },
])("rounding: $dividend / $divisor is $quotient", ({ dividend, divisor, quotient }) => {
  expect(divideHalfAwayFromZero(dividend, divisor)).toBe(quotient);
});

test("rounding: agrees with the definition for any fraction", () => {
  const anyDivisor = fc.bigInt({ min: 1n, max: 10n ** 20n });
  fc.assert(
    fc.property(anyCoefficient, anyDivisor, (numerator, denominator) => {
      const rounded = divideHalfAwayFromZero(numerator, denominator);

      expect(rounded).toBe(roundedByDefinition({ numerator, denominator }));
      expect(divideHalfAwayFromZero(-numerator, denominator)).toBe(-rounded);
    }),
  );
});

test("decimal: scaling to more decimals keeps the value", () => {
  fc.assert(
    fc.property(anyCoefficient, anyScale, fc.nat(12), (coefficient, scale, more) => {
      const scaled = scaledTo({ coefficient, scale }, scale + more);

      expect(scaled).toBe(coefficient * powerOfTen(more));
      expect(
        isEqual(rational(decimalText(coefficient, scale)), {
          numerator: scaled ?? -1n,
          denominator: powerOfTen(scale + more),
        }),
      ).toBe(true);
    }),
  );
});
