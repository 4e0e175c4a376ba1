import type { Stripe } from "stripe";
import { expect, test } from "vitest";
import {
  figuresJson,
  formatCount,
  formatQuantity,
  parseUnits,
  type CustomerFigures,
} from "../../../local/demo/figures.ts";
import { playPeriodEnd, sumInvoices, sumStripeInvoices, type Invoice } from "../../../local/demo/invoices.ts";
import { printable } from "../../../local/demo/output.ts";
import { findDifferences, reconcile } from "../../../local/demo/reconcile.ts";
import { formatTable } from "../../../local/demo/table.ts";
import { periodsOf } from "../../../local/demo/usage.ts";

const AGREEING: CustomerFigures = {
  customerId: "a",
  requests: 12,
  billable: 11,
  counted: 11_000n,
  ledger: 11_000n,
  invoiced: 11_000n,
  totalMinor: 100n,
  stripeMinor: 100n,
};

const unparsable = new Map([["empty line", { reason: "empty line", count: 2, examples: [] }]]);
const survey = {
  lines: 14,
  requests: 12,
  customers: new Set("a"),
  byStatus: new Map(),
  unparsable,
  spanMs: 0,
};
const byStatus = new Map([
  [404, 1],
  [200, 11],
]);
const replay = { byStatus, preflights: 0, byCustomer: new Map(), failures: new Map(), startMs: 0, endMs: 0 };

test("reconcile: says each equation with both sides", () => {
  const equations = reconcile(survey, replay, [AGREEING], 1000n);
  expect(equations.map(({ what, left, right }) => [what, left, right])).toEqual([
    ["lines = requests in the log + unparsable", "14", "14"],
    ["requests in the log = replayed as logged", "12", "12"],
    ["replayed = billable + not billable (404: 1)", "12", "12"],
    ["billable × 1,000 = counted (live usage)", "11,000", "11,000"],
    ["counted = ledger", "11,000", "11,000"],
    ["ledger = invoiced quantity", "11,000", "11,000"],
    ["our invoices' totals = Stripe's totals", "1.00", "1.00"],
  ]);
  expect(equations.filter(({ isEqual }) => !isEqual)).toEqual([]);
  expect(findDifferences([AGREEING], 1000n)).toEqual([]);
});

test("reconcile: preflights are replayed and not billable", () => {
  const some = { ...replay, byStatus: new Map([...byStatus, [204, 3]]), preflights: 3 };
  const [, , paid] = reconcile({ ...survey, lines: 17, requests: 15 }, some, [AGREEING], 1000n);
  expect(paid).toEqual({
    what: "replayed = billable + not billable (OPTIONS: 3, 404: 1)",
    left: "15",
    right: "15",
    isEqual: true,
  });
});

test.each<[string, Partial<CustomerFigures>]>([
  ["billable", { billable: 10 }],
  ["counted", { counted: 10_999n }],
  ["ledger", { ledger: 11_001n }],
  ["invoiced", { invoiced: 0n }],
  ["our total", { totalMinor: 101n }],
  ["Stripe's total", { stripeMinor: 0n }],
])("reconcile: notices a customer whose %s differs", (_, changes) => {
  const row = { ...AGREEING, ...changes };
  expect(findDifferences([AGREEING, row], 1000n)).toEqual([row]);
  expect(reconcile(survey, replay, [row], 1000n).every(({ isEqual }) => isEqual)).toBe(false);
});

test("reconcile: differences of two customers that cancel out are noticed", () => {
  const rows = [
    { ...AGREEING, ledger: 10_999n },
    { ...AGREEING, ledger: 11_001n },
  ];
  expect(findDifferences(rows, 1000n)).toEqual(rows);
});

test("reconcile: a request that failed in the replay is missing from it", () => {
  const equations = reconcile({ ...survey, lines: 15, requests: 13 }, replay, [AGREEING], 1000n);
  expect(equations.filter(({ isEqual }) => !isEqual).map(({ left, right }) => [left, right])).toEqual([
    ["13", "12"],
  ]);
});

function invoice(changes: Partial<Invoice>): Invoice {
  return {
    id: "inv_1",
    customerId: "a",
    status: "open",
    total: "1.00",
    stripeInvoiceId: "in_1",
    lines: [
      { metric: "api_calls", quantity: "11000" },
      { metric: "seats", quantity: "3" },
      { metric: null, quantity: "1" },
    ],
    ...changes,
  };
}

