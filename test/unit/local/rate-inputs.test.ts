import { expect, test, vi } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { runRate } from "../../support/rate-command.ts";

// Each test starts a process of its own.
vi.setConfig({ testTimeout: 30_000 });

const BOTH = ["--catalog", "c.json", "--usage", "u.json"];
const byHand = { plan: "payg", quantities: { api_calls: 1 } };
const good = { "c.json": demoCatalog, "u.json": byHand };
const period = { period: {}, changes: [], lifetime: {}, totals: [[]] };
const CORRECT = "--usage u.json cannot be priced by the catalog: correct what is listed.";
const INVALID = "--usage u.json is no valid usage: correct what is listed";
const BY_HAND = ' (by hand it is { "plan": "…", "quantities": { "metric": 1 } }).';

test.each<[string, string[], Record<string, unknown>, string[]]>([
  [
    "no options",
    [],
    {},
    [
      "--catalog FILE is missing: give --catalog FILE and --usage FILE, or --export FILE; --help shows what they are.",
    ],
  ],
  [
    "no usage",
    ["--catalog", "c.json"],
    good,
    [
      "--usage FILE is missing: give --catalog FILE and --usage FILE, or --export FILE; --help shows what they are.",
    ],
  ],
  [
    "an export beside a catalog",
    ["--export", "e.json", "--catalog", "c.json"],
    good,
    [
      "--export has its own catalog and usage: leave out --catalog and --usage, or give it as both of them instead.",
    ],
  ],
  [
    "an unknown option",
    ["--catalogue", "c.json"],
    good,
    ["Unknown option '--catalogue'; --help shows the options."],
  ],
  [
    "a file that is not there",
    ["--catalog", "no.json", "--usage", "u.json"],
    good,
    ["--catalog no.json cannot be read: there is no such file."],
  ],
  ["a folder", ["--export", "."], {}, ["--export . cannot be read: it is a folder."]],
  [
    "an invoice from before its usage was kept",
    ["--export", "e.json"],
    {
      "e.json": {
        invoice: { currency: "usd", lines: [], subtotal: "0.00", total: "0.00" },
        catalog: demoCatalog,
        usage: null,
      },
    },
    ["--export e.json is of an invoice from before its usage was kept: give --catalog and --usage by hand."],
  ],
  [
    "no UTF-8",
    BOTH,
    { ...good, "u.json": Uint8Array.of(0x7b, 0xff) },
    ["--usage u.json is not JSON: The encoded data was not valid for encoding utf-8."],
  ],
  [
    "an empty catalog",
    BOTH,
    { ...good, "c.json": "{}" },
    [
      "--catalog c.json has no valid catalog: correct what is listed.",
      "  currency: Invalid input: expected string, received undefined",
      "  defaultPlan: Invalid input: expected string, received undefined",
      "  meters: Invalid input: expected array, received undefined",
      "  plans: Invalid input: expected array, received undefined",
    ],
  ],
  [
    "faults of a catalog, all of them",
    BOTH,
    { ...good, "c.json": { ...demoCatalog, defaultPlan: "gold", currency: "USD" } },
    [
      "--catalog c.json has no valid catalog: correct what is listed.",
      "  currency: must be an ISO 4217 code in lower case, e.g. usd",
      "  defaultPlan: no plan is named gold; there are: flat99, payg",
    ],
  ],
  [
    "an unknown plan",
    BOTH,
    { ...good, "u.json": { ...byHand, plan: "gold" } },
    [CORRECT, "  plan: no plan is named gold; there are: flat99, payg"],
  ],
  [
    "an unknown metric",
    BOTH,
    { ...good, "u.json": { quantities: { calls: 1 } } },
    [
      CORRECT,
      "  quantities.calls: no meter is named so; there are: api_calls, storage_gb, compute_seconds, seats",
    ],
  ],
  [
    "a negative quantity",
    BOTH,
    { ...good, "u.json": { quantities: { api_calls: -1 } } },
    [`${INVALID}.`, "  quantities.api_calls: must not be negative: below zero costs what zero costs"],
  ],
  [
    "a quantity finer than its meter",
    BOTH,
    { ...good, "u.json": { quantities: { api_calls: 0.5, storage_gb: "1.0001" } } },
    [
      CORRECT,
      "  api_calls: 0.5 has more than the 0 decimals that it is counted to",
      "  storage_gb: 1.0001 has more than the 3 decimals that it is counted to",
    ],
  ],
  [
    "a quantity in words",
    BOTH,
    { ...good, "u.json": { quantities: { api_calls: "many", seats: null } } },
    [
      `${INVALID}.`,
      "  quantities.api_calls: must be a quantity such as 10000 or 2.5",
      "  quantities.seats: must be a quantity such as 10000 or 2.5",
    ],
  ],
  [
    "a member too many",
    BOTH,
    { ...good, "u.json": { ...byHand, price: [] } },
    [`${INVALID}.`, '  (top): Unrecognized key: "price"'],
  ],
  [
    "own prices that are wrong",
    BOTH,
    {
      ...good,
      "u.json": {
        ...byHand,
        prices: [{ metricName: "calls", model: "package", packageSize: 0, packagePrice: 1 }],
      },
    },
    [
      CORRECT,
      "  prices.0.metricName: no meter is named calls; there are: api_calls, storage_gb, compute_seconds, seats",
    ],
  ],
  [
    "a list",
    BOTH,
    { ...good, "u.json": [] },
    [INVALID + BY_HAND, "  (top): Invalid input: expected object, received array"],
  ],
  [
    "an export without invoice",
    ["--export", "e.json"],
    { "e.json": { catalog: demoCatalog, usage: period } },
    [
      "--export e.json is no export of an invoice (GET /v1/invoices/{id}/export gives one):",
      "  invoice: Invalid input: expected object, received undefined",
    ],
  ],
])("rate: %s is told in one line that says what to do", (_name, args, files, lines) => {
  const { code, out, errors } = runRate(args, files);

  expect(errors).toBe(`${lines.join("\n")}\n`);
  expect([code, out]).toEqual([2, ""]);
});

test("rate: what is no JSON is told with its place, on one line", () => {
  const { code, out, errors } = runRate(BOTH, { ...good, "c.json": "{\n  currency: usd }\n" });

  expect([code, out]).toEqual([2, ""]);
  expect(errors).toMatch(/^--catalog c\.json is not JSON: .*position 4.*\.\n$/);
});

test("rate: a file beyond all bounds is refused unread", () => {
  const { code, errors } = runRate(BOTH, { ...good, "u.json": new Uint8Array(64 * 2 ** 20 + 1) });

  expect([code, errors]).toEqual([
    2,
    "--usage u.json has more than 64 MiB: it is no catalog, usage or export.\n",
  ]);
});
