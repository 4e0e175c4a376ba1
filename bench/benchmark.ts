import { startBenchStack } from "./bench-stack.ts";
import { contenders } from "./contenders.ts";
import { CountingPath } from "./counting-path.ts";
import { countCommands } from "./counting.ts";
import { summarize } from "./figures.ts";
import { describeMachine, serverVersions } from "./machine.ts";
import type { Report } from "./report.ts";
import { measureRounds, type Effort } from "./rounds.ts";

/** Starts everything in a folder of its own, measures, and stops everything again, also when it is interrupted. */
export async function runBenchmark(
  dir: string,
  effort: Effort,
  signal: AbortSignal,
  progress: (line: string) => void,
): Promise<Report> {
  const startedMs = performance.now();
  const machine = describeMachine();
  const stack = await startBenchStack(dir, progress);
  try {
    const versions = await serverVersions(stack.redis);
    progress("counting commands");
    const bills = await countCommands(stack);
    const path = new CountingPath(stack.catalogDocument);
    const all = await contenders(stack, path);
    const rounds = await measureRounds(stack, path, all, effort, (line) => {
      signal.throwIfAborted();
      progress(line);
    });
    return {
      machine: { ...machine, ...versions },
      effort,
      bills,
      figures: summarize(rounds, all),
      tookSeconds: (performance.now() - startedMs) / 1000,
    };
  } finally {
    await stack.stop();
  }
}
