import { formatTable } from "../local/demo/table.ts";
import { DOLLARS_PER_COMMAND, type Bill } from "./counting.ts";
import { REFERENCES, type Figures, type Latency, type Speed } from "./figures.ts";
import { printDashboard } from "./dashboard/dashboard-report.ts";
import type { PageFigures } from "./dashboard/measure-dashboard.ts";
import { printEdge } from "./edge/edge-report.ts";
import type { EdgeFigures } from "./edge/measure-edge.ts";
import { printFlush, printUsage } from "./flush/flush-report.ts";
import type { FlushFigures } from "./flush/measure-flush.ts";
import type { UsageFigures } from "./flush/measure-usage.ts";
import { printForecast } from "./forecast/forecast-report.ts";
import type { ForecastFigures } from "./forecast/tally.ts";
import { printInvoicing } from "./invoicing/invoicing-report.ts";
import type { InvoicingFigures } from "./invoicing/measure-invoicing.ts";
import type { RatingFigures } from "./rating/measure-rating.ts";
import { printRating } from "./rating/rating-report.ts";
import { SHAPES, type Shape } from "./contenders.ts";
import type { Machine } from "./machine.ts";
import type { Effort } from "./rounds.ts";
import type { Spread } from "./statistics.ts";

/** All that a run of the benchmark has found. */
export interface Report {
  /** Versions of the servers, where any was needed. */
  machine: Machine & { redis?: string; workerd?: string };
  effort: Effort;
  counting?: CountingReport;
  edge?: EdgeFigures;
  flush?: FlushFigures[];
  usage?: UsageFigures;
  rating?: RatingFigures;
  forecast?: ForecastFigures;
  invoicing?: InvoicingFigures;
  dashboard?: PageFigures[];
  tookSeconds: number;
}

export interface CountingReport {
  bills: Bill[];
  figures: Figures;
}

const TITLES: Record<Shape, string> = {
  single: "Single events, each a request",
  events: "Batches of 100 events with ids, over 10 customers",
  merged: "Merged batches of 100 rows, over 10 customers",
};
const PROCESSES = ["worker", "endpoint", "redis", "client"];

/** The report for a terminal. */
export function printReport(report: Report): string {
  const {
    machine,
    effort,
    counting,
    edge,
    flush,
    usage,
    rating,
    forecast,
    invoicing,
    dashboard,
    tookSeconds,
  } = report;
  return [
    machineText(machine),
    counting === undefined ? "" : printCounting(counting, effort),
    edge === undefined ? "" : printEdge(edge),
    flush === undefined ? "" : printFlush(flush),
    usage === undefined ? "" : printUsage(usage),
    rating === undefined ? "" : printRating(rating),
    forecast === undefined ? "" : printForecast(forecast),
    invoicing === undefined ? "" : printInvoicing(invoicing),
    dashboard === undefined ? "" : printDashboard(dashboard),
    `\n  Took ${digits(tookSeconds)} s.\n`,
  ].join("");
}

function printCounting({ bills, figures }: CountingReport, effort: Effort): string {
  return [
    "\nCommands billed by Upstash\n\n",
    billTable(bills),
    "\n  The look at the catalog, one HMGET per isolate every 15 s, is left out. The naive design counts each event\n" +
      "  by itself and recognises no repeat.\n",
    ...SHAPES.map((shape) => speedSection(figures.speeds, shape)),
    `\n  Medians, least and most of ${effort.runs} runs over all, there and back; ratios are within each run. The client\n` +
      `  was busy for ${digits(figures.clientMaxPercent)} % of a core at most. Processor time is of one request, all threads.\n`,
    "\nLatency of single events on a schedule, from when each was due\n\n",
    latencyTable(figures.latencies),
    "\nProcessor time of one event in the Worker, less that of a hello\n\n",
    formatTable(
      ["load", "µs", "min–max"],
      Object.entries(figures.workerUsBeyondHello).map(([load, us]) => [load, digits(us.median), range(us)]),
    ),
    "\nWhere the time of one request goes, in µs\n\n",
    splitTable(figures),
    "\n  Parsing and validating are the Worker's code in Node; the script is one call at full load on a raw socket.\n",
    "\nTargets\n\n",
    targetTable(figures),
  ].join("");
}

