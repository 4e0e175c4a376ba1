import { parseArgs } from "node:util";
import { InputError } from "./input-error.ts";

export const USAGE = `npm run -s rate -- --catalog FILE --usage FILE [--table]
npm run -s rate -- --export FILE [--table]

  --catalog FILE   prices: a catalog as PUT or GET /v1/catalog has it, or an invoice's export
  --usage FILE     what was used: the usage of an invoice's export, the export, or
                   { "plan": "payg", "quantities": { "api_calls": 10000000 } }, with "prices" of the customer's own
  --export FILE    recompute the invoice of an export; exits 1 when a byte of it differs
  --table          a table for people, tier by tier; otherwise JSON
  --help           this text`;

/** What is to be rated; files by path. */
export type RateOptions = { isTable: boolean } & (
  | { exportFile: string }
  | { catalogFile: string; usageFile: string }
);

/** Reads the command line; "help" when that is what it asks for. Throws an {@link InputError}. */
export function parseOptions(args: string[]): RateOptions | "help" {
  const values = readArgs(args);
  const { catalog: catalogFile, usage: usageFile, export: exportFile } = values;
  const isTable = values.table === true;
  if (values.help === true) {
    return "help";
  }
  if (exportFile !== undefined) {
    if (catalogFile !== undefined || usageFile !== undefined) {
      throw new InputError(
        "--export has its own catalog and usage: leave out --catalog and --usage, or give it as both of them instead.",
      );
    }
    return { isTable, exportFile };
  }
  if (catalogFile === undefined || usageFile === undefined) {
    const missing = catalogFile === undefined ? "--catalog" : "--usage";
    throw new InputError(
      `${missing} FILE is missing: give --catalog FILE and --usage FILE, or --export FILE; --help shows what they are.`,
    );
  }
  return { isTable, catalogFile, usageFile };
}

function readArgs(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        catalog: { type: "string" },
        usage: { type: "string" },
        export: { type: "string" },
        table: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new InputError(`${sentence}; --help shows the options.`, { cause: error });
  }
}
