import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { Redis } from "ioredis";
import { serverVersions } from "../../bench/machine.ts";
import { fireCron, startCron } from "../../local/cron.ts";
import { localKeys } from "../../local/stores.ts";
import { MINUTE_MS } from "../../src/domain/window.ts";
import { startMeter, type RunningMeter } from "../support/running-meter.ts";
import { startAlertProbe, type AlertDelays } from "./alert-probe.ts";
import { readFlushRuns, type FlushRuns } from "./flush-runs.ts";
import type { SoakOptions } from "./options.ts";
import { reconcile, type Check } from "./reconcile.ts";
import { readKeyspace, usedMemory, type Keyspace } from "./redis-memory.ts";
import { sendSteadily, type SendProgress, type SendResult } from "./sender-process.ts";

const SEED = 1;
const EVERY_MINUTE = "* * * * *";
const LAST_FLUSHES = 2;

/** A figure over a run, looked at every 10 s and at its end. */
export interface Course {
  start: number;
  max: number;
  end: number;
}

export interface LoadFigures {
  startedAt: string;
  minutes: number;
  versions: { redis: string; workerd: string };
  /** Of the machine, over the run's last minute: what else works on it makes answers late. */
  loadAverage: number;
  answers: Omit<SendResult, "totals">;
  /** Upstash's, of the whole run: recording, flushing and looking. */
  commandsPerEvent: number;
  flush: FlushRuns;
  /** Triggers that were left out, as the last one still ran. */
  cronsLeftOut: number;
  /** The longest that `GET /readyz` has told of a bucket that waits. */
  maxFlushLagSeconds: number;
  redisBytes: Course;
  /** Of the growth that is not the buckets'. */
  bytesPerId: number;
  keyspace: Keyspace;
  /** The Worker's resident memory; undefined where there is no /proc. */
  workerBytes: Course | undefined;
  /** From a crossing event's answer to the first attempt to tell it. */
  alerts: AlertDelays;
  checks: Check[];
}

/** What is looked at while the load runs. */
interface Watch {
  redis: number[];
  worker: number[];
  lagSeconds: number[];
}

/** Runs the Worker on real stores under a steady load, then compares what came in with what is in the ledger. */
export async function runLoad(
  { minutes, rate }: SoakOptions,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<LoadFigures> {
  await using stack = new AsyncDisposableStack();
  const meter = await startMeter();
  stack.defer(meter.stop);
  const redis = new Redis(meter.stores.redis.url);
  stack.defer(() => redis.disconnect());
  const watch: Watch = { redis: [], worker: [], lagSeconds: [] };
  await look(meter, redis, watch);
  meter.stores.upstash.commands.reset();

  const probe = await startAlertProbe(meter);
  stack.defer(probe.stop);
  const crons = keepCrons(meter.worker.url);
  stack.defer(crons.stop);
  const startMs = Date.now();
  const result = await sendSteadily(
    {
      url: `${meter.worker.url}/v1/events`,
      key: localKeys.ingestKey,
      events: minutes * rate,
      ratePerSecond: rate / 60,
      seed: SEED,
    },
    (progress) => {
      look(meter, redis, watch).then(
        () => print(progressLine(Date.now() - startMs, progress, watch)),
        (error: unknown) => print(`cannot look: ${String(error)}`),
      );
    },
    signal,
  );
  const [loadAverage = 0] = loadavg();
  await probe.stopSending();
  await crons.stop();
  for (let flushes = 0; flushes < LAST_FLUSHES; flushes += 1) {
    await fireCron(meter.worker.url, EVERY_MINUTE, Date.now());
  }
  const { billed } = meter.stores.upstash.commands.read();
  await look(meter, redis, watch);
  const keyspace = await readKeyspace(redis, startMs, Date.now());
  const flush = await readFlushRuns(meter);
  const alerts = probe.read();
  const { totals: _, ...answers } = result;
  const redisBytes = courseOf(watch.redis);
  return {
    startedAt: new Date(startMs).toISOString(),
    minutes,
    versions: await serverVersions(redis),
    loadAverage: Math.round(loadAverage * 100) / 100,
    answers,
    commandsPerEvent: billed / result.sent,
    flush,
    cronsLeftOut: crons.printed.filter(isLeftOut).length,
    maxFlushLagSeconds: Math.max(...watch.lagSeconds),
    redisBytes,
    bytesPerId: (redisBytes.end - redisBytes.start - keyspace.bucketBytes) / keyspace.ids,
    keyspace,
    workerBytes: watch.worker.length === 0 ? undefined : courseOf(watch.worker),
    alerts: alerts.delays,
    checks: [...(await reconcile(meter, redis, result)), cronCheck(crons.printed, flush), alerts.check],
  };
}

/** Fires the crons as they are due; `stop` settles when none runs any more. */
function keepCrons(workerUrl: string): { printed: string[]; stop: () => Promise<void> } {
  const printed: string[] = [];
  const running = new Set<Promise<void>>();
  const stop = startCron({
    print: (line) => printed.push(line),
    fire: async (cron, timeMs) => {
      const run = fireCron(workerUrl, cron, timeMs);
      running.add(run);
      await run.finally(() => running.delete(run));
    },
  });
  return {
    printed,
    stop: async () => {
      stop();
      await Promise.allSettled(running);
    },
  };
}

/** One that is left out, or comes twice, changes nothing: the next does the work. */
function isLeftOut(line: string): boolean {
  return line.includes("left out");
}

function cronCheck(printed: readonly string[], { failed }: FlushRuns): Check {
  const differing = [...printed.filter((line) => !isLeftOut(line)), ...failed];
  return {
    what: "crons, or parts of them, that failed",
    left: differing.length,
    right: 0,
    isEqual: differing.length === 0,
    differing,
  };
}

async function look(meter: RunningMeter, redis: Redis, watch: Watch): Promise<void> {
  watch.redis.push(await usedMemory(redis));
  const resident = residentBytes(meter.worker.pid());
  if (resident !== undefined) {
    watch.worker.push(resident);
  }
  const readiness = await meter.send("GET", "/readyz");
  const { flushLagSeconds } = (readiness?.body ?? {}) as { flushLagSeconds?: number | null };
  watch.lagSeconds.push(flushLagSeconds ?? 0);
}

function courseOf(values: readonly number[]): Course {
  return { start: values[0] ?? Number.NaN, max: Math.max(...values), end: values.at(-1) ?? Number.NaN };
}

function residentBytes(pid: number | undefined): number | undefined {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

function progressLine(
  elapsedMs: number,
  { sent, acknowledged, latencyMs }: SendProgress,
  watch: Watch,
): string {
  const seconds = Math.floor((elapsedMs % MINUTE_MS) / 1000);
  return [
    `${Math.floor(elapsedMs / MINUTE_MS)}:${String(seconds).padStart(2, "0")}`,
    `${sent.toLocaleString("en")} sent, ${acknowledged.toLocaleString("en")} acknowledged`,
    `p50 ${latencyMs.p50.toFixed(1)} ms, p99 ${latencyMs.p99.toFixed(1)} ms`,
    `Redis ${((watch.redis.at(-1) ?? 0) / 1e6).toFixed(1)} MB`,
    `oldest bucket waits ${watch.lagSeconds.at(-1) ?? 0} s`,
  ].join("   ");
}
