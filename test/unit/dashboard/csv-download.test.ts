import { expect, test } from "vitest";
import { CSV_PAGE, csvResponse, everyPage } from "../../../src/dashboard/csv-download.ts";

/** A list of so many numbers, page by page. */
function listOf(count: number): Parameters<typeof everyPage<number>>[0] {
  return (cursor) => {
    const from = Number(cursor ?? 0);
    const items = Array.from({ length: Math.min(CSV_PAGE, count - from) }, (_, index) => from + index);
    const next = from + items.length < count ? String(from + items.length) : null;
    return Promise.resolve({ items, next });
  };
}

test.each([
  [0, 0, false],
  [1, 1, false],
  [2_500, 2_500, false],
  [10_000, 10_000, false],
  [10_001, 10_000, true],
])("a download of a list of %i rows has %i; cut: %s", async (count, expected, isCut) => {
  const found = await everyPage(listOf(count));
  expect(found).toEqual({ items: Array.from({ length: expected }, (_, index) => index), isCut });
});

test("a download that is cut: is named so", () => {
  const nameOf = (isCut: boolean) =>
    csvResponse("invoices", ["n"], [["1"], ["2"]], isCut).headers.get("content-disposition");
  expect(nameOf(false)).toBe('attachment; filename="invoices.csv"');
  expect(nameOf(true)).toBe('attachment; filename="invoices-first-2.csv"');
});
