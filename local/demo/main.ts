import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "../stack.ts";
import { generateLog } from "./generate-log.ts";
import { parseOptions, USAGE, UsageError, type DemoOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { surveyReport } from "./report.ts";
import { runDemo, writeFigures } from "./run.ts";
import { surveyLog, type Survey } from "./survey.ts";

/** Exit codes: everything agrees, something differs or failed, the wish cannot be met, ended by Ctrl-C. */
const EXIT = { agrees: 0, differs: 1, usage: 2, interrupted: 130 };

const output: Output = {
  write: (text) => process.stdout.write(text),
  isTerminal: process.stdout.isTTY,
};

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Once: a second Ctrl-C ends at once.
  process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
}

try {
  const options = parseOptions(process.argv.slice(2));
  process.exitCode = options === "help" ? printUsage() : await playIn(await makeFolder(), options);
} catch (error) {
  process.exitCode = explain(error);
}

function printUsage(): number {
  output.write(`${USAGE}\n`);
  return EXIT.agrees;
}

/** A closed folder would send Postgres, lent another user by root, to keep its data elsewhere. */
async function makeFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-demo-"));
  await chmod(dir, 0o711);
  return dir;
}

async function playIn(dir: string, options: DemoOptions): Promise<number> {
  try {
    await checkWritable(options.json);
    return await play(dir, options);
  } finally {
    if (options.keep) {
      output.write(`  Kept: ${dir}\n`);
    } else {
      await rm(dir, { recursive: true, force: true });
    }
  }
}

/** Better said now than after the run. */
async function checkWritable(path: string | undefined): Promise<void> {
  try {
    await (path === undefined ? undefined : writeFile(path, ""));
  } catch (error) {
    throw new UsageError(`Cannot write --json ${path}: ${messageOf(error)}.`, { cause: error });
  }
}

async function play(dir: string, options: DemoOptions): Promise<number> {
  const logPath = options.log ?? (await writeGeneratedLog(dir, options));
  const survey = await readSurvey(logPath, options);
  output.write(`${logPath}\n${surveyReport(survey)}`);
  if (survey.requests === 0) {
    throw new UsageError(`No line of ${logPath} is a request in Common or Combined Log Format.`);
  }
  output.write("\nThe stack\n");
  const stack = await startStack({
    dir: join(dir, "stack"),
    port: 0,
    fresh: true,
    cron: false,
    demo: false,
    product: true,
    print: (line) => {
      // What the Worker logs of its daily round would bury the tables.
      if (!line.startsWith('{"level":"info"')) {
        output.write(`  ${line}\n`);
      }
    },
  });
  try {
    interrupt.signal.throwIfAborted();
    const addresses = { ...stack.info, productUrl: stack.worker.productUrl ?? "" };
    const stage = { options, logPath, survey, stack: addresses, output, signal: interrupt.signal };
    const { figures, isReconciled } = await runDemo(stage);
    await writeFigures(figures, stage, dir);
    return isReconciled ? EXIT.agrees : EXIT.differs;
  } finally {
    await stack.stop();
  }
}

async function writeGeneratedLog(dir: string, { seed, requests }: DemoOptions): Promise<string> {
  const path = join(dir, "generated.log");
  await writeFile(path, [...generateLog({ seed, requests }), ""].join("\n"));
  return path;
}

async function readSurvey(logPath: string, options: DemoOptions): Promise<Survey> {
  try {
    return await surveyLog(logPath, options.customerFrom);
  } catch (error) {
    throw new UsageError(`Cannot read the log ${logPath}: ${messageOf(error)}.`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.usage;
  }
  if (interrupt.signal.aborted) {
    process.stderr.write("Ended before the end.\n");
    return EXIT.interrupted;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.differs;
}
