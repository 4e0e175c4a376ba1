import { parseArgs } from "node:util";
import { LEDGER_CUSTOMERS } from "./flush/usage-ledger.ts";
import type { Effort } from "./rounds.ts";

/** How much is spent on the middleware. */
export interface EdgeEffort {
  runs: number;
  warmUpMs: number;
  /** Requests whose processor time is taken. */
  edgeRequests: number;
  edgeScheduledMs: number;
  edgeCostSeconds: number;
}

/** How much is spent on the flush. */
export interface FlushEffort {
  flushRuns: number;
  /** Dirty buckets, from few to many. */
  flushSizes: readonly number[];
}

/** How much is spent on usage queries. */
export interface UsageEffort {
  runs: number;
  warmUpMs: number;
  usageMs: number;
  /** Customers in the ledger. */
  usageCustomers: number;
}

/** How much is spent on the back-test of the forecast. */
export interface ForecastEffort {
  /** Of each kind. */
  forecastCustomers: number;
}

/** How much is spent on rating. */
export interface RatingEffort {
  ratingRuns: number;
  /** Customers that each run rates. */
  ratings: number;
  /** Random bills that are compared with the naive version's. */
  randomBills: number;
}

/** How much is spent on invoicing. */
export interface InvoicingEffort {
  invoicingCustomers: number;
}

/** How much is spent on the dashboard's pages. */
export interface DashboardEffort {
  /** Customers in the ledger. */
  usageCustomers: number;
  /** How often each page is asked for. */
  pageRounds: number;
}

/** What can be measured by itself. */
export const PARTS = [
  "counting",
  "edge",
  "flush",
  "usage",
  "rating",
  "forecast",
  "invoicing",
  "dashboard",
] as const;
export type Part = (typeof PARTS)[number];

/** What the user asked for. */
export interface BenchOptions
  extends
    Effort,
    EdgeEffort,
    FlushEffort,
    UsageEffort,
    RatingEffort,
    ForecastEffort,
    InvoicingEffort,
    DashboardEffort {
  json: boolean;
  parts: readonly Part[];
}

export const USAGE = `npm run bench -- [options]
  --json      figures as JSON on standard output, and nothing else there
  --quick     three short runs, under 3 minutes
  --only P    a part alone: ${PARTS.join(", ")}
  --runs N    rounds over all contenders (default 5)`;

const FULL: Omit<BenchOptions, "json" | "parts"> = {
  runs: 5,
  warmUpMs: 500,
  durationMs: 2500,
  scheduledMs: 3000,
  splitMs: 400,
  edgeRequests: 50_000,
  edgeScheduledMs: 4000,
  edgeCostSeconds: 10,
  flushRuns: 5,
  flushSizes: [1_000, 10_000, 100_000],
  usageMs: 3000,
  usageCustomers: LEDGER_CUSTOMERS,
  forecastCustomers: 20,
  ratingRuns: 7,
  ratings: 1_000_000,
  randomBills: 1_000_000,
  invoicingCustomers: 10_000,
  pageRounds: 40,
};
const QUICK: Omit<BenchOptions, "json" | "parts"> = {
  runs: 3,
  warmUpMs: 200,
  durationMs: 600,
  scheduledMs: 700,
  splitMs: 100,
  edgeRequests: 5000,
  edgeScheduledMs: 1000,
  edgeCostSeconds: 3,
  flushRuns: 2,
  flushSizes: [1_000, 10_000],
  usageMs: 1000,
  usageCustomers: 1_000,
  forecastCustomers: 5,
  ratingRuns: 5,
  ratings: 200_000,
  randomBills: 100_000,
  invoicingCustomers: 1_000,
  pageRounds: 10,
};

/** Reads the command line; `help` when asked for, throws with what is wrong with it. */
export function parseOptions(args: string[]): BenchOptions | "help" {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      runs: { type: "string" },
      only: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    return "help";
  }
  const effort = values.quick ? QUICK : FULL;
  const runs = values.runs === undefined ? effort.runs : Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > 100) {
    throw new Error("--runs: a whole number from 1 to 100");
  }
  const only = PARTS.filter((part) => part === values.only);
  if (values.only !== undefined && only.length === 0) {
    throw new Error(`--only: ${PARTS.join(", ")}`);
  }
  return { ...effort, runs, json: values.json, parts: only.length === 0 ? PARTS : only };
}
