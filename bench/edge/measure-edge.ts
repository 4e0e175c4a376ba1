import { join } from "node:path";
import { localKeys } from "../../local/stores.ts";
import { startWorker, type RunningWorker } from "../../local/worker.ts";
import type { BenchStack } from "../bench-stack.ts";
import { flushNow } from "../counting.ts";
import type { LoadJob, LoadResult } from "../load-job.ts";
import type { EdgeEffort } from "../options.ts";
import { spreadOf, type Spread } from "../statistics.ts";

/** One run of the product on a schedule and as fast as it goes, with the middleware or without. */
interface Run {
  scheduled: LoadResult;
  counted: LoadResult;
}

/** What the meter was asked for while one isolate was loaded at a steady rate. */
export interface CommandCost {
  customers: number;
  requests: number;
  seconds: number;
  /** Commands billed for counting, the look at the catalog included. */
  commands: number;
  commandsPerRequest: number;
  dollarsPerMillion: number;
  /** Commands that one flush of what was counted costs, for each of its buckets. */
  flushCommands: number;
  flushCommandsPerBucket: number;
}

export interface EdgeFigures {
  ratePerSecond: number;
  requestsCounted: number;
  /** Of the same product, medians and extremes over the runs. */
  without: { p50Ms: Spread; p99Ms: Spread; processorUs: Spread };
  with: { p50Ms: Spread; p99Ms: Spread; processorUs: Spread };
  /** Processor time with the middleware less that without, of one request, within each run. */
  addedUs: Spread;
  costs: CommandCost[];
}

/** Requests a second of the comparison, and of a busy minute's 50,000. */
const RATE = 500;
const BUSY_RATE = 833;
const CUSTOMERS = [100, 1];
const CONNECTIONS = 64;
const DOLLARS_PER_COMMAND = 0.2 / 100_000;
/** Longer than the middleware gathers. */
const LINGER_MS = 1_500;

/** Measures what the middleware adds to a product's Worker, and what it has the meter pay. */
export async function measureEdge(
  stack: BenchStack,
  dir: string,
  effort: EdgeEffort,
  progress: (line: string) => void,
): Promise<EdgeFigures> {
  await using workers = new AsyncDisposableStack();
  const start = async (name: string, bindings: Record<string, string>): Promise<RunningWorker> => {
    const worker = await startWorker({
      dir: join(dir, name),
      config: join(import.meta.dirname, "product", "wrangler.toml"),
      bindings,
      onStart: stack.stores.noteChild,
    });
    workers.defer(worker.stop);
    return worker;
  };
  progress("Worker    product, without and with the middleware");
  const without = await start("product-without", {});
  const metered = await start("product-with", { METER_URL: stack.ours.url, METER_KEY: localKeys.ingestKey });
  const runs = await measureRuns(stack, without, metered, effort, progress);
  const costs: CommandCost[] = [];
  for (const customers of CUSTOMERS) {
    progress(`edge: commands at ${BUSY_RATE}/s over ${customers} customers`);
    costs.push(await measureCost(stack, metered, customers, effort));
  }
  return summarizeRuns(runs, effort, costs);
}

async function measureRuns(
  stack: BenchStack,
  without: RunningWorker,
  metered: RunningWorker,
  effort: EdgeEffort,
  progress: (line: string) => void,
): Promise<{ without: Run; with: Run }[]> {
  const runs: { without: Run; with: Run }[] = [];
  for (const worker of [without, metered]) {
    await stack.load.run({ ...job(stack, worker, 100), requestCount: Math.min(5000, effort.edgeRequests) });
  }
  for (let number = 1; number <= effort.runs; number += 1) {
    const run: Partial<Record<"without" | "with", Run>> = {};
    const order = [["without", without] as const, ["with", metered] as const];
    // There and back: none is always before the other.
    for (const [name, worker] of number % 2 === 1 ? order : order.toReversed()) {
      await stack.forgetCounts();
      const scheduled = await stack.load.run({
        ...job(stack, worker, 100),
        connections: CONNECTIONS,
        ratePerSecond: RATE,
        warmUpMs: effort.warmUpMs,
        durationMs: effort.edgeScheduledMs,
      });
      const counted = await stack.load.run({ ...job(stack, worker, 100), requestCount: effort.edgeRequests });
      run[name] = { scheduled, counted };
      progress(
        `run ${number} of ${effort.runs}: product ${name} the middleware: ` +
          `p50 ${scheduled.latencyMs.p50.toFixed(2)} ms, ${processorUs(counted).toFixed(0)} µs a request`,
      );
    }
    runs.push(run as { without: Run; with: Run });
  }
  return runs;
}

async function measureCost(
  stack: BenchStack,
  metered: RunningWorker,
  customers: number,
  { edgeCostSeconds }: EdgeEffort,
): Promise<CommandCost> {
  await stack.forgetCounts();
  await settle();
  const requests = BUSY_RATE * edgeCostSeconds;
  // Buckets are there and dirty, as within a minute they are.
  await stack.load.run({ ...job(stack, metered, customers), requestCount: 200 });
  await settle();
  stack.stores.upstash.commands.reset();
  const { seconds } = await stack.load.run({
    ...job(stack, metered, customers),
    ratePerSecond: BUSY_RATE,
    requestCount: requests,
  });
  await settle();
  const { billed: commands } = stack.stores.upstash.commands.read();
  stack.stores.upstash.commands.reset();
  await flushNow(stack);
  const { billed: flushCommands } = stack.stores.upstash.commands.read();
  return {
    customers,
    requests,
    seconds,
    commands,
    commandsPerRequest: commands / requests,
    dollarsPerMillion: (commands / requests) * DOLLARS_PER_COMMAND * 1e6,
    flushCommands,
    flushCommandsPerBucket: flushCommands / customers,
  };
}

/** Until what the middleware gathers has been sent. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, LINGER_MS);
  });
}

function job(stack: BenchStack, worker: RunningWorker, customers: number): LoadJob {
  const requests = Array.from(
    { length: customers },
    (_, index) => `GET /hello HTTP/1.1\r\nhost: bench\r\nx-customer: cus_${index}\r\n\r\n`,
  );
  return {
    protocol: "http",
    port: Number(new URL(worker.url).port),
    requests,
    expected: "hello cus_",
    connections: CONNECTIONS,
    inFlight: 1,
    warmUpMs: 0,
    durationMs: 0,
    pids: stack.pids(worker),
  };
}

function summarizeRuns(
  runs: readonly { without: Run; with: Run }[],
  effort: EdgeEffort,
  costs: CommandCost[],
): EdgeFigures {
  const spread = (name: "without" | "with"): EdgeFigures["with"] => ({
    p50Ms: spreadOf(runs.map((run) => run[name].scheduled.latencyMs.p50)),
    p99Ms: spreadOf(runs.map((run) => run[name].scheduled.latencyMs.p99)),
    processorUs: spreadOf(runs.map((run) => processorUs(run[name].counted))),
  });
  return {
    ratePerSecond: RATE,
    requestsCounted: effort.edgeRequests,
    without: spread("without"),
    with: spread("with"),
    addedUs: spreadOf(runs.map((run) => processorUs(run.with.counted) - processorUs(run.without.counted))),
    costs,
  };
}

function processorUs({ processorMs, requests }: LoadResult): number {
  return (1000 * (processorMs["worker"] ?? Number.NaN)) / requests;
}
