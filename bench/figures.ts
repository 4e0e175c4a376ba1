import { SHAPES, type Contender, type Shape } from "./contenders.ts";
import type { LoadResult } from "./load-job.ts";
import { RATES, type Round } from "./rounds.ts";
import { spreadOf, type Spread } from "./statistics.ts";

/** One contender as fast as it goes. */
export interface Speed {
  shape: Shape;
  name: string;
  label: string;
  /** Events, or merged rows, a second. */
  perSecond: Spread;
  /** Percent of the shape's reference in the same run. */
  percentOfReference: Spread;
  /** Processor time of one request in each process, median, in µs. */
  processorUs: Record<string, number>;
}

/** One contender on a schedule, single events. */
export interface Latency {
  name: string;
  label: string;
  ratePerSecond: number;
  p50Ms: Spread;
  p99Ms: Spread;
  sendLagP99Ms: Spread;
  processorUs: Record<string, number>;
}

/** Where the time of one request goes, medians in µs. */
export interface SplitFigures {
  shape: Shape;
  parseUs: number;
  validateUs: number;
  /** On the raw socket, as it is and in the local endpoint's wrapper. */
  scriptUs: number;
  wrappedScriptUs: number;
}

export interface Target {
  what: string;
  atLeastPercent: number;
  percent: Spread;
  isMet: boolean;
}

/** Medians over the rounds, ratios within each. */
export interface Figures {
  speeds: Speed[];
  latencies: Latency[];
  split: SplitFigures[];
  targets: Target[];
  /** Processor time of a single event in the Worker beyond that of a hello, in µs, by how it was loaded. */
  workerUsBeyondHello: Record<string, Spread>;
  /** The busiest the load process has been, in percent of a core. */
  clientMaxPercent: number;
}

/** What a shape is compared with. */
export const REFERENCES: Record<Shape, string> = { single: "hincrby", events: "script", merged: "script" };
const AT_LEAST_PERCENT: Record<Shape, number> = { single: 60, events: 25, merged: 25 };
const TARGET_TEXTS: Record<Shape, string> = {
  single: "single events, of a Worker with one bare HINCRBY",
  events: "100 events with ids, of the same script on a raw socket",
  merged: "100 merged rows, of the same script on a raw socket",
};

/** Sums rounds up; each has to have measured all contenders. */
export function summarize(rounds: readonly Round[], all: readonly Contender[]): Figures {
  const speeds = all.map((contender) => speedOf(rounds, contender));
  return {
    speeds,
    latencies: RATES.flatMap((rate) => latenciesAt(rounds, all, rate)),
    split: SHAPES.map((shape) => splitOf(rounds, shape)),
    targets: SHAPES.map((shape) => targetOf(speeds, shape)),
    workerUsBeyondHello: beyondHello(rounds),
    clientMaxPercent: Math.max(...rounds.flatMap(allResults).map(clientPercent)),
  };
}

function speedOf(rounds: readonly Round[], { shape, name, label, size }: Contender): Speed {
  const results = rounds.map((round) => fastest(round, shape, name));
  const references = rounds.map((round) => fastest(round, shape, REFERENCES[shape]));
  const percents = results.map(
    (result, index) => (100 * requestRate(result)) / requestRate(references[index]!),
  );
  return {
    shape,
    name,
    label,
    perSecond: spreadOf(results.map((result) => requestRate(result) * size)),
    percentOfReference: spreadOf(percents),
    processorUs: processorUs(results),
  };
}

function latenciesAt(rounds: readonly Round[], all: readonly Contender[], rate: number): Latency[] {
  return all.flatMap(({ shape, name, label }) => {
    const results = rounds.flatMap((round) => round.scheduled[`${name}@${rate}`] ?? []);
    if (shape !== "single" || results.length === 0) {
      return [];
    }
    return {
      name,
      label,
      ratePerSecond: rate,
      p50Ms: spreadOf(results.map(({ latencyMs }) => latencyMs.p50)),
      p99Ms: spreadOf(results.map(({ latencyMs }) => latencyMs.p99)),
      sendLagP99Ms: spreadOf(results.map(({ sendLagMs }) => sendLagMs.p99)),
      processorUs: processorUs(results),
    };
  });
}

function splitOf(rounds: readonly Round[], shape: Shape): SplitFigures {
  const callUs = (name: string): number =>
    spreadOf(rounds.map((round) => 1e6 / requestRate(fastest(round, shape, name)))).median;
  return {
    shape,
    parseUs: spreadOf(rounds.map(({ split }) => split[shape].parseUs)).median,
    validateUs: spreadOf(rounds.map(({ split }) => split[shape].validateUs)).median,
    scriptUs: callUs("script"),
    wrappedScriptUs: callUs("script-wrapped"),
  };
}

function targetOf(speeds: readonly Speed[], shape: Shape): Target {
  const ours = speeds.find((speed) => speed.shape === shape && speed.name === "ours");
  const percent = ours?.percentOfReference ?? spreadOf([]);
  const atLeastPercent = AT_LEAST_PERCENT[shape];
  return { what: TARGET_TEXTS[shape], atLeastPercent, percent, isMet: percent.median >= atLeastPercent };
}

function beyondHello(rounds: readonly Round[]): Record<string, Spread> {
  const loads: [string, (round: Round, name: string) => LoadResult | undefined][] = [
    ["as fast as it goes", (round, name) => round.fastest[`single/${name}`]],
    ...RATES.map((rate): (typeof loads)[number] => [
      `at ${rate}/s`,
      (round, name) => round.scheduled[`${name}@${rate}`],
    ]),
  ];
  return Object.fromEntries(
    loads.map(([load, find]) => {
      const differences = rounds.map(
        (round) => workerUs(find(round, "ours")) - workerUs(find(round, "hello")),
      );
      return [load, spreadOf(differences)];
    }),
  );
}

function fastest(round: Round, shape: Shape, name: string): LoadResult {
  const result = round.fastest[`${shape}/${name}`];
  if (result === undefined) {
    throw new Error(`${shape}/${name} was not measured`);
  }
  return result;
}

function requestRate({ requests, seconds }: LoadResult): number {
  return requests / seconds;
}

function workerUs(result: LoadResult | undefined): number {
  const usedMs = result?.processorMs["worker"];
  return result === undefined || usedMs === undefined ? Number.NaN : (1000 * usedMs) / result.requests;
}

function processorUs(results: readonly LoadResult[]): Record<string, number> {
  const names = Object.keys(results[0]?.processorMs ?? {});
  return Object.fromEntries(
    names.map((name) => [
      name,
      spreadOf(results.map(({ processorMs, requests }) => (1000 * (processorMs[name] ?? 0)) / requests))
        .median,
    ]),
  );
}

function allResults(round: Round): LoadResult[] {
  return [...Object.values(round.fastest), ...Object.values(round.scheduled)];
}

function clientPercent({ processorMs, seconds }: LoadResult): number {
  return (processorMs["client"] ?? 0) / (10 * seconds);
}
