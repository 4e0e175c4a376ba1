import * as z from "zod";
import { decimalFromNumber, formatScaled, parseDecimal, scaledTo } from "../../src/domain/decimal.ts";
import { nameSchema } from "../../src/domain/meter.ts";
import { currencyOf } from "../../src/domain/money.ts";
import { MAX_PRICES, priceSchema } from "../../src/domain/price.ts";
import { DAY_MS, HOUR_MS } from "../../src/domain/window.ts";
import { checkPrices } from "../../src/rating/catalog-check.ts";
import type { Catalog } from "../../src/rating/catalog.ts";
import { plansOf, type PeriodUsage } from "../../src/rating/rate-period.ts";
import { faultLines, InputError } from "./input-error.ts";

/** Most changes of plan in one period, and most metrics: more than any period and catalog has. */
const MAX_CHANGES = 1000;
const MAX_METRICS = 10_000;
const MAX_PERIOD_DAYS = 366;
/** End of the year 9999. */
const LAST_MS = 253_402_300_800_000;
/** A period of any length: what is written by hand is priced whole. */
const WHOLE = { startMs: 0, endMs: 30 * DAY_MS };

const QUANTITY = "must be a quantity such as 10000 or 2.5";

const decimalText = z.union([z.number(), z.string()], { error: QUANTITY }).transform((input, context) => {
  const decimal = typeof input === "number" ? decimalFromNumber(input) : parseDecimal(input);
  if (decimal === undefined) {
    context.addIssue({ code: "custom", message: QUANTITY });
    return z.NEVER;
  }
  return formatScaled(decimal.coefficient, decimal.scale);
});

const prices = z.array(priceSchema).max(MAX_PRICES);
const hourMs = z.int().multipleOf(HOUR_MS, "must be a full hour, in epoch milliseconds");
const midnightMs = z
  .int()
  .min(0)
  .max(LAST_MS)
  .multipleOf(DAY_MS, "must be midnight UTC, in epoch milliseconds");

const byHandSchema = z.strictObject({
  plan: nameSchema.optional(),
  prices: prices.optional(),
  quantities: z.record(
    z.string(),
    decimalText.refine(
      (text) => !text.startsWith("-"),
      "must not be negative: below zero costs what zero costs",
    ),
  ),
});

const periodSchema = z
  .strictObject({
    period: z.strictObject({ startMs: midnightMs, endMs: midnightMs }),
    changes: z
      .array(z.strictObject({ fromMs: hourMs, planName: nameSchema.nullable(), prices: prices.nullable() }))
      .max(MAX_CHANGES),
    lifetime: z.strictObject({ startedMs: z.int().nullable(), endedMs: z.int().nullable() }),
    totals: z
      .array(z.array(z.strictObject({ metricName: z.string(), value: decimalText })).max(MAX_METRICS))
      .max(MAX_CHANGES),
  })
  .superRefine(({ period, changes, totals }, context) => {
    const fault = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: "custom", path, message });
    const days = (period.endMs - period.startMs) / DAY_MS;
    if (days < 1 || days > MAX_PERIOD_DAYS) {
      fault(["period", "endMs"], `must be 1 to ${MAX_PERIOD_DAYS} days after startMs`);
    }
    for (const [index, { fromMs }] of changes.entries()) {
      const before = changes[index - 1];
      if (
        before !== undefined &&
        (fromMs <= Math.max(before.fromMs, period.startMs) || fromMs >= period.endMs)
      ) {
        fault(["changes", index, "fromMs"], "must be after the change before it, and inside the period");
      }
    }
    const parts = Math.max(1, changes.length);
    if (totals.length !== parts) {
      fault(["totals"], `must have one list for each part between changes of plan: ${parts}`);
    }
    for (const [part, metrics] of totals.entries()) {
      const names = metrics.map(({ metricName }) => metricName);
      for (const name of new Set(names.filter((one, index) => names.indexOf(one) !== index))) {
        fault(["totals", part], `has ${name} twice: add them up`);
      }
    }
  });

/** Takes a customer's usage, of an export or written by hand, and checks that the catalog can price it. */
export function readUsage(source: string, document: unknown, catalog: Catalog): PeriodUsage {
  const isExport = isObject(document) && "usage" in document && "invoice" in document;
  const given = isExport ? document["usage"] : document;
  if (isExport && given === null) {
    throw new InputError(
      `${source} is of an invoice from before its usage was kept: give --catalog and --usage by hand.`,
    );
  }
  const isByHand = isObject(given) && "quantities" in given;
  const parsed = isByHand ? byHandSchema.safeParse(given) : periodSchema.safeParse(given);
  if (!parsed.success) {
    const shape = isByHand ? "" : ' (by hand it is { "plan": "…", "quantities": { "metric": 1 } })';
    throw new InputError(`${source} is no valid usage: correct what is listed${shape}.`, {
      faults: faultLines(parsed.error),
    });
  }
  const usage = "quantities" in parsed.data ? periodOf(parsed.data) : parsed.data;
  const faults = catalogFaults(usage, catalog, isByHand);
  if (faults.length > 0) {
    throw new InputError(`${source} cannot be priced by the catalog: correct what is listed.`, { faults });
  }
  return usage;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function periodOf({ plan, prices: own, quantities }: z.infer<typeof byHandSchema>): PeriodUsage {
  return {
    period: WHOLE,
    changes: [{ fromMs: WHOLE.startMs, planName: plan ?? null, prices: own ?? null }],
    lifetime: { startedMs: null, endedMs: null },
    totals: [Object.entries(quantities).map(([metricName, value]) => ({ metricName, value }))],
  };
}

/** What a period has of metrics that have left the catalog costs nothing; by hand such a name is a slip. */
function catalogFaults(usage: PeriodUsage, catalog: Catalog, isByHand: boolean): string[] {
  const faults: string[] = [];
  const names = catalog.meters.map(({ name }) => name);
  for (const plan of new Set(plansOf(usage))) {
    if (plan !== null && catalog.plans.every(({ name }) => name !== plan)) {
      faults.push(
        `plan: no plan is named ${plan}; there are: ${catalog.plans.map(({ name }) => name).join(", ")}`,
      );
    }
  }
  for (const { prices: own } of usage.changes) {
    const priced = (own ?? []).filter(({ metricName }) => isByHand || names.includes(metricName));
    checkPrices(priced, catalog.meters, currencyOf(catalog.currency), (path, message) =>
      faults.push(`${["prices", ...path].join(".")}: ${message}`),
    );
  }
  for (const { metricName, value } of usage.totals.flat()) {
    const meter = catalog.meters.find(({ name }) => name === metricName);
    const decimal = parseDecimal(value);
    if (meter === undefined) {
      if (isByHand) {
        faults.push(`quantities.${metricName}: no meter is named so; there are: ${names.join(", ")}`);
      }
    } else if (decimal === undefined || scaledTo(decimal, meter.scale) === undefined) {
      faults.push(`${metricName}: ${value} has more than the ${meter.scale} decimals that it is counted to`);
    }
  }
  return faults;
}
