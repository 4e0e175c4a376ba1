import { readFile } from "node:fs/promises";
import { parseOptions, USAGE, UsageError, type SimulateOptions } from "./options.ts";
import { simulationReport, type SimulationAnswer } from "./report.ts";

/** Longest wait for an answer: 10,000 customers take some seconds. */
const TIMEOUT_MS = 120_000;

try {
  const options = parseOptions(process.argv.slice(2), process.env);
  process.stdout.write(options === "help" ? `${USAGE}\n` : await simulate(options));
} catch (error) {
  process.stderr.write(
    `${error instanceof UsageError ? error.message : `Failed: ${error instanceof Error ? error.message : String(error)}`}\n`,
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function simulate(options: SimulateOptions): Promise<string> {
  const catalog =
    options.catalog === undefined
      ? await ask(options, "GET", "/v1/catalog")
      : await readCatalogFile(options.catalog);
  const { period, planChanges } = options;
  const answer = await ask(options, "POST", "/v1/catalog/simulate", { catalog, period, planChanges });
  return options.json
    ? `${JSON.stringify(answer, null, 2)}\n`
    : simulationReport(answer as SimulationAnswer, options.most);
}

async function readCatalogFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (error) {
    throw new UsageError(
      `Cannot read --catalog ${path}: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

async function ask(
  { url, key }: SimulateOptions,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new UsageError(`${url} does not answer: is the Worker running there (npm start)?`, {
      cause: error,
    });
  });
  const text = await response.text();
  if (!response.ok) {
    throw new UsageError(explain(response.status, text));
  }
  return JSON.parse(text) as unknown;
}

/** A problem document as a person reads it: what is wrong, and where. */
function explain(status: number, text: string): string {
  try {
    const { title, detail, errors } = JSON.parse(text) as {
      title: string;
      detail: string;
      errors?: { path: string; message: string }[];
    };
    const faults = (errors ?? []).slice(0, 20).map(({ path, message }) => `\n  ${path}: ${message}`);
    return `${title}: ${detail}${faults.join("")}`;
  } catch {
    return `The Worker answered ${status}: ${text.slice(0, 200)}`;
  }
}
