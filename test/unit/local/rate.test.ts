import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import {
  billDocument,
  billPeriod,
  printBill,
  type BillDocument,
  type PricedTrueUp,
} from "../../../src/rating/bill.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { ratePeriod, type PeriodUsage } from "../../../src/rating/rate-period.ts";
import { runRate } from "../../support/rate-command.ts";

// Each test starts a process of its own.
vi.setConfig({ testTimeout: 30_000 });

const catalog = catalogSchema.parse(demoCatalog);

const usage: PeriodUsage = {
  period: { startMs: Date.UTC(2026, 10, 1), endMs: Date.UTC(2026, 11, 1) },
  changes: [
    { fromMs: Date.UTC(2026, 9, 3, 4), planName: "flat99", prices: null },
    {
      fromMs: Date.UTC(2026, 10, 11, 12),
      planName: null,
      prices: [
        { metricName: "seats", model: "package", packageSize: "5", packagePrice: "900", minSpend: "20" },
      ],
    },
  ],
  lifetime: { startedMs: Date.UTC(2026, 9, 3, 4), endedMs: null },
  totals: [
    [{ metricName: "api_calls", value: "10005" }],
    [
      { metricName: "api_calls", value: "10005" },
      { metricName: "storage_gb", value: "5.019" },
      { metricName: "compute_seconds", value: "-3" },
      { metricName: "seats", value: "6" },
      { metricName: "gone", value: "1" },
    ],
  ],
};

/** An invoice's export, as GET /v1/invoices/{id}/export gives it. */
function exportOf(change: (bill: BillDocument) => object = (bill) => bill) {
  const bill = billDocument(ratePeriod(catalog, usage)!);
  const invoice = { id: "inv_1", customerId: "cus_acme", status: "open", ...change(bill), steps: [] };
  const rounding = "half away from zero, once per line";
  return { format: "edgemeter-invoice/1", invoice, catalog, usage, rounding, rows: [], adjustments: [] };
}

test("rate: prints the bill of a catalog and usage as JSON", () => {
  const { code, out, errors } = runRate(["--catalog", "c.json", "--usage", "u.json"], {
    "c.json": demoCatalog,
    "u.json": usage,
  });

  expect([code, errors]).toEqual([0, ""]);
  expect(JSON.stringify(JSON.parse(out))).toBe(JSON.stringify(billDocument(ratePeriod(catalog, usage)!)));
});

test("rate: a catalog as it is put, with from when it holds and why, is that catalog", () => {
  const { code, out } = runRate(["--catalog", "c.json", "--usage", "u.json"], {
    "c.json": { ...demoCatalog, effective: "nextPeriod", reason: "costs rose" },
    "u.json": usage,
  });

  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual(billDocument(ratePeriod(catalog, usage)!));
});

test("rate: what is written by hand is priced for a whole period", () => {
  const byHand = { plan: "payg", quantities: { api_calls: 10_000_000, storage_gb: "5.02" } };
  const { code, out } = runRate(["--catalog", "c.json", "--usage", "u.json"], {
    "c.json": demoCatalog,
    "u.json": byHand,
  });
  const bill = JSON.parse(out) as BillDocument;

  expect(code).toBe(0);
  expect(bill.lines.map(({ ref, amount }) => [ref, amount])).toEqual([
    ["metric:api_calls", "2340.00"],
    ["metric:storage_gb", "0.01"],
    ["metric:compute_seconds", "0.00"],
    ["metric:seats", "0.00"],
  ]);
  expect(bill.total).toBe("2340.01");
});

test("rate: an export recomputes to its invoice, byte for byte", () => {
  const { code, out, errors } = runRate(["--export", "e.json"], { "e.json": exportOf() });

  expect([code, errors]).toEqual([0, ""]);
  expect(JSON.stringify(JSON.parse(out))).toBe(JSON.stringify(billDocument(ratePeriod(catalog, usage)!)));
});

test.each<[string, (bill: BillDocument) => object, string[]]>([
  [
    "a cent in a line",
    (bill) => ({
      ...bill,
      lines: bill.lines.map((line, index) => (index === 0 ? { ...line, amount: "33.01" } : line)),
    }),
    ["line base_fee:", '"amount":"33.01"', '"amount":"33.00"'],
  ],
  [
    "the total",
    (bill) => ({ ...bill, total: "1.00" }),
    ["total: the export has 1.00, recomputed it is 51.01"],
  ],
  [
    "the currency",
    (bill) => ({ ...bill, currency: "eur" }),
    ["currency: the export has eur, recomputed it is usd"],
  ],
  [
    "a line too few",
    (bill) => ({ ...bill, lines: bill.lines.slice(1) }),
    ["line base_fee:", "export      none"],
  ],
  [
    "a line too many",
    (bill) => ({ ...bill, lines: [...bill.lines, { ...bill.lines[0], ref: "extra" }] }),
    ["line extra:", "recomputed  none"],
  ],
  [
    "the order of lines",
    (bill) => ({ ...bill, lines: bill.lines.toReversed() }),
    ["the lines are in another order"],
  ],
  [
    "the order of a line's members",
    (bill) => ({ ...bill, lines: bill.lines.map(({ ref, ...line }) => ({ ...line, ref })) }),
    ["line base_fee:"],
  ],
])("rate: an export that differs in %s exits with 1 and says where", (_name, change, texts) => {
  const { code, out, errors } = runRate(["--export", "e.json"], { "e.json": exportOf(change) });

  expect(code).toBe(1);
  expect((JSON.parse(out) as BillDocument).total).toBe("51.01");
  expect(errors.split("\n")[0]).toBe("The recomputed bill is not the invoice of the export:");
  expect(texts.filter((text) => !errors.includes(text))).toEqual([]);
});

