import { expect, test } from "vitest";
import { compareInvoice, type StripeTwin } from "../../../src/invoicing/compare-invoice.ts";
import { INVOICE_STATUSES, type InvoiceStatus } from "../../../src/ledger/invoice-status.ts";
import { newInvoice } from "../../support/invoice-fixture.ts";

const OPEN = newInvoice("inv_1", { status: "open" });
const TWIN: StripeTwin = {
  status: "open",
  currency: "usd",
  subtotal: 234_001,
  lines: [
    { ref: "metric:api_calls", amount: 234_000 },
    { ref: "base_fee", amount: 1 },
  ],
};

test("compare: the same in any order of lines, lines of nothing left out: no difference", () => {
  const [line] = OPEN.lines;
  const zero = line === undefined ? [] : [{ ...line, ref: "free", amountMinor: 0n }];
  expect(compareInvoice(OPEN, TWIN)).toEqual([]);
  expect(compareInvoice({ ...OPEN, lines: [...OPEN.lines, ...zero] }, TWIN)).toEqual([]);
});

test.each<{ name: string; twin: StripeTwin | undefined; differences: unknown[] }>([
  { name: "nothing", twin: undefined, differences: [{ what: "missing", ledger: "open", stripe: null }] },
  {
    name: "another status",
    twin: { ...TWIN, status: "paid" },
    differences: [{ what: "status", ledger: "open", stripe: "paid" }],
  },
  {
    name: "another currency",
    twin: { ...TWIN, currency: "eur" },
    differences: [{ what: "currency", ledger: "usd", stripe: "eur" }],
  },
  {
    name: "a cent more",
    twin: { ...TWIN, subtotal: 234_002 },
    differences: [{ what: "subtotal", ledger: "2340.01", stripe: "2340.02" }],
  },
  {
    name: "lines a cent apart that come to the same",
    twin: {
      ...TWIN,
      lines: [
        { ref: "metric:api_calls", amount: 233_999 },
        { ref: "base_fee", amount: 2 },
      ],
    },
    differences: [
      { what: "line", ref: "base_fee", ledger: "0.01", stripe: "0.02" },
      { what: "line", ref: "metric:api_calls", ledger: "2340.00", stripe: "2339.99" },
    ],
  },
  {
    name: "a line less",
    twin: { ...TWIN, subtotal: 1, lines: [{ ref: "base_fee", amount: 1 }] },
    differences: [
      { what: "subtotal", ledger: "2340.01", stripe: "0.01" },
      { what: "lines", ledger: "2", stripe: "1" },
      { what: "line", ref: "metric:api_calls", ledger: "2340.00", stripe: null },
    ],
  },
  {
    name: "two lines more that cancel each other",
    twin: { ...TWIN, lines: [...TWIN.lines, { ref: null, amount: 5 }, { ref: null, amount: -5 }] },
    differences: [{ what: "lines", ledger: "2", stripe: "4" }],
  },
  {
    name: "a line twice, a credit against it",
    twin: { ...TWIN, lines: [...TWIN.lines, { ref: "base_fee", amount: 1 }, { ref: null, amount: -1 }] },
    differences: [{ what: "lines", ledger: "2", stripe: "4" }],
  },
])("compare: $name in Stripe: is told", ({ twin, differences }) => {
  expect(compareInvoice(OPEN, twin)).toEqual(differences);
});

/** In which of Stripe's statuses an invoice of ours agrees. */
const AGREE: Partial<Record<InvoiceStatus, string>> = {
  in_review: "draft",
  open: "open",
  paid: "paid",
  void: "void",
  uncollectible: "uncollectible",
};
const STRIPE_STATUSES = ["draft", "open", "paid", "void", "uncollectible"];

test.each(INVOICE_STATUSES.flatMap((status) => STRIPE_STATUSES.map((stripe) => ({ status, stripe }))))(
  "compare: $status here, $stripe in Stripe",
  ({ status, stripe }) => {
    const differences = compareInvoice({ ...OPEN, status }, { ...TWIN, status: stripe });
    const isSame = AGREE[status] === stripe;
    expect(differences).toEqual(isSame ? [] : [{ what: "status", ledger: status, stripe }]);
  },
);

test("compare: a void invoice that Stripe does not have: was a draft that was deleted", () => {
  expect(compareInvoice({ ...OPEN, status: "void" }, undefined)).toEqual([]);
  expect(compareInvoice({ ...OPEN, status: "in_review" }, undefined)).toHaveLength(1);
});
