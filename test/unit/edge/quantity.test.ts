import * as fc from "fast-check";
import { expect, test } from "vitest";
import { printQuantity, readQuantity, type Quantity } from "../../../src/edge/quantity.ts";

test.each<[Quantity, bigint, number, number | string]>([
  [0, 0n, 0, 0],
  [-0, 0n, 0, 0],
  [1, 1n, 0, 1],
  [-17, -17n, 0, -17],
  [0.1, 1n, 1, "0.1"],
  [-0.5, -5n, 1, "-0.5"],
  [2.5, 25n, 1, "2.5"],
  [0.1 + 0.2, 30_000_000_000_000_004n, 17, "0.30000000000000004"],
  [1e-7, 1n, 7, "0.0000001"],
  [-1.5e-9, -15n, 10, "-0.0000000015"],
  [1e21, 10n ** 21n, 0, "1000000000000000000000"],
  [1.5e21, 15n * 10n ** 20n, 0, "1500000000000000000000"],
  [-1e21, -(10n ** 21n), 0, "-1000000000000000000000"],
  [2 ** 53 - 1, 2n ** 53n - 1n, 0, 9_007_199_254_740_991],
  [2 ** 53, 2n ** 53n, 0, "9007199254740992"],
  [2 ** 53 + 2, 2n ** 53n + 2n, 0, "9007199254740994"],
  [1 - 2 ** 53, 1n - 2n ** 53n, 0, -9_007_199_254_740_991],
  [2n ** 53n - 1n, 2n ** 53n - 1n, 0, 9_007_199_254_740_991],
  [2n ** 53n + 1n, 2n ** 53n + 1n, 0, "9007199254740993"],
  [-(2n ** 53n) - 1n, -(2n ** 53n) - 1n, 0, "-9007199254740993"],
  ["0", 0n, 0, 0],
  ["-0.000", 0n, 0, 0],
  ["007", 7n, 0, 7],
  ["10.0", 10n, 0, 10],
  ["100", 100n, 0, 100],
  ["-12.50", -125n, 1, "-12.5"],
  ["0.05", 5n, 2, "0.05"],
  ["9007199254740993", 2n ** 53n + 1n, 0, "9007199254740993"],
  ["0.30000000000000000001", 30_000_000_000_000_000_001n, 20, "0.30000000000000000001"],
  ["9".repeat(64), BigInt("9".repeat(64)), 0, "9".repeat(64)],
])("quantity: %o is read exactly and printed", (quantity, coefficient, decimals, printed) => {
  const exact = readQuantity(quantity);

  expect(exact).toEqual({ coefficient, decimals });
  expect(printQuantity(exact)).toBe(printed);
});

test("quantity: the smallest and the greatest double are read by their shortest text", () => {
  expect(readQuantity(Number.MIN_VALUE)).toEqual({ coefficient: 5n, decimals: 324 });
  expect(readQuantity(Number.MAX_VALUE)).toEqual({
    coefficient: 17_976_931_348_623_157n * 10n ** 292n,
    decimals: 0,
  });
});

test.each<[string, unknown, string]>([
  ["not a number", Number.NaN, "NaN"],
  ["infinity", Number.POSITIVE_INFINITY, "Infinity"],
  ["less than nothing", Number.NEGATIVE_INFINITY, "-Infinity"],
  ["nothing", "", ""],
  ["a sign alone", "-", "-"],
  ["a plus sign", "+1", "+1"],
  ["no whole part", ".5", ".5"],
  ["no fraction after the point", "1.", "1."],
  ["an exponent in a text", "1e5", "1e5"],
  ["a space before", " 1", " 1"],
  ["a newline after", "1\n", "1\n"],
  ["a thousands separator", "1,000", "1,000"],
  ["hexadecimal", "0x10", "0x10"],
  ["digits of another script", "١٢", "١٢"],
  ["a text of 65 characters", "1".repeat(65), "1".repeat(64)],
  ["a bigint of 65 digits", 10n ** 64n, `1${"0".repeat(63)}`],
  ["a promise", Promise.resolve(1), "[object Promise]"],
])("quantity: %s is refused", (_, quantity, told) => {
  expect(() => readQuantity(quantity as Quantity)).toThrow(new RangeError(`no quantity: ${told}`));
});

test("quantity: an integer goes around exactly, as a number where that is exact", () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 62n), 10n ** 62n), (integer) => {
      const printed = printQuantity(readQuantity(integer));
      const isSafe = integer > -(2n ** 53n) && integer < 2n ** 53n;

      expect(readQuantity(integer)).toEqual({ coefficient: integer, decimals: 0 });
      expect(typeof printed).toBe(isSafe ? "number" : "string");
      expect(BigInt(printed)).toBe(integer);
    }),
  );
});

test("quantity: a decimal string keeps its value and loses its trailing zeros", () => {
  const digits = fc.stringMatching(/^[0-9]{1,30}$/);
  fc.assert(
    fc.property(fc.constantFrom("", "-"), digits, digits, (sign, whole, fraction) => {
      const exact = readQuantity(`${sign}${whole}.${fraction}`);
      const { coefficient, decimals } = exact;

      expect(coefficient * 10n ** BigInt(fraction.length - decimals)).toBe(BigInt(sign + whole + fraction));
      expect(decimals === 0 || coefficient % 10n !== 0n).toBe(true);
      expect(readQuantity(printQuantity(exact))).toEqual(exact);
    }),
  );
});

test("quantity: a double means its shortest text", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
      const [mantissa = "", exponent = "0"] = String(double).split("e");
      const places = BigInt(mantissa.split(".")[1]?.length ?? 0) - BigInt(exponent);
      const digits = BigInt(mantissa.replace(".", ""));
      const { coefficient, decimals } = readQuantity(double);

      const [up, down] = places < 0n ? [-places, 0n] : [0n, places];
      expect(coefficient * 10n ** down).toBe(digits * 10n ** (up + BigInt(decimals)));
      // Adding zero makes -0 the 0 that it is counted as.
      expect(Number(printQuantity({ coefficient, decimals }))).toBe(double + 0);
    }),
  );
});
