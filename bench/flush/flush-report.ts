import { formatTable } from "../../local/demo/table.ts";
import type { Spread } from "../statistics.ts";
import type { FlushFigures } from "./measure-flush.ts";
import type { UsageFigures } from "./measure-usage.ts";

const AT_LEAST_PERCENT = 40;

/** The part of the report that is about the flush. */
export function printFlush(figures: readonly FlushFigures[]): string {
  return [
    "\nFlush of dirty buckets of 3 series each, hours and days; 100 % is: the same rows by a bare insert\n\n",
    formatTable(
      [
        "buckets",
        "rows/s",
        "min–max",
        "bare rows/s",
        "%",
        "min–max",
        "statements",
        "round trips",
        "MB",
        "Redis calls",
        "commands",
      ],
      figures.map((size) => [
        size.buckets.toLocaleString("en"),
        whole(size.rowsPerSecond.median),
        range(size.rowsPerSecond),
        whole(size.bareRowsPerSecond.median),
        whole(size.percentOfBare.median),
        range(size.percentOfBare),
        whole(size.statements),
        whole(size.ledgerRoundTrips),
        (size.bytes / 1e6).toFixed(1),
        whole(size.redisRoundTrips),
        whole(size.redisCommands),
      ]),
    ),
    `\n  Target: at least ${AT_LEAST_PERCENT} % of the bare insert at the largest size: ${verdict(figures)}.\n`,
  ].join("");
}

/** The part of the report that is about usage queries. */
export function printUsage(figures: UsageFigures): string {
  const { dailyRows, hourRows, ratePerSecond, p50Ms, p99Ms, redisRoundTrips, ledgerRoundTrips } = figures;
  return [
    `\nGET /v1/customers/{id}/usage at ${ratePerSecond}/s, ${dailyRows.toLocaleString("en")} day rows and ` +
      `${hourRows.toLocaleString("en")} hour rows in the ledger\n\n`,
    formatTable(
      ["p50 ms", "min–max", "p99 ms", "min–max", "Redis round trips", "Postgres round trips"],
      [
        [
          p50Ms.median.toFixed(2),
          `${p50Ms.min.toFixed(2)}–${p50Ms.max.toFixed(2)}`,
          p99Ms.median.toFixed(2),
          `${p99Ms.min.toFixed(2)}–${p99Ms.max.toFixed(2)}`,
          whole(redisRoundTrips),
          whole(ledgerRoundTrips),
        ],
      ],
    ),
  ].join("");
}

function verdict(figures: readonly FlushFigures[]): string {
  const largest = figures.at(-1)?.percentOfBare.median ?? Number.NaN;
  return `${whole(largest)} %, ${largest >= AT_LEAST_PERCENT ? "met" : "MISSED"}`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function range({ min, max }: Spread): string {
  return `${whole(min)}–${whole(max)}`;
}
