import { billPeriod, printBill, type BillDocument } from "../../src/rating/bill.ts";
import { billTable } from "./bill-table.ts";
import { readCatalog } from "./catalog-input.ts";
import { differences, readExportedBill } from "./export-input.ts";
import { InputError } from "./input-error.ts";
import { parseOptions, USAGE, type RateOptions } from "./options.ts";
import { readJson } from "./read-json.ts";
import { readTrueUps } from "./true-up-input.ts";
import { readUsage } from "./usage-input.ts";

/** Exit codes: rated, the export's bill differs from the recomputed one, the input cannot be used. */
const EXIT = { rated: 0, differs: 1, input: 2 };

try {
  const options = parseOptions(process.argv.slice(2));
  process.exitCode = options === "help" ? print(`${USAGE}\n`) : await rateFiles(options);
} catch (error) {
  if (!(error instanceof InputError)) {
    throw error;
  }
  process.stderr.write([error.message, ...error.faults.map((fault) => `  ${fault}`), ""].join("\n"));
  process.exitCode = EXIT.input;
}

async function rateFiles(options: RateOptions): Promise<number> {
  if (!("exportFile" in options)) {
    const { catalogFile, usageFile } = options;
    const catalog = readCatalog(`--catalog ${catalogFile}`, await readJson("--catalog", catalogFile));
    return show(billOf(catalog, `--usage ${usageFile}`, await readJson("--usage", usageFile)), options);
  }
  const source = `--export ${options.exportFile}`;
  const document = await readJson("--export", options.exportFile);
  const exported = readExportedBill(source, document);
  const bill = billOf(readCatalog(source, document), source, document);
  show(bill, options);
  const found = differences(exported, bill);
  if (found.length === 0) {
    return EXIT.rated;
  }
  const sentence = "The recomputed bill is not the invoice of the export:";
  process.stderr.write([sentence, ...found.map((line) => `  ${line}`), ""].join("\n"));
  return EXIT.differs;
}

function billOf(catalog: ReturnType<typeof readCatalog>, source: string, document: unknown): BillDocument {
  const bill = billPeriod(catalog, readUsage(source, document, catalog), readTrueUps(source, document));
  if (bill === undefined) {
    throw new InputError(`${source} is on a plan that the catalog does not have.`);
  }
  return printBill(bill);
}

function show(bill: BillDocument, { isTable }: RateOptions): number {
  return print(isTable ? billTable(bill) : `${JSON.stringify(bill, null, 2)}\n`);
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT.rated;
}
