import { expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { formatMinor } from "../../../src/domain/money.ts";
import { catalogSchema, planOf } from "../../../src/rating/catalog.ts";
import { parseQuantity } from "../../../src/domain/quantity.ts";
import { rate } from "../../../src/rating/rate.ts";
import { givenBack } from "../../support/catalog-fixture.ts";

const catalog = catalogSchema.parse(demoCatalog);

function totalOf(planName: string | undefined, usage: Record<string, string>): string {
  const plan = planOf(catalog, planName);
  if (plan === undefined) {
    return `no plan ${planName}`;
  }
  const quantities = catalog.meters.map(({ name, scale }): [string, bigint] => [
    name,
    parseQuantity(usage[name] ?? "0", scale),
  ]);
  const { currency, totalMinor } = rate(catalog, plan, new Map(quantities));
  return formatMinor(totalMinor, currency);
}

test.each([
  { metric: "api_calls", quantity: "0", total: "0.00" },
  { metric: "api_calls", quantity: "1", total: "0.00" },
  { metric: "api_calls", quantity: "500", total: "0.00" },
  { metric: "api_calls", quantity: "10000", total: "0.00" },
  { metric: "api_calls", quantity: "10001", total: "0.00" },
  { metric: "api_calls", quantity: "10004", total: "0.00" },
  { metric: "api_calls", quantity: "10005", total: "0.01" },
  { metric: "api_calls", quantity: "10014", total: "0.01" },
  { metric: "api_calls", quantity: "10015", total: "0.02" },
  { metric: "api_calls", quantity: "99999", total: "90.00" },
  { metric: "api_calls", quantity: "100000", total: "90.00" },
  { metric: "api_calls", quantity: "100009", total: "90.00" },
  { metric: "api_calls", quantity: "100010", total: "90.01" },
  { metric: "api_calls", quantity: "1000000", total: "540.00" },
  { metric: "api_calls", quantity: "1000024", total: "540.00" },
  { metric: "api_calls", quantity: "1000025", total: "540.01" },
  { metric: "api_calls", quantity: "10000000", total: "2340.00" },
  { metric: "api_calls", quantity: "9007199254740991", total: "1801439851288.20" },
  { metric: "api_calls", quantity: "9007199254740993", total: "1801439851288.20" },
  { metric: "storage_gb", quantity: "0", total: "0.00" },
  { metric: "storage_gb", quantity: "5", total: "0.00" },
  { metric: "storage_gb", quantity: "5.001", total: "0.00" },
  { metric: "storage_gb", quantity: "5.019", total: "0.00" },
  { metric: "storage_gb", quantity: "5.02", total: "0.01" },
  { metric: "storage_gb", quantity: "6", total: "0.25" },
  { metric: "storage_gb", quantity: "100", total: "23.75" },
  { metric: "storage_gb", quantity: "100.001", total: "23.75" },
  { metric: "storage_gb", quantity: "100.034", total: "23.76" },
  { metric: "storage_gb", quantity: "101", total: "23.90" },
  { metric: "compute_seconds", quantity: "3600", total: "0.00" },
  { metric: "compute_seconds", quantity: "3600.999", total: "0.00" },
  { metric: "compute_seconds", quantity: "3601", total: "0.01" },
  { metric: "compute_seconds", quantity: "3602", total: "0.01" },
  { metric: "compute_seconds", quantity: "3603", total: "0.02" },
  { metric: "compute_seconds", quantity: "103600", total: "500.00" },
  { metric: "seats", quantity: "3", total: "0.00" },
  { metric: "seats", quantity: "4", total: "15.00" },
  { metric: "seats", quantity: "50", total: "705.00" },
  { metric: "seats", quantity: "51", total: "717.00" },
])("demo catalog: $quantity of $metric cost $total", ({ metric, quantity, total }) => {
  expect(totalOf(undefined, { [metric]: quantity })).toBe(total);
});

test("demo catalog: metrics add up line by line", () => {
  const usage = { api_calls: "10005", storage_gb: "5.02", compute_seconds: "3601", seats: "4" };

  expect(totalOf("payg", usage)).toBe("15.03");
});

test("demo catalog: the flat plan costs its base fee whatever is used", () => {
  expect(totalOf("flat99", {})).toBe("99.00");
  expect(totalOf("flat99", { api_calls: "10000000", seats: "500" })).toBe("99.00");
});

test("demo catalog: a plan that is not there is not found, whatever every object inherits", () => {
  expect(planOf(catalog, "gold")).toBeUndefined();
  expect(planOf(catalog, "constructor")).toBeUndefined();
  expect(planOf(catalog, undefined)?.name).toBe("payg");
});

test("demo catalog: what is given back can be put again", () => {
  expect(catalogSchema.parse(givenBack(demoCatalog))).toEqual(catalog);
});
