import { demoCatalog } from "../../local/demo-catalog.ts";
import { seededRandom } from "../../local/demo/seeded-random.ts";
import { formatScaled } from "../../src/domain/decimal.ts";
import { billDocument } from "../../src/rating/bill.ts";
import { catalogSchema, planOf, type Plan } from "../../src/rating/catalog.ts";
import { metricQuantities, type MetricTotal } from "../../src/rating/quantities.ts";
import { rate, type Rating } from "../../src/rating/rate.ts";
import { naiveBill } from "../naive/rating.ts";
import type { RatingEffort } from "../options.ts";
import { spreadOf, type Spread } from "../statistics.ts";
import { naivePrices, randomCatalog, randomUsage } from "./random-bills.ts";

/** How fast customers are rated on one core, and how wrong floats are. */
export interface RatingFigures {
  prices: number;
  customersPerSecond: Spread;
  /** Totals read from text, and the bill printed, too. */
  printedPerSecond: Spread;
  naivePerSecond: Spread;
  /** Of the naive version's speed in the same run. */
  percentOfNaive: Spread;
  targetPerSecond: number;
  isMet: boolean;
  /** With prices kept in cents, and in dollars. */
  errors: { inCents: NaiveErrors; inDollars: NaiveErrors };
}

/** What the naive version gets wrong in random bills. */
export interface NaiveErrors {
  seed: number;
  bills: number;
  lines: number;
  wrongBills: number;
  wrongLines: number;
  /** Of all lines, those too high and those too low together. */
  wrongCents: number;
}

const TARGET_PER_SECOND = 400_000;
const SEED = 6;
const CUSTOMERS = 4096;
const BILLS_OF_CATALOG = 1000;
/** Printing takes many times as long as rating: fewer bills tell as much. */
const RATINGS_OF_PRINTING = 10;

/** Rates the demo catalog's customers in turns by ours and the naive version, then counts what the latter gets wrong. */
export function measureRating(
  { ratings, ratingRuns, randomBills }: RatingEffort,
  progress: (line: string) => void,
): RatingFigures {
  const contenders = ratingContenders();
  const speeds: Record<keyof typeof contenders, number[]> = { ours: [], printed: [], naive: [] };
  const names = Object.keys(speeds) as (keyof typeof contenders)[];
  const counts = { ours: ratings, printed: ratings / RATINGS_OF_PRINTING, naive: ratings };
  for (const name of names) {
    contenders[name](counts[name] / 4);
  }
  for (let number = 1; number <= ratingRuns; number += 1) {
    // There and back: none is always before another.
    for (const name of number % 2 === 1 ? names : names.toReversed()) {
      const startedMs = performance.now();
      contenders[name](counts[name]);
      speeds[name].push((counts[name] * 1000) / (performance.now() - startedMs));
    }
    progress(
      `run ${number} of ${ratingRuns}: rating, ${Math.round(speeds.ours.at(-1)!).toLocaleString("en")}/s`,
    );
  }
  progress(`comparing ${randomBills.toLocaleString("en")} random bills with floats`);
  const customersPerSecond = spreadOf(speeds.ours);
  return {
    prices: demoPlan().plan.prices.length,
    customersPerSecond,
    printedPerSecond: spreadOf(speeds.printed),
    naivePerSecond: spreadOf(speeds.naive),
    percentOfNaive: spreadOf(speeds.ours.map((speed, index) => (100 * speed) / speeds.naive[index]!)),
    targetPerSecond: TARGET_PER_SECOND,
    isMet: customersPerSecond.median >= TARGET_PER_SECOND,
    errors: countErrors(randomBills),
  };
}

function demoPlan() {
  const catalog = catalogSchema.parse(demoCatalog);
  return { catalog, plan: planOf(catalog, undefined) as Plan };
}

/** Each rates so many customers; what they come to is checked, so that nothing is left out. */
function ratingContenders(): Record<"ours" | "printed" | "naive", (count: number) => void> {
  const { catalog, plan } = demoPlan();
  const prices = naivePrices(catalog, 0);
  const random = seededRandom(SEED);
  const totals = Array.from({ length: CUSTOMERS }, (): MetricTotal[] =>
    catalog.meters.map(({ name, scale }) => ({
      metricName: name,
      value: formatScaled(BigInt(Math.floor(10 ** (scale + 7 * random()))), scale),
    })),
  );
  const quantities = totals.map((metrics) => metricQuantities(metrics, catalog.meters));
  const floats = totals.map((metrics) =>
    Object.fromEntries(metrics.map(({ metricName, value }) => [metricName, Number(value)])),
  );
  return {
    ours: (count) => repeat(count, (index) => rate(catalog, plan, quantities[index]!).totalMinor >= 0n),
    printed: (count) =>
      repeat(count, (index) => {
        const read = metricQuantities(totals[index]!, catalog.meters);
        return billDocument(rate(catalog, plan, read)).total !== "";
      }),
    naive: (count) => repeat(count, (index) => naiveBill(prices, floats[index]!).total >= 0),
  };
}

function repeat(count: number, rateOne: (index: number) => boolean): void {
  for (let number = 0; number < count; number += 1) {
    if (!rateOne(number % CUSTOMERS)) {
      throw new Error("a bill is below nothing");
    }
  }
}

/** Rates random bills of random catalogs by both, and counts where floats differ; the same for the same seed. */
export function countErrors(bills: number, seed = SEED): RatingFigures["errors"] {
  const random = seededRandom(seed);
  const none = { seed, bills, lines: 0, wrongBills: 0, wrongLines: 0, wrongCents: 0 };
  const errors = { inCents: { ...none }, inDollars: { ...none } };
  let current = randomCatalog(random);
  for (let number = 0; number < bills; number += 1) {
    if (number % BILLS_OF_CATALOG === 0) {
      current = randomCatalog(random);
    }
    const { quantities, floats } = randomUsage(random);
    const exact = rate(current.catalog, current.catalog.plans[0]!, quantities);
    compare(exact, naiveBill(current.inCents, floats), errors.inCents);
    compare(exact, naiveBill(current.inDollars, floats, 100), errors.inDollars);
  }
  return errors;
}

function compare(exact: Rating, naive: ReturnType<typeof naiveBill>, errors: NaiveErrors): void {
  const wrong = exact.lines
    .map(({ amountMinor }, index) => Math.abs(Number(amountMinor) - naive.lines[index]!.amount))
    .filter((cents) => cents !== 0);
  errors.lines += exact.lines.length;
  errors.wrongLines += wrong.length;
  errors.wrongBills += wrong.length > 0 ? 1 : 0;
  errors.wrongCents += wrong.reduce((sum, cents) => sum + cents, 0);
}
