import { startBenchStack, type BenchStack } from "./bench-stack.ts";
import { contenders } from "./contenders.ts";
import { CountingPath } from "./counting-path.ts";
import { countCommands } from "./counting.ts";
import { summarize } from "./figures.ts";
import { measureDashboard } from "./dashboard/measure-dashboard.ts";
import { describeMachine, serverVersions } from "./machine.ts";
import { measureEdge } from "./edge/measure-edge.ts";
import { measureFlush } from "./flush/measure-flush.ts";
import { measureUsage } from "./flush/measure-usage.ts";
import { measureInvoicing } from "./invoicing/measure-invoicing.ts";
import { measureForecast } from "./forecast/measure-forecast.ts";
import { measureRating } from "./rating/measure-rating.ts";
import type { BenchOptions } from "./options.ts";
import type { CountingReport, Report } from "./report.ts";
import { measureRounds, type Effort } from "./rounds.ts";

/** Measures what is asked for; servers run only for what needs them. */
export async function runBenchmark(
  dir: string,
  options: Omit<BenchOptions, "json">,
  signal: AbortSignal,
  progress: (line: string) => void,
): Promise<Report> {
  const startedMs = performance.now();
  const machine = describeMachine();
  const step = (line: string): void => {
    signal.throwIfAborted();
    progress(line);
  };
  const { parts } = options;
  // First: nothing else runs yet.
  const rating = parts.includes("rating") ? measureRating(options, step) : undefined;
  const forecast = parts.includes("forecast") ? await measureForecast(options, step) : undefined;
  const needsServers = parts.some((part) => part !== "rating" && part !== "forecast");
  const served = needsServers ? await measureServed(dir, options, step) : { versions: {} };
  const { versions, ...figures } = served;
  return {
    machine: { ...machine, ...versions },
    effort: options,
    ...figures,
    ...(rating && { rating }),
    ...(forecast && { forecast }),
    tookSeconds: (performance.now() - startedMs) / 1000,
  };
}

type Served = Omit<Report, "machine" | "effort" | "rating" | "forecast" | "tookSeconds"> & {
  versions: Partial<Awaited<ReturnType<typeof serverVersions>>>;
};

/** Starts everything in a folder of its own, measures, and stops everything again, also when it is interrupted. */
async function measureServed(
  dir: string,
  options: Omit<BenchOptions, "json">,
  step: (line: string) => void,
): Promise<Served> {
  const stack = await startBenchStack(dir, step);
  try {
    const versions = await serverVersions(stack.redis);
    const { parts } = options;
    const counting = parts.includes("counting") ? await measureCounting(stack, options, step) : undefined;
    const edge = parts.includes("edge") ? await measureEdge(stack, dir, options, step) : undefined;
    const flush = parts.includes("flush") ? await measureFlush(stack, options, step) : undefined;
    const usage = parts.includes("usage") ? await measureUsage(stack, options, step) : undefined;
    const invoicing = parts.includes("invoicing") ? await measureInvoicing(stack, options, step) : undefined;
    const dashboard = parts.includes("dashboard")
      ? await measureDashboard(stack, options, step, parts.includes("usage"))
      : undefined;
    return {
      versions,
      ...(counting && { counting }),
      ...(edge && { edge }),
      ...(flush && { flush }),
      ...(usage && { usage }),
      ...(invoicing && { invoicing }),
      ...(dashboard && { dashboard }),
    };
  } finally {
    await stack.stop();
  }
}

async function measureCounting(
  stack: BenchStack,
  effort: Effort,
  progress: (line: string) => void,
): Promise<CountingReport> {
  progress("counting commands");
  const bills = await countCommands(stack);
  const path = new CountingPath(stack.catalogDocument);
  const all = await contenders(stack, path);
  const rounds = await measureRounds(stack, path, all, effort, progress);
  return { bills, figures: summarize(rounds, all) };
}
