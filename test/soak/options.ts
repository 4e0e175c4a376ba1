import { parseArgs } from "node:util";

/** What the user asked for. */
export interface SoakOptions {
  minutes: number;
  /** Events a minute. */
  rate: number;
  /** A factor on the numbers of random schedules; 0 leaves them out. */
  schedules: number;
  /** Where the figures are written as JSON. */
  jsonFile: string | undefined;
}

export const USAGE = `npm run test:soak -- [options]
  --minutes N    how long the load lasts (default 10)
  --rate N       events a minute (default 50000)
  --schedules N  a factor on the number of random schedules (default 1; 0 leaves them out)
  --json FILE    writes the figures to a file, too`;

const MAX_MINUTES = 7 * 24 * 60;
const MAX_RATE = 1_000_000;
const MAX_FACTOR = 100;

/** Reads the command line; `help` when asked for, throws with what is wrong with it. */
export function parseOptions(args: string[]): SoakOptions | "help" {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: "string", default: "10" },
      rate: { type: "string", default: "50000" },
      schedules: { type: "string", default: "1" },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    return "help";
  }
  return {
    minutes: readWhole("--minutes", values.minutes, MAX_MINUTES),
    rate: readWhole("--rate", values.rate, MAX_RATE),
    schedules: readFactor(values.schedules),
    jsonFile: values.json,
  };
}

function readWhole(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max) {
    throw new Error(`${name}: a whole number from 1 to ${max}`);
  }
  return value;
}

function readFactor(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > MAX_FACTOR) {
    throw new Error(`--schedules: a number from 0 to ${MAX_FACTOR}`);
  }
  return value;
}
