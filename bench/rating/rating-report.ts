import { formatTable } from "../../local/demo/table.ts";
import type { Spread } from "../statistics.ts";
import type { NaiveErrors, RatingFigures } from "./measure-rating.ts";

/** The part of the report that is about rating. */
export function printRating(figures: RatingFigures): string {
  const { prices, customersPerSecond, printedPerSecond, naivePerSecond, percentOfNaive, errors } = figures;
  const verdict = figures.isMet ? "met" : "MISSED";
  return [
    `\nRating one customer of ${prices} prices, on one core\n\n`,
    formatTable(
      ["", "customers/s", "min–max"],
      [
        ["edgemeter, exact, tier by tier", ...cells(customersPerSecond)],
        ["the same, totals read and the bill printed", ...cells(printedPerSecond)],
        ["naive, floats", ...cells(naivePerSecond)],
      ],
    ),
    `\n  Target: ${whole(figures.targetPerSecond)} customers/s, ${verdict}. Ours goes at ${whole(percentOfNaive.median)} % ` +
      `(${whole(percentOfNaive.min)}–${whole(percentOfNaive.max)}) of the naive version, whose bills have no tiers.\n`,
    `\n  What floats get wrong in ${whole(errors.inCents.bills)} random bills (seed ${errors.inCents.seed})\n\n`,
    formatTable(
      ["", "wrong bills", "wrong lines", "of", "cents"],
      [
        ["naive, prices in cents", ...errorCells(errors.inCents)],
        ["naive, prices in dollars", ...errorCells(errors.inDollars)],
      ],
    ),
  ].join("");
}

function errorCells({ wrongBills, wrongLines, lines, wrongCents }: NaiveErrors): string[] {
  return [wrongBills, wrongLines, lines, wrongCents].map(whole);
}

function cells({ median, min, max }: Spread): string[] {
  return [whole(median), `${whole(min)}–${whole(max)}`];
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
