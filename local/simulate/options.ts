import { parseArgs } from "node:util";

export const USAGE = `npm run simulate -- [options]

What a month's real usage would have cost by another catalog, or by other plans. Nothing is changed.

  --period MONTH         2026-11, or current (default)
  --move FROM=TO         customers on one plan as if they were on another; may be given several times
  --catalog FILE         the candidate catalog, as PUT /v1/catalog takes it (default: the one in force)
  --url URL              the Worker (default http://127.0.0.1:8787)
  --key KEY              a read key (default: EDGEMETER_KEY, or the local stack's)
  --most N               customers shown of those who pay less, and of those who pay more (default 10)
  --json                 the whole answer as JSON
  --help                 this text`;

/** What a simulation is asked for. */
export interface SimulateOptions {
  period: string;
  planChanges: Record<string, string>;
  catalog?: string;
  url: string;
  key: string;
  most: number;
  json: boolean;
}

/** A wish that cannot be met, in one sentence for the user. */
export class UsageError extends Error {}

/** Reads the command line; "help" when that is what it asks for, a {@link UsageError} when it cannot be followed. */
export function parseOptions(
  args: string[],
  env: Record<string, string | undefined>,
): SimulateOptions | "help" {
  const values = readArgs(args);
  if (values.help === true) {
    return "help";
  }
  const most = values.most ?? "10";
  if (!/^\d{1,2}$/.test(most) || Number(most) > 20) {
    throw new UsageError(`--most must be a whole number from 0 to 20, not "${most}".`);
  }
  const url = values.url ?? "http://127.0.0.1:8787";
  if (!URL.canParse(url)) {
    throw new UsageError(`--url must be an address such as https://meter.example.com, not "${url}".`);
  }
  return {
    period: values.period ?? "current",
    planChanges: Object.fromEntries((values.move ?? []).map(readMove)),
    ...(values.catalog !== undefined && { catalog: values.catalog }),
    url: url.replace(/\/+$/, ""),
    key: values.key ?? env["EDGEMETER_KEY"] ?? "em_read_local",
    most: Number(most),
    json: values.json === true,
  };
}

function readMove(text: string): [string, string] {
  const [from, to, ...more] = text.split("=");
  if (from === undefined || to === undefined || from === "" || to === "" || more.length > 0) {
    throw new UsageError(`--move takes two plans, such as flat99=payg, not "${text}".`);
  }
  return [from, to];
}

function readArgs(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        period: { type: "string" },
        move: { type: "string", multiple: true },
        catalog: { type: "string" },
        url: { type: "string" },
        key: { type: "string" },
        most: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new UsageError(`${sentence}.`, { cause: error });
  }
}
