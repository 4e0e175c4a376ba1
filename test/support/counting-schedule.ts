import * as fc from "fast-check";
import { MAX_COUNTED } from "../../src/domain/event.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";

/**
 * What becomes of one call to a store.
 *
 * `before` is lost, `after` is applied and its answer lost, `refused` is answered with an error; `hang` times out and
 * `late` loses its connection, and both are applied later, or never.
 */
export type Fate = "ok" | "before" | "after" | "refused" | "hang" | "late";
export type Form = "json" | "cloud" | "batch";

/** An event before it is sent; its time is fixed when it is first sent, relative to the receipt. */
export interface Draft {
  customer: number;
  /** Index of a meter; one past the last is no meter at all. */
  metric: number;
  units: bigint;
  region: string | undefined;
  id: number | undefined;
  agoMs: number | undefined;
  flaw: "precise" | "malformed" | undefined;
  /** Whether its time is sent as text and its small value as a number. */
  isPlain: boolean;
}

/** What the stores do to a request: two attempts at each. */
interface Fates {
  redis: Fate[];
  spool: Fate[];
}

export type Step =
  | { kind: "send"; worker: number; form: Form; drafts: number[]; key: number | undefined; fates: Fates }
  | { kind: "resend"; worker: number; request: number; retimedMs: number | undefined; fates: Fates }
  | { kind: "wait"; ms: number }
  | { kind: "replay"; worker: number; fates: Fate[]; removals: Fate[] }
  | { kind: "flush"; worker: number; fate: "ok" | "before" | "after" }
  | { kind: "settle"; held: number }
  | { kind: "away" | "back" | "empty" | "forget-scripts" | "check" };

/** A random life of the counters, in an order that can be played again. */
export interface Schedule {
  startsAfterMs: number;
  lateEventHours: number;
  /** Whether Redis is emptied in it; flushes are whole then, so that what they saved is known. */
  isEmptying: boolean;
  drafts: Draft[];
  steps: Step[];
}

/** The workers' clocks against the true time. */
export const CLOCKS_MS = [0, -4000, 7000] as const;

const anyWorker = fc.nat(CLOCKS_MS.length - 1);

const anyDraft: fc.Arbitrary<Draft> = fc.record({
  customer: fc.nat(2),
  metric: fc.oneof({ weight: 12, arbitrary: fc.nat(5) }, { weight: 2, arbitrary: fc.constantFrom(5, 6) }),
  units: fc.oneof(
    { weight: 8, arbitrary: fc.bigInt(0n, 12n) },
    { weight: 1, arbitrary: fc.constantFrom(1n, 10n, 1000n) },
    { weight: 2, arbitrary: fc.oneof(fc.bigInt(-9n, -1n), fc.bigInt(0n, 5000n)) },
    { weight: 1, arbitrary: fc.constantFrom(MAX_COUNTED, MAX_COUNTED - 1n, 2n ** 52n) },
  ),
  region: fc.constantFrom(undefined, undefined, "eu", "\u2028\"'%:日本"),
  id: fc.oneof(fc.constant(undefined), fc.nat(9)),
  agoMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 4, arbitrary: fc.constantFrom(0, 1000, 10 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS) },
    { weight: 2, arbitrary: fc.constantFrom(23, 24, 1, 3).map((hours) => hours * HOUR_MS - 1) },
    { weight: 1, arbitrary: fc.constantFrom(24, 1, 3).map((hours) => hours * HOUR_MS) },
    { weight: 1, arbitrary: fc.constantFrom(24 * HOUR_MS + 1, -5 * MINUTE_MS, -5 * MINUTE_MS - 1) },
  ),
  flaw: fc.oneof(
    { weight: 15, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom("precise" as const, "malformed" as const) },
  ),
  isPlain: fc.boolean(),
});

const anyFate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 9, arbitrary: fc.constant<Fate>("ok") },
  { weight: 5, arbitrary: fc.constantFrom<Fate>("before", "after", "refused", "hang", "late") },
);

/** Of what follows a failure. */
const anyRepeatedFate: fc.Arbitrary<Fate> = fc.oneof(fc.constant<Fate>("ok"), anyFate, anyFate);

const anyFates: fc.Arbitrary<Fates> = fc.record({
  redis: fc.tuple(anyFate, anyRepeatedFate),
  spool: fc.tuple(anyFate, anyRepeatedFate),
});

const anySend = fc.record({
  kind: fc.constant("send" as const),
  worker: anyWorker,
  form: fc.constantFrom("json" as const, "json" as const, "cloud" as const, "batch" as const),
  drafts: fc.array(fc.nat(99), { minLength: 1, maxLength: 6 }),
  key: fc.option(fc.nat(3), { nil: undefined }),
  fates: anyFates,
});

const anyResend = fc.record({
  kind: fc.constant("resend" as const),
  worker: anyWorker,
  request: fc.nat(99),
  retimedMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(0, HOUR_MS, 20 * HOUR_MS) },
  ),
  fates: anyFates,
});

const anyWait = fc.record({
  kind: fc.constant("wait" as const),
  ms: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(1000, 20_000, MINUTE_MS, 7 * MINUTE_MS, 40 * MINUTE_MS) },
    { weight: 2, arbitrary: fc.constantFrom(11, 23, 25, 49, 60).map((hours) => hours * HOUR_MS) },
  ),
});

const anyReplay = fc.record({
  kind: fc.constant("replay" as const),
  worker: anyWorker,
  fates: fc.array(fc.oneof(anyFate, fc.constant<Fate>("refused")), { minLength: 1, maxLength: 4 }),
  removals: fc.array(anyFate, { maxLength: 3 }),
});

const anyFlush = fc.record({
  kind: fc.constant("flush" as const),
  worker: anyWorker,
  fate: fc.constantFrom("ok" as const, "ok" as const, "before" as const, "after" as const),
});

const anyEvent: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: "check" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "away" as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: "back" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "empty" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "forget-scripts" as const }) },
);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: anySend },
  { weight: 8, arbitrary: anyResend },
  { weight: 5, arbitrary: anyWait },
  { weight: 3, arbitrary: anyReplay },
  { weight: 2, arbitrary: anyFlush },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("settle" as const), held: fc.nat(9) }),
  },
  { weight: 4, arbitrary: anyEvent },
);

/** Any schedule: about 11 requests, and what happens between them. */
export const anySchedule: fc.Arbitrary<Schedule> = fc.record({
  startsAfterMs: fc.nat(24 * HOUR_MS),
  lateEventHours: fc.constantFrom(24, 24, 1, 3),
  isEmptying: fc.constantFrom(false, false, true),
  drafts: fc.array(anyDraft, { minLength: 8, maxLength: 16, size: "max" }),
  steps: fc.array(anyStep, { minLength: 12, maxLength: 30, size: "max" }),
});
