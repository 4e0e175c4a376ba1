import * as fc from "fast-check";
import { expect, test } from "vitest";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import {
  anyTiers,
  documentOf,
  givenBack,
  OPEN_TIERS,
  tiersOf,
  withPrice,
} from "../../support/catalog-fixture.ts";
import { isEqual, rational } from "../../support/rational-rating.ts";

function withTiers(tiers: unknown[]) {
  return withPrice({ tiers });
}

test.each([
  { given: 10_000, kept: "10000" },
  { given: "10000", kept: "10000" },
  { given: "0010.50", kept: "10.5" },
  { given: 2.5, kept: "2.5" },
  { given: 1e-2, kept: "0.01" },
  { given: 1e21, kept: "1000000000000000000000" },
  { given: 1e31, kept: `1${"0".repeat(31)}` },
  { given: "1".repeat(32), kept: "1".repeat(32) },
  { given: "7".padStart(64, "0"), kept: "7" },
])("catalog: the bound $given is given back as $kept", ({ given, kept }) => {
  const [tier] = tiersOf(catalogSchema.parse(withTiers([{ upTo: given, unitPrice: "1" }, ...OPEN_TIERS])));

  expect(tier?.upTo).toBe(kept);
});

test.each([
  { given: "0.10", kept: "0.1" },
  { given: 0.05, kept: "0.05" },
  { given: "0", kept: "0" },
  { given: "-0", kept: "0" },
  { given: "0.000000000001", kept: "0.000000000001" },
  { given: 1e-7, kept: "0.0000001" },
  { given: 2.5e-11, kept: "0.000000000025" },
  { given: 1e-12, kept: "0.000000000001" },
  { given: "0.0500000000000000", kept: "0.05" },
  { given: `${"1".repeat(19)}.000000000001`, kept: `${"1".repeat(19)}.000000000001` },
])("catalog: the price $given is given back as $kept", ({ given, kept }) => {
  const [tier] = tiersOf(catalogSchema.parse(withTiers([{ upTo: null, unitPrice: given }])));

  expect(tier?.unitPrice).toBe(kept);
});

test("catalog: what is given back can be put again and is the same", () => {
  fc.assert(
    fc.property(anyTiers, ({ scale, tiers }) => {
      const document = documentOf(scale, tiers);
      const once = givenBack(document);

      expect(givenBack(once)).toEqual(once);
    }),
  );
});

test("catalog: bounds and prices keep their value", () => {
  fc.assert(
    fc.property(anyTiers, ({ scale, tiers }) => {
      const kept = tiersOf(givenBack(documentOf(scale, tiers)));

      expect(
        kept.map(({ upTo, unitPrice }, index) => [
          upTo === null
            ? tiers[index]?.upTo === null
            : isEqual(rational(upTo), rational(tiers[index]?.upTo ?? "-1")),
          isEqual(rational(unitPrice ?? "-1"), rational(tiers[index]?.unitPrice ?? "-1")),
        ]),
      ).toEqual(tiers.map(() => [true, true]));
    }),
  );
});