test("rate: an export serves as catalog and as usage: what it would have been", () => {
  const higher = structuredClone(catalog);
  higher.plans[0]!.baseFee = "300.00";
  const files = {
    "e.json": exportOf(),
    "c.json": { version: 2, publishedAt: "2026-11-24T00:00:00Z", catalog: higher },
  };
  const totalOf = (file: string): string => {
    const { out } = runRate(["--catalog", file, "--usage", "e.json"], files);
    return (JSON.parse(out) as BillDocument).total;
  };

  expect([totalOf("e.json"), totalOf("c.json")]).toEqual(["51.01", "118.01"]);
});

test("rate: a table for people has the tiers of each line", () => {
  const byHand = {
    plan: "payg",
    prices: [
      {
        metricName: "storage_gb",
        model: "package",
        packageSize: 10,
        packagePrice: 250,
        includedFree: 5,
        minSpend: "20",
      },
    ],
    quantities: { api_calls: 250_000, storage_gb: 17.5 },
  };
  const { code, out } = runRate(["--catalog", "c.json", "--usage", "u.json", "--table"], {
    "c.json": demoCatalog,
    "u.json": byHand,
  });

  expect(code).toBe(0);
  expect(out).toBe(
    `                                    quantity  unit price             fee  before rounding  amount
  --------------------------------  --------  ----------  --------------  ---------------  ------
  API Calls: 250000 calls                                                                  165.00
    up to 10000                        10000           0                             0.00
    over 10000 up to 100000            90000         0.1                            90.00
    over 100000 up to 1000000         150000        0.05                            75.00
  Storage: 17.5 GB                                                                           5.00
    up to 5                                5           0                             0.00
    over 5                              12.5           0  2 × 250 per 10             5.00
  Storage: up to the minimum spend                                                          15.00
  Compute Time: 0 seconds                                                                    0.00
  Seats: 0 seats                                                                             0.00
  --------------------------------  --------  ----------  --------------  ---------------  ------
  Total                                                                               usd  185.00
`,
  );
});

test("rate: the npm script is the command, and helps", () => {
  const root = join(import.meta.dirname, "../../..");
  const { status, stdout } = spawnSync("npm", ["run", "-s", "rate", "--", "--help"], {
    cwd: root,
    encoding: "utf8",
  });

  expect(status).toBe(0);
  expect(stdout).toContain("npm run -s rate -- --catalog FILE --usage FILE [--table]");
});

const earlier = { period: { startMs: Date.UTC(2026, 9, 1), endMs: Date.UTC(2026, 10, 1) } };

/** What an earlier period was billed in calls, in minor units, and what it was billed for. */
function trueUp(amountMinor: string): PricedTrueUp {
  const line = { ref: "metric:api_calls", metricName: "api_calls", description: "API Calls: 20000 calls" };
  const totals = [[{ metricName: "api_calls", value: "15000" }]];
  const changes = [{ fromMs: earlier.period.startMs, planName: "payg", prices: null }];
  const lifetime = { startedMs: null, endedMs: null };
  return {
    catalogVersion: 1,
    catalog,
    usage: { ...earlier, changes, lifetime, totals },
    billed: [{ ...line, quantity: "20000", amountMinor }],
  };
}

test("rate: an export with true-ups is recomputed with them, and told where they differ", () => {
  const bill = printBill(billPeriod(catalog, usage, [trueUp("1000")])!);
  const rated = (amountMinor: string) =>
    runRate(["--export", "e.json"], {
      "e.json": { ...exportOf(() => bill), trueUps: [trueUp(amountMinor)] },
    });

  expect(bill.lines.at(-1)).toMatchObject({
    ref: "true_up:2026-10-01:metric:api_calls",
    quantity: "-5000",
    amount: "-5.00",
  });
  const same = rated("1000");
  expect([same.code, same.errors, JSON.parse(same.out)]).toEqual([0, "", bill]);
  const other = rated("900");
  expect(other.code).toBe(1);
  expect(other.errors).toContain("line true_up:2026-10-01:metric:api_calls");
});

test("rate: an export whose true-ups cannot be read is told so", () => {
  const { code, errors } = runRate(["--export", "e.json"], {
    "e.json": { ...exportOf(), trueUps: [{ ...trueUp("10"), billed: [{ amountMinor: "1.5" }] }] },
  });

  expect(code).toBe(2);
  expect(errors).toContain("has no valid trueUps");
  expect(errors).toContain("0.billed.0.amountMinor");
});
