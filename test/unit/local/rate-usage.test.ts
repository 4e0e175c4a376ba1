import * as fc from "fast-check";
import { expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { readCatalog } from "../../../local/rate/catalog-input.ts";
import { differences, readExportedBill } from "../../../local/rate/export-input.ts";
import { InputError } from "../../../local/rate/input-error.ts";
import { readUsage } from "../../../local/rate/usage-input.ts";
import { billDocument } from "../../../src/rating/bill.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { ratePeriod, type PeriodUsage } from "../../../src/rating/rate-period.ts";
import { anyBill } from "../../support/any-price.ts";

const PERIOD = { startMs: Date.UTC(2026, 10, 1), endMs: Date.UTC(2026, 11, 1) };
const period = { period: PERIOD, changes: [], lifetime: { startedMs: null, endedMs: null }, totals: [[]] };
const change = (fromMs: number) => ({ fromMs, planName: null, prices: null });

const catalog = catalogSchema.parse(demoCatalog);

function faultsOf(usage: unknown): readonly string[] {
  try {
    readUsage("--usage", usage, catalog);
  } catch (error) {
    return error instanceof InputError ? error.faults : [String(error)];
  }
  return [];
}

test.each<[string, object, string[]]>([
  ["a valid one", {}, []],
  ["a metric that the catalog no longer has", { totals: [[{ metricName: "gone", value: "0.5" }]] }, []],
  ["a negative total", { totals: [[{ metricName: "seats", value: "-5" }]] }, []],
  [
    "a period that ends before it starts",
    { period: { startMs: PERIOD.endMs, endMs: PERIOD.startMs } },
    ["period.endMs: must be 1 to 366 days after startMs"],
  ],
  [
    "a period of years",
    { period: { ...PERIOD, endMs: Date.UTC(2030, 0, 1) } },
    ["period.endMs: must be 1 to 366 days after startMs"],
  ],
  [
    "a period from noon",
    { period: { ...PERIOD, startMs: PERIOD.startMs + 43_200_000 } },
    ["period.startMs: must be midnight UTC, in epoch milliseconds"],
  ],
  [
    "a change at half past",
    { changes: [change(PERIOD.startMs + 1_800_000)] },
    ["changes.0.fromMs: must be a full hour, in epoch milliseconds"],
  ],
  [
    "a change after the period",
    { changes: [change(PERIOD.startMs), change(PERIOD.endMs)], totals: [[], []] },
    ["changes.1.fromMs: must be after the change before it, and inside the period"],
  ],
  [
    "changes out of order",
    { changes: [change(PERIOD.startMs + 7_200_000), change(PERIOD.startMs + 3_600_000)], totals: [[], []] },
    ["changes.1.fromMs: must be after the change before it, and inside the period"],
  ],
  [
    "totals of a part too few",
    { changes: [change(PERIOD.startMs), change(PERIOD.startMs + 3_600_000)] },
    ["totals: must have one list for each part between changes of plan: 2"],
  ],
  [
    "a metric twice",
    {
      totals: [
        [
          { metricName: "seats", value: "1" },
          { metricName: "seats", value: "2" },
        ],
      ],
    },
    ["totals.0: has seats twice: add them up"],
  ],
  [
    "a total finer than its meter",
    { totals: [[{ metricName: "seats", value: "1.5" }]] },
    ["seats: 1.5 has more than the 0 decimals that it is counted to"],
  ],
  [
    "a plan that is not there",
    { changes: [{ ...change(PERIOD.startMs), planName: "gold" }] },
    ["plan: no plan is named gold; there are: flat99, payg"],
  ],
])("usage of a period: %s", (_name, changes, faults) => {
  expect(faultsOf({ ...period, ...changes })).toEqual(faults);
});

test("export: any invoice is recomputed from its export, byte for byte, through JSON", () => {
  fc.assert(
    fc.property(anyBill, fc.nat(28 * 24), ({ currency, meters, parts }, hour) => {
      const plans = parts.map(({ plan }, index) => ({ name: `part_${index}`, displayName: "Plan", ...plan }));
      const published = catalogSchema.parse({ currency, defaultPlan: "part_0", meters, plans });
      const usage: PeriodUsage = {
        period: PERIOD,
        changes: parts.map((_, index) => ({
          fromMs: PERIOD.startMs + (index === 0 ? -1 : hour + index) * 3_600_000,
          planName: index === 0 ? null : `part_${index}`,
          // Every other part is priced by prices of the customer's own.
          prices: index === 1 ? published.plans[1]!.prices : null,
        })),
        lifetime: { startedMs: null, endedMs: null },
        totals: parts.map(({ quantities }) =>
          Object.entries(quantities).map(([metricName, value]) => ({ metricName, value })),
        ),
      };
      const bill = billDocument(ratePeriod(published, usage)!);
      const text = JSON.stringify({
        format: "1",
        invoice: { id: "inv_1", ...bill },
        catalog: published,
        usage,
      });
      const document = JSON.parse(text) as unknown;
      const again = readCatalog("--export", document);
      const recomputed = billDocument(ratePeriod(again, readUsage("--export", document, again))!);

      expect(differences(readExportedBill("--export", document), recomputed)).toEqual([]);
      expect(JSON.stringify(recomputed)).toBe(JSON.stringify(bill));
    }),
    { numRuns: 200 },
  );
});