test("invoices: quantities and totals add up per customer, void ones left out", () => {
  const sums = sumInvoices([invoice({}), invoice({ total: "0.50" }), invoice({ status: "void" })]);
  expect(sums.quantities).toEqual(new Map([["a", 22_000n]]));
  expect(sums.totalsMinor).toEqual(new Map([["a", 150n]]));
});

test("invoices: one in Stripe that none of ours knows stands for itself", () => {
  const stripeInvoices = new Map([
    ["in_1", { total: 100 }],
    ["in_2", { total: 7 }],
  ]) as Map<string, Stripe.Invoice>;
  expect(sumStripeInvoices({ invoices: [invoice({})], stripeInvoices })).toEqual(
    new Map([
      ["a", 100n],
      ["stripe:in_2", 7n],
    ]),
  );
});

/** Plays a stack whose hourly cron leaves these statuses, one row for each run. */
async function play(customers: number, runs: string[][]): Promise<{ fired: number; statuses: string[] }> {
  let fired = 0;
  const api = {
    get: async () => ({
      data: (runs[fired - 1] ?? []).map((status) => invoice({ status })),
      nextCursor: null,
    }),
    put: async () => undefined,
    fireCron: async () => undefined,
  };
  const fireHourly = async (): Promise<void> => {
    fired += 1;
  };
  const invoices = await playPeriodEnd(customers, { api, fireHourly }, () => undefined);
  return { fired, statuses: invoices.map(({ status }) => status) };
}

test("period's end: is played until every customer has an invoice that is done", async () => {
  const runs = [["open", "draft"], ["open", "zero", "draft"], ["open", "zero", "open"], ["never asked"]];
  expect(await play(3, runs)).toEqual({ fired: 3, statuses: ["open", "zero", "open"] });
});

test("period's end: ends when nothing moves any more", async () => {
  const stuck = ["open", "draft"];
  expect(await play(2, [stuck, stuck, stuck, stuck])).toEqual({ fired: 3, statuses: stuck });
});

test("figures: are written as decimal strings", () => {
  const big = { ...AGREEING, counted: 9_007_199_254_740_993n };
  expect(JSON.parse(figuresJson([big]))).toEqual({
    metric: "api_calls",
    currency: "usd",
    customers: [
      {
        customer: "a",
        requests: 12,
        billable: 11,
        counted: "9007199254740993",
        ledger: "11000",
        invoiced: "11000",
        total: "1.00",
        stripeTotal: "1.00",
      },
    ],
  });
});

test.each([
  ["0", 0n],
  ["12.000", 12n],
  ["-3", -3n],
])("figures: %s units", (text, units) => {
  expect(parseUnits(text)).toBe(units);
});

test.each(["", "1.5", "1e3", "many"])("figures: %j is no number of units", (text) => {
  expect(() => parseUnits(text)).toThrow("expected a whole number of units");
});

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1,000"],
  [1_234_567n, "1,234,567"],
])("figures: %s is shown as %s", (count, shown) => {
  expect(formatCount(count)).toBe(shown);
});

test.each([
  ["10000", "10,000"],
  ["1234.50", "1,234.50"],
  ["0", "0"],
])("figures: the quantity %s is shown as %s", (text, shown) => {
  expect(formatQuantity(text)).toBe(shown);
});

test("table: figures stand to the right", () => {
  const rows = [
    ["a", "1,000", "–"],
    ["bcd", "7", "2.50"],
  ];
  expect(formatTable(["name", "calls", "cost"], rows)).toBe(
    ["  name  calls  cost", "  ----  -----  ----", "  a     1,000     –", "  bcd       7  2.50", ""].join(
      "\n",
    ),
  );
});

test("table: the first column stands to the left, whatever it holds", () => {
  expect(formatTable(["customer", "n"], [["203.0.113.9", "1"]])).toBe(
    ["  customer     n", "  -----------  -", "  203.0.113.9  1", ""].join("\n"),
  );
});

test("printable: control and direction characters are shown as escapes", () => {
  expect(printable("a\u001b[31m\u202eb\u0085")).toBe("a\\u{1b}[31m\\u{202e}b\\u{85}");
});

test("printable: long text is cut", () => {
  expect(printable("abcdef", 4)).toBe("abc…");
});

test.each([
  ["within a month", "2026-11-30T23:59:59Z", "2026-11-30T23:59:59.999Z", ["2026-11"]],
  ["over its end", "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z", ["2026-11", "2026-12"]],
])("periods: a replay %s", (_, start, end, periods) => {
  expect(periodsOf(Date.parse(start), Date.parse(end))).toEqual(periods);
});
