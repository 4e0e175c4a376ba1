import { HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";
import type { Draft, Fate, Schedule, Step } from "./counting-schedule.ts";

const ONE: Draft = {
  customer: 0,
  metric: 0,
  units: 1n,
  region: undefined,
  id: 0,
  agoMs: 1000,
  flaw: undefined,
  isPlain: true,
};

/** Fates of the two attempts. */
const WELL: Fate[] = ["ok", "ok"];
const AWAY: Fate[] = ["before", "before"];

function send(draft: number, redis: Fate[] = WELL, worker = 0): Step {
  return {
    kind: "send",
    worker,
    form: "json",
    drafts: [draft],
    key: undefined,
    fates: { redis, spool: WELL },
  };
}

function example(drafts: Draft[], steps: Step[], changes: Partial<Schedule> = {}): Schedule {
  return { startsAfterMs: 0, lateEventHours: 24, isEmptying: false, drafts, steps, ...changes };
}

const FLUSH: Step = { kind: "flush", worker: 0, fate: "ok" };
const REPLAY: Step = { kind: "replay", worker: 0, fates: [], removals: [] };

/** Schedules that broke something once, or would break what was left out. */
export const EXAMPLES: [string, Schedule][] = [
  [
    "a call that hangs over a loss of Redis makes its bucket anew, not a life that the ledger knows",
    example(
      [ONE, { ...ONE, id: 1, units: 2n }, { ...ONE, id: 2, units: 4n }, { ...ONE, id: 3, units: 8n }],
      [
        send(0, ["late", "ok"]),
        send(1),
        FLUSH,
        { kind: "empty" },
        { kind: "settle", held: 0 },
        send(2),
        FLUSH,
        { kind: "check" },
        send(3),
      ],
      { isEmptying: true },
    ),
  ],
  [
    "an event five minutes ahead of a clock that is ahead, in the hour to come, is shown at once",
    example([{ ...ONE, agoMs: -5 * MINUTE_MS }], [send(0, WELL, 2), { kind: "check" }], {
      // 12:34:56.789 plus this is 11:54:56.789.
      startsAfterMs: 23 * HOUR_MS + 20 * MINUTE_MS,
    }),
  ],
  [
    "two contents under one id, one spooled and one counted meanwhile: the replay is a conflict",
    example([ONE, { ...ONE, units: 2n }], [send(0, AWAY), send(1), REPLAY, { kind: "check" }]),
  ],
  [
    "a batch replayed a day after its receipt, and a repeat of it after that: counts once",
    example(
      [
        { ...ONE, agoMs: 24 * HOUR_MS },
        { ...ONE, agoMs: undefined, id: 1 },
      ],
      [
        send(0, AWAY),
        send(1, AWAY),
        { kind: "wait", ms: 23 * HOUR_MS + 59 * MINUTE_MS },
        REPLAY,
        send(0),
        send(1),
        { kind: "wait", ms: 25 * HOUR_MS },
        send(1),
        { kind: "check" },
      ],
    ),
  ],
  [
    "a batch not replayed within its day: is kept and not counted, whatever comes after",
    example([ONE], [send(0, AWAY), { kind: "wait", ms: 25 * HOUR_MS }, REPLAY, send(0), REPLAY]),
  ],
  [
    "merged usage of the hour to come, again when its end is a day old, then spooled for a day: counts once",
    example(
      [{ ...ONE, agoMs: -5 * MINUTE_MS }],
      [
        { kind: "send", worker: 0, form: "batch", drafts: [0], key: 1, fates: { redis: WELL, spool: WELL } },
        { kind: "wait", ms: 25 * HOUR_MS + 3 * MINUTE_MS },
        { kind: "resend", worker: 0, request: 0, retimedMs: undefined, fates: { redis: AWAY, spool: WELL } },
        { kind: "wait", ms: 23 * HOUR_MS + 59 * MINUTE_MS },
        REPLAY,
        { kind: "check" },
      ],
      // 12:34:56.789 plus this is 12:55:30.
      { startsAfterMs: 20 * MINUTE_MS + 33_211 },
    ),
  ],
  [
    "every answer is lost, to the batch and to its spooling: repeats and replays count once",
    example(
      [ONE],
      [
        {
          kind: "send",
          worker: 0,
          form: "batch",
          drafts: [0, 0],
          key: 1,
          fates: { redis: ["after", "late"], spool: ["after", "after"] },
        },
        { kind: "replay", worker: 0, fates: ["after"], removals: [] },
        { kind: "replay", worker: 0, fates: [], removals: ["after"] },
        { kind: "resend", worker: 1, request: 0, retimedMs: undefined, fates: { redis: WELL, spool: WELL } },
        { kind: "settle", held: 0 },
        { kind: "check" },
      ],
    ),
  ],
];
