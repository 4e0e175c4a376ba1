import { writeFile } from "node:fs/promises";
import { describeMachine } from "../../bench/machine.ts";
import { parseOptions, USAGE, type SoakOptions } from "./options.ts";
import { isSound, printReport } from "./report.ts";
import { runLoad } from "./run-load.ts";
import { playSchedules } from "./schedules.ts";

const EXIT = { sound: 0, differs: 1, usage: 2, interrupted: 130 };

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Once: a second Ctrl-C ends at once.
  process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let options: SoakOptions | "help";
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return EXIT.usage;
  }
  if (options === "help") {
    process.stdout.write(`${USAGE}\n`);
    return EXIT.sound;
  }
  try {
    return (await soak(options)) ? EXIT.sound : EXIT.differs;
  } catch (error) {
    if (interrupt.signal.aborted) {
      process.stderr.write("Ended before the end.\n");
      return EXIT.interrupted;
    }
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return EXIT.differs;
  }
}

async function soak(options: SoakOptions): Promise<boolean> {
  const machine = describeMachine();
  const schedules = options.schedules === 0 ? [] : await playSchedules(options.schedules, interrupt.signal);
  const load = await runLoad(options, (line) => process.stderr.write(`${line}\n`), interrupt.signal);
  const report = { machine, options, schedules, load };
  process.stdout.write(printReport(report));
  if (options.jsonFile !== undefined) {
    await writeFile(options.jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  }
  return isSound(report);
}
