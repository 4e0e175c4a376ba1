import type { Machine } from "../../bench/machine.ts";
import { formatTable } from "../../local/demo/table.ts";
import type { Course, LoadFigures } from "./run-load.ts";
import type { SoakOptions } from "./options.ts";
import type { PlayedSuite } from "./schedules.ts";

/** All that a soak has found. */
export interface SoakReport {
  machine: Machine;
  options: SoakOptions;
  schedules: PlayedSuite[];
  load: LoadFigures;
}

/** Whether every schedule held and every figure agrees. */
export function isSound({ schedules, load }: SoakReport): boolean {
  return schedules.every(({ hasPassed }) => hasPassed) && load.checks.every(({ isEqual }) => isEqual);
}

/** Tables for people. */
export function printReport(report: SoakReport): string {
  const { schedules, load, machine } = report;
  const differing = load.checks.flatMap((check) => check.differing);
  return [
    `\n${machine.processor}, ${machine.cores} cores, load ${machine.loadAverage} before, ${load.loadAverage} after; `,
    `Redis ${load.versions.redis}, workerd ${load.versions.workerd}, Node ${machine.node}\n`,
    ...(schedules.length === 0 ? [] : ["\nRandom schedules\n", printSchedules(schedules)]),
    `\nLoad of ${load.minutes} min at ${report.options.rate.toLocaleString("en")} events a minute\n`,
    formatTable(["figure", "value", ""], figureRows(load)),
    "\nReconciliation\n",
    formatTable(
      ["", "left", "right", ""],
      load.checks.map(({ what, left, right, isEqual }) => [
        what,
        shown(left),
        shown(right),
        isEqual ? "equal" : "DIFFERS",
      ]),
    ),
    ...differing.map((line) => `  ${line}\n`),
  ].join("");
}

function printSchedules(schedules: readonly PlayedSuite[]): string {
  return formatTable(
    ["test", "schedules", "seconds", ""],
    schedules.map(({ file, schedules: numbers, seconds, hasPassed }) => [
      file,
      Object.values(numbers)
        .map((number) => number.toLocaleString("en"))
        .join(" + "),
      String(seconds),
      hasPassed ? "held" : "FAILED",
    ]),
  );
}

function figureRows(load: LoadFigures): string[][] {
  const { answers, flush, keyspace, redisBytes, workerBytes } = load;
  const rows: [string, string, string][] = [
    ["events sent", shown(answers.sent), `${shown(answers.repeats)} sent again`],
    ...Object.entries(answers.acknowledged).map(([said, count]): [string, string, string] => [
      `answered ${said}`,
      shown(count),
      "",
    ]),
    ["answer p50, ms", answers.latencyMs.p50.toFixed(2), "from when it was due; the first 10 s left out"],
    ["answer p99, ms", answers.latencyMs.p99.toFixed(2), `max ${answers.latencyMs.max.toFixed(1)}`],
    ["commands per event", load.commandsPerEvent.toFixed(3), "flushes and looks included"],
    ["flush lag p99, s", inSeconds(flush.lagMs.p99), `max ${inSeconds(flush.lagMs.max)}; ${flush.runs} runs`],
    [
      "flush took p99, s",
      inSeconds(flush.tookMs.p99),
      `max ${inSeconds(flush.tookMs.max)}; ${load.cronsLeftOut} triggers left out`,
    ],
    [
      "alert delay p50, s",
      inSeconds(load.alerts.p50),
      `max ${inSeconds(load.alerts.max)}; from the crossing event's answer to the first attempt, ${shown(load.alerts.crossed)} of them`,
    ],
    ["buckets flushed", shown(flush.buckets), `of ${shown(keyspace.buckets)} customer-hours`],
    ["oldest dirty bucket, s", shown(load.maxFlushLagSeconds), "longest that /readyz has told"],
    ["Redis memory, MB", megabytes(redisBytes.end), courseNote(redisBytes)],
    ["bytes per remembered id", load.bytesPerId.toFixed(1), `${shown(keyspace.ids)} ids`],
    [
      "bytes per bucket",
      (keyspace.bucketBytes / keyspace.buckets).toFixed(0),
      `${shown(keyspace.buckets)} buckets`,
    ],
  ];
  if (workerBytes !== undefined) {
    rows.push(["Worker memory, MB", megabytes(workerBytes.end), courseNote(workerBytes)]);
  }
  return rows;
}

function courseNote({ start, max }: Course): string {
  return `at the end; ${megabytes(start)} at the start, max ${megabytes(max)}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function shown(value: number | string): string {
  return typeof value === "number" ? value.toLocaleString("en") : value;
}
