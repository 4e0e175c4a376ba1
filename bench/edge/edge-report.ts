import { formatTable } from "../../local/demo/table.ts";
import type { Spread } from "../statistics.ts";
import type { EdgeFigures } from "./measure-edge.ts";

/** Commands of the naive design for each event. */
const NAIVE_COMMANDS = 6;
const DOLLARS_PER_COMMAND = 0.2 / 100_000;

/** The part of the report that is about the middleware. */
export function printEdge(figures: EdgeFigures): string {
  const { ratePerSecond, requestsCounted, without, with: metered, addedUs, costs } = figures;
  return [
    `\nThe edge middleware: the same product without and with it, at ${ratePerSecond} requests/s\n\n`,
    formatTable(
      ["", "p50 ms", "min–max", "p99 ms", "min–max", "worker µs", "min–max"],
      [
        ["without", ...cells(without)],
        ["with", ...cells(metered)],
      ],
    ),
    `\n  Added processor time of one request, over ${requestsCounted.toLocaleString("en")} requests in each run: ` +
      `${addedUs.median.toFixed(0)} µs (${range(addedUs, 0)}); aim: under 50.\n`,
    `  Difference of the medians, and spread of the runs without: ` +
      `p50 ${verdict(without.p50Ms, metered.p50Ms)}, p99 ${verdict(without.p99Ms, metered.p99Ms)}.\n`,
    "\nRedis commands of metered requests, one isolate, 833 requests/s, buckets dirty\n\n",
    formatTable(
      ["", "requests", "commands", "per request", "aim under", "$ per million", "flush, a bucket"],
      [
        ...costs.map((cost) => [
          `edgemeter, ${cost.customers} customers`,
          cost.requests.toLocaleString("en"),
          cost.commands.toLocaleString("en"),
          cost.commandsPerRequest.toFixed(3),
          cost.customers === 1 ? "0.020" : "0.300",
          cost.dollarsPerMillion.toFixed(2),
          cost.flushCommandsPerBucket.toFixed(1),
        ]),
        [
          "naive",
          "–",
          "–",
          NAIVE_COMMANDS.toFixed(3),
          "–",
          (NAIVE_COMMANDS * DOLLARS_PER_COMMAND * 1e6).toFixed(2),
          "–",
        ],
      ],
    ),
    "\n  A flush happens once a minute, whatever was counted: its commands are for each bucket that was dirty, the\n" +
      "  look into empty shards included.\n",
  ].join("");
}

function cells({ p50Ms, p99Ms, processorUs }: EdgeFigures["with"]): string[] {
  return [
    p50Ms.median.toFixed(2),
    range(p50Ms, 2),
    p99Ms.median.toFixed(2),
    range(p99Ms, 2),
    processorUs.median.toFixed(0),
    range(processorUs, 0),
  ];
}

function verdict(without: Spread, metered: Spread): string {
  const difference = Math.abs(metered.median - without.median);
  const spread = without.max - without.min;
  return `${difference.toFixed(2)} ms of ${spread.toFixed(2)} ms (${difference <= spread ? "within" : "BEYOND"})`;
}

function range({ min, max }: Spread, decimals: number): string {
  return `${min.toFixed(decimals)}–${max.toFixed(decimals)}`;
}
