import { parseArgs } from "node:util";
import type { Effort } from "./rounds.ts";

/** What the user asked for. */
export interface BenchOptions extends Effort {
  json: boolean;
}

export const USAGE = `npm run bench -- [options]
  --json      figures as JSON on standard output, and nothing else there
  --quick     three short runs, under 90 seconds
  --runs N    rounds over all contenders (default 5)`;

const FULL: Effort = { runs: 5, warmUpMs: 500, durationMs: 2500, scheduledMs: 3000, splitMs: 400 };
const QUICK: Effort = { runs: 3, warmUpMs: 200, durationMs: 600, scheduledMs: 700, splitMs: 100 };

/** Reads the command line; `help` when asked for, throws with what is wrong with it. */
export function parseOptions(args: string[]): BenchOptions | "help" {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      runs: { type: "string" },
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
  return { ...effort, runs, json: values.json };
}
