import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseOptions, USAGE, type BenchOptions } from "./options.ts";
import { importScriptsAsText } from "./text-modules.ts";

const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 };

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Once: a second Ctrl-C ends at once.
  process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let options: BenchOptions | "help";
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return EXIT.usage;
  }
  if (options === "help") {
    process.stdout.write(`${USAGE}\n`);
    return EXIT.done;
  }
  try {
    await measure(options);
    return EXIT.done;
  } catch (error) {
    if (interrupt.signal.aborted) {
      process.stderr.write("Ended before the end.\n");
      return EXIT.interrupted;
    }
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return EXIT.failed;
  }
}

async function measure({ json, ...options }: BenchOptions): Promise<void> {
  importScriptsAsText();
  const { runBenchmark } = await import("./benchmark.ts");
  const { printReport } = await import("./report.ts");
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-bench-"));
  try {
    // A closed folder would send Postgres, lent another user by root, to keep its data elsewhere.
    await chmod(dir, 0o711);
    const report = await runBenchmark(dir, options, interrupt.signal, (line) =>
      process.stderr.write(`${line}\n`),
    );
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : printReport(report));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
