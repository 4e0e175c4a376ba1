import type { BenchStack } from "./bench-stack.ts";
import { BODIES, SHAPES, type Contender, type Shape } from "./contenders.ts";
import type { CountingPath } from "./counting-path.ts";
import type { LoadResult } from "./load-job.ts";
import { measureSplit, type Split } from "./split.ts";

/** How long and how often is measured. */
export interface Effort {
  runs: number;
  warmUpMs: number;
  durationMs: number;
  scheduledMs: number;
  splitMs: number;
}

/** Requests a second on schedule: a busy minute of 50,000 calls, and more than two of them. */
export const RATES = [833, 2000] as const;
const SCHEDULED = new Set(["ours", "hincrby", "hello"]);
/** Enough for a schedule that no reply may hold up. */
const SCHEDULED_CONNECTIONS = 128;

/** All that one round over everyone has seen. */
export interface Round {
  /** By `shape/name`, as fast as it goes. */
  fastest: Record<string, LoadResult>;
  /** By `name@rate`, single events. */
  scheduled: Record<string, LoadResult>;
  split: Record<Shape, Split>;
}

/** Measures everyone in every round, so that what slows the machine down slows all of them down. */
export async function measureRounds(
  stack: BenchStack,
  path: CountingPath,
  all: readonly Contender[],
  effort: Effort,
  progress: (line: string) => void,
): Promise<Round[]> {
  const rounds: Round[] = [];
  for (const contender of all) {
    progress(`warming up: ${contender.shape}, ${contender.label}`);
    await runFastest(stack, contender, { ...effort, durationMs: effort.warmUpMs });
  }
  for (let number = 1; number <= effort.runs; number += 1) {
    const round: Round = { fastest: {}, scheduled: {}, split: {} as Round["split"] };
    // There and back: none is always before another.
    for (const contender of number % 2 === 1 ? all : all.toReversed()) {
      const { shape, name, label, size } = contender;
      const result = await runFastest(stack, contender, effort);
      round.fastest[`${shape}/${name}`] = result;
      const perSecond = Math.round((result.requests * size) / result.seconds);
      progress(`run ${number} of ${effort.runs}: ${shape}, ${label}: ${perSecond.toLocaleString("en")}/s`);
    }
    for (const rate of RATES) {
      for (const contender of all.filter(({ shape, name }) => shape === "single" && SCHEDULED.has(name))) {
        const result = await runScheduled(stack, contender, effort, rate);
        round.scheduled[`${contender.name}@${rate}`] = result;
        const { p50, p99 } = result.latencyMs;
        progress(
          `run ${number} of ${effort.runs}: ${contender.label} at ${rate}/s: ` +
            `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
        );
      }
    }
    for (const shape of SHAPES) {
      round.split[shape] = await measureSplit(path, BODIES[shape], effort.splitMs);
    }
    rounds.push(round);
  }
  return rounds;
}

async function runFastest(
  stack: BenchStack,
  { job, worker }: Contender,
  { warmUpMs, durationMs }: Effort,
): Promise<LoadResult> {
  await stack.forgetCounts();
  return stack.load.run({ ...job, warmUpMs, durationMs, pids: stack.pids(worker) });
}

async function runScheduled(
  stack: BenchStack,
  { job, worker }: Contender,
  { warmUpMs, scheduledMs }: Effort,
  ratePerSecond: number,
): Promise<LoadResult> {
  await stack.forgetCounts();
  return stack.load.run({
    ...job,
    connections: SCHEDULED_CONNECTIONS,
    warmUpMs,
    durationMs: scheduledMs,
    ratePerSecond,
    pids: stack.pids(worker),
  });
}
