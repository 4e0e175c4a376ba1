import { parseArgs } from "node:util";
import { CUSTOMER_SOURCES, type CustomerFrom } from "./customer-name.ts";

export const USAGE = `npm run demo -- [options]

  --log FILE[.gz]        replay this access log (Common or Combined Log Format); generated when absent
  --customer-from WHAT   who the customer is: ip (default), user, path-prefix
  --weight N             API calls that each request counts as (default 1)
  --duration SECONDS     squeeze the log's gaps into this (default 20; 0: as fast as the stack takes it)
  --requests N           requests of the generated log (default 10000)
  --seed N               seed of the generated log (default 1)
  --keep                 keep the stack's data and write demo-report.json beside it
  --json FILE            write the figures of every customer to this file
  --help                 this text`;

/** What a demo run is to do. */
export interface DemoOptions {
  /** Path of the log; absent: generate one. */
  log?: string;
  customerFrom: CustomerFrom;
  weight: bigint;
  durationMs: number;
  requests: number;
  seed: number;
  keep: boolean;
  json?: string;
}

/** A wish that cannot be met, in one sentence for the user. */
export class UsageError extends Error {}

/** Reads the command line; "help" when that is what it asks for, a {@link UsageError} when it cannot be followed. */
export function parseOptions(args: string[]): DemoOptions | "help" {
  const values = readArgs(args);
  if (values.help === true) {
    return "help";
  }
  if (values.log !== undefined && (values.requests !== undefined || values.seed !== undefined)) {
    throw new UsageError("--requests and --seed are for a generated log; leave them out with --log.");
  }
  return {
    ...(values.log !== undefined && { log: values.log }),
    ...(values.json !== undefined && { json: values.json }),
    customerFrom: readSource(values["customer-from"] ?? "ip"),
    weight: BigInt(readWhole("--weight", values.weight ?? "1", 1, 1_000_000_000)),
    durationMs: readWhole("--duration", values.duration ?? "20", 0, 86_400) * 1000,
    requests: readWhole("--requests", values.requests ?? "10000", 1, 1_000_000),
    seed: readWhole("--seed", values.seed ?? "1", 0, 2 ** 32 - 1),
    keep: values.keep === true,
  };
}

function readArgs(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        log: { type: "string" },
        "customer-from": { type: "string" },
        weight: { type: "string" },
        duration: { type: "string" },
        requests: { type: "string" },
        seed: { type: "string" },
        keep: { type: "boolean" },
        json: { type: "string" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new UsageError(`${sentence}.`, { cause: error });
  }
}

function readSource(text: string): CustomerFrom {
  const source = CUSTOMER_SOURCES.find((known) => known === text);
  if (source === undefined) {
    throw new UsageError(`--customer-from must be one of ${CUSTOMER_SOURCES.join(", ")}, not "${text}".`);
  }
  return source;
}

function readWhole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not "${text}".`);
  }
  return value;
}
