import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { billDocument } from "../../../src/rating/bill.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { ratePeriod } from "../../../src/rating/rate-period.ts";
import { rate } from "../../../src/rating/rate.ts";
import { runRate } from "../../support/rate-command.ts";

// One test starts a process of its own.
vi.setConfig({ testTimeout: 30_000 });

const README = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const [, section = ""] = /\n## Prices\n([\s\S]*?)\n## /.exec(README) ?? [];

/** Rows of the table of models: a price, how many units, and the amounts of its lines. */
const rows = [...section.matchAll(/^\| [^|]* \| `(\{.*\})` \| ([\d,]+) \| ([^|]+) \|$/gm)].map(
  ([, price = "", units = "", amounts = ""]) => ({
    price: JSON.parse(price) as { model: string },
    units: units.replaceAll(",", ""),
    amounts: amounts.trim(),
  }),
);

function linesOf(price: object, units: string): string {
  const catalog = catalogSchema.parse({
    currency: "usd",
    defaultPlan: "payg",
    meters: [{ name: "units", displayName: "Units", unit: "units", aggregation: "sum" }],
    plans: [{ name: "payg", displayName: "Pay as you go", prices: [{ metricName: "units", ...price }] }],
  });
  const rating = rate(catalog, catalog.plans[0]!, new Map([["units", BigInt(units)]]));
  return billDocument(rating)
    .lines.map(({ amount }) => amount)
    .join(" + ")
    .replaceAll("+ -", "− ");
}

test("readme: has an example of every model", () => {
  expect(new Set(rows.map(({ price }) => price.model))).toEqual(
    new Set(["graduated", "volume", "stairstep", "package", "perUnit", "flat"]),
  );
  expect(rows).toHaveLength(9);
});

test.each(rows)("readme: $units units of $price.model cost $amounts", ({ price, units, amounts }) => {
  expect(linesOf(price, units)).toBe(amounts);
});

test("readme: the example of a change of plan is what is billed", () => {
  const at = (day: number, hour = 0): number => Date.UTC(2026, 10, day, hour);
  const rating = ratePeriod(catalogSchema.parse(demoCatalog), {
    period: { startMs: at(1), endMs: at(31) },
    changes: [
      { fromMs: at(1), planName: "flat99", prices: null },
      { fromMs: at(11, 12), planName: "payg", prices: null },
    ],
    lifetime: { startedMs: null, endedMs: null },
    totals: [[], [{ metricName: "api_calls", value: "25000" }]],
  })!;
  const [fee, calls] = billDocument(rating).lines;
  const words = section.replaceAll(/\s+/g, " ");

  expect(words).toContain(`\`${fee!.description}\` ${fee!.amount} and`);
  expect(words).toContain(`\`${calls!.description}\` ${calls!.amount}.`);
});

test("readme: the command prints what is shown", () => {
  const [, usage] = /echo '(.*)' > usage\.json/.exec(section) ?? [];
  const [, args = ""] = /npm run -s rate -- (.*)\n/.exec(section) ?? [];
  const [, shown] = /\n\n```\n([\s\S]*?)\n```\n/.exec(section) ?? [];
  const { code, out } = runRate(args.split(" "), { "catalog.json": demoCatalog, "usage.json": usage });

  expect(code).toBe(0);
  expect(out.trimEnd()).toBe(shown);
});
