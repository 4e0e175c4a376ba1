import { expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { metricQuantities } from "../../../src/rating/quantities.ts";

const { meters } = catalogSchema.parse(demoCatalog);
const total = (metricName: string, value: string) => ({ metricName, value });

test("quantities: are at their meters' scales; a metric without meter is left out", () => {
  const totals = [total("api_calls", "9007199254740993"), total("storage_gb", "1.5"), total("gone", "7")];

  expect(metricQuantities(totals, meters)).toEqual(
    new Map([
      ["api_calls", 9_007_199_254_740_993n],
      ["storage_gb", 1500n],
    ]),
  );
});

test("quantities: a metric that has two totals is a bug", () => {
  const totals = [total("seats", "3"), total("api_calls", "1"), total("seats", "4")];

  expect(() => metricQuantities(totals, meters)).toThrow("invariant broken: seats has one total");
});

test("quantities: a total finer than its meter is a bug", () => {
  expect(() => metricQuantities([total("api_calls", "0.5")], meters)).toThrow(
    "invariant broken: total of api_calls is at its meter's scale",
  );
});