function machineText(machine: Report["machine"]): string {
  const servers =
    machine.workerd === undefined
      ? ""
      : `, workerd ${machine.workerd}, Redis ${machine.redis}; client, workerd, endpoint and Redis share its cores`;
  return (
    `\nThe machine\n\n  ${machine.cores} × ${machine.processor}, ${machine.memoryGib} GiB, ${machine.system}; ` +
    `load average before ${machine.loadAverage}\n  Node ${machine.node}${servers}\n`
  );
}

function billTable(bills: readonly Bill[]): string {
  return formatTable(
    ["request", "commands", "budget", "naive", "per event", "naive", "$ per million", "naive"],
    bills.map(({ what, size, ours, budget, naive }) => [
      what,
      digits(ours),
      digits(budget),
      naive === undefined ? "–" : digits(naive),
      (ours / size).toFixed(2),
      naive === undefined ? "–" : (naive / size).toFixed(2),
      dollarsPerMillion(ours, size),
      naive === undefined ? "–" : dollarsPerMillion(naive, size),
    ]),
  );
}

function dollarsPerMillion(commands: number, size: number): string {
  return ((commands / size) * DOLLARS_PER_COMMAND * 1e6).toFixed(2);
}

function speedSection(speeds: readonly Speed[], shape: Shape): string {
  const rows = speeds.filter((speed) => speed.shape === shape);
  const reference = rows.find(({ name }) => name === REFERENCES[shape])?.label ?? "";
  const table = formatTable(
    ["", "per second", "min–max", "%", "min–max", ...PROCESSES.map((name) => `${name} µs`)],
    rows.map(({ label, perSecond, percentOfReference, processorUs }) => [
      label,
      digits(perSecond.median),
      range(perSecond),
      digits(percentOfReference.median),
      range(percentOfReference),
      ...PROCESSES.map((name) => optional(processorUs[name])),
    ]),
  );
  return `\n${TITLES[shape]}; 100 % is: ${reference}\n\n${table}`;
}

function latencyTable(latencies: readonly Latency[]): string {
  return formatTable(
    ["", "rate/s", "p50 ms", "min–max", "p99 ms", "min–max", "sent late p99", "worker µs"],
    latencies.map(({ label, ratePerSecond, p50Ms, p99Ms, sendLagP99Ms, processorUs }) => [
      label,
      digits(ratePerSecond),
      p50Ms.median.toFixed(2),
      range(p50Ms, 2),
      p99Ms.median.toFixed(2),
      range(p99Ms, 2),
      sendLagP99Ms.median.toFixed(2),
      optional(processorUs["worker"]),
    ]),
  );
}

function splitTable({ split, speeds }: Figures): string {
  return formatTable(
    ["", "parse", "validate", "script", "in the wrapper", "Worker, all", "endpoint, all"],
    split.map(({ shape, parseUs, validateUs, scriptUs, wrappedScriptUs }) => {
      const ours = speeds.find((speed) => speed.shape === shape && speed.name === "ours");
      return [
        TITLES[shape],
        digits(parseUs),
        digits(validateUs),
        digits(scriptUs),
        digits(wrappedScriptUs),
        optional(ours?.processorUs["worker"]),
        optional(ours?.processorUs["endpoint"]),
      ];
    }),
  );
}

function targetTable({ targets }: Figures): string {
  return formatTable(
    ["", "at least %", "measured", "min–max", ""],
    targets.map(({ what, atLeastPercent, percent, isMet }) => [
      what,
      digits(atLeastPercent),
      digits(percent.median),
      range(percent),
      isMet ? "met" : "MISSED",
    ]),
  );
}

function digits(value: number, decimals = 0): string {
  return value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function optional(value: number | undefined): string {
  return value === undefined ? "–" : digits(value);
}

function range({ min, max }: Spread, decimals = 0): string {
  return `${digits(min, decimals)}–${digits(max, decimals)}`;
}
