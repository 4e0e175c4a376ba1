import * as fc from "fast-check";
import { expect, test } from "vitest";
import { currencyOf, formatMinor, parseMajor, roundToMinor } from "../../../src/domain/money.ts";
import { roundedByDefinition } from "../../support/rational-rating.ts";

test.each([
  { code: "usd", decimals: 2, roundingUnit: 1n },
  { code: "eur", decimals: 2, roundingUnit: 1n },
  { code: "jpy", decimals: 0, roundingUnit: 1n },
  { code: "krw", decimals: 0, roundingUnit: 1n },
  { code: "kwd", decimals: 3, roundingUnit: 10n },
  { code: "tnd", decimals: 3, roundingUnit: 10n },
  { code: "isk", decimals: 2, roundingUnit: 100n },
  { code: "ugx", decimals: 2, roundingUnit: 100n },
])("currency: $code has $decimals decimals in steps of $roundingUnit", (currency) => {
  expect(currencyOf(currency.code)).toEqual(currency);
});

test.each([
  { name: "half a cent goes up", code: "usd", scaled: 5n, scale: 1, minor: 1n },
  { name: "just below half a cent goes down", code: "usd", scaled: 499_999_999_999n, scale: 12, minor: 0n },
  { name: "minus half a cent goes away from zero", code: "usd", scaled: -5n, scale: 1, minor: -1n },
  { name: "a cent and a half is two", code: "usd", scaled: 15n, scale: 1, minor: 2n },
  { name: "whole cents stay", code: "usd", scaled: 234_000n, scale: 0, minor: 234_000n },
  { name: "4 fils are nothing", code: "kwd", scaled: 4n, scale: 0, minor: 0n },
  { name: "5 fils are ten", code: "kwd", scaled: 5n, scale: 0, minor: 10n },
  { name: "14.9 fils are ten", code: "kwd", scaled: 149n, scale: 1, minor: 10n },
  { name: "49.9 hundredths of a krona are nothing", code: "isk", scaled: 499n, scale: 1, minor: 0n },
  { name: "50 hundredths of a krona are one", code: "isk", scaled: 50n, scale: 0, minor: 100n },
  { name: "minus 50 hundredths of a krona are minus one", code: "isk", scaled: -50n, scale: 0, minor: -100n },
  { name: "half a yen is one", code: "jpy", scaled: 5n, scale: 1, minor: 1n },
])("money: $name", ({ code, scaled, scale, minor }) => {
  expect(roundToMinor(scaled, scale, currencyOf(code))).toBe(minor);
});

test.each([
  { code: "usd", minor: 234_000n, text: "2340.00" },
  { code: "usd", minor: 0n, text: "0.00" },
  { code: "usd", minor: 1n, text: "0.01" },
  { code: "usd", minor: -1n, text: "-0.01" },
  { code: "jpy", minor: 500n, text: "500" },
  { code: "kwd", minor: 1230n, text: "1.230" },
])("money: $minor minor units of $code print $text", ({ code, minor, text }) => {
  expect(formatMinor(minor, currencyOf(code))).toBe(text);
});

test.each([
  { code: "usd", text: "99", minor: 9900n },
  { code: "usd", text: "99.5", minor: 9950n },
  { code: "usd", text: "99.500", minor: 9950n },
  { code: "usd", text: "0.001", minor: undefined },
  { code: "usd", text: "1e2", minor: undefined },
  { code: "jpy", text: "1.5", minor: undefined },
  { code: "jpy", text: "1.0", minor: 1n },
  { code: "kwd", text: "1.005", minor: 1005n },
  { code: "usd", text: "", minor: undefined },
])("money: $text $code is $minor minor units", ({ code, text, minor }) => {
  expect(parseMajor(text, currencyOf(code))).toBe(minor);
});

const anyCurrency = fc.constantFrom("usd", "jpy", "kwd", "isk", "ugx", "eur").map(currencyOf);

test("money: what is printed is read back as it was", () => {
  fc.assert(
    fc.property(anyCurrency, fc.bigInt(), (currency, minor) => {
      fc.pre(formatMinor(minor, currency).length <= 64);

      expect(parseMajor(formatMinor(minor, currency), currency)).toBe(minor);
    }),
  );
});

test("money: an amount is rounded once, as the definition says, to what can be charged", () => {
  fc.assert(
    fc.property(anyCurrency, fc.bigInt(), fc.nat(21), (currency, scaled, scale) => {
      const minor = roundToMinor(scaled, scale, currency);
      const exact = { numerator: scaled, denominator: 10n ** BigInt(scale) };

      expect(minor).toBe(roundedByDefinition(exact, currency.roundingUnit));
      expect(roundToMinor(minor, 0, currency)).toBe(minor);
    }),
  );
});
