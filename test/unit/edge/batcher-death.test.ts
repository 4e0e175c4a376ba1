import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Attempt } from "../../../src/edge/attempt.ts";
import { answered, refused, ScriptedMeter, START_MS, unavailable } from "../../support/edge-meter.ts";
import { Isolate } from "../../support/isolate.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** When a sender that died with its attempt, made at 1 s, is not waited for any more: 10 s of an attempt and 1 s. */
const TAKEN_OVER_MS = 12_000;

/** What the meter saw: when, from whom, which batch, how many increments in it. */
function seen(meter: ScriptedMeter): [number, string, string, number][] {
  return meter.seen.map(({ atMs, by, batch: { batch, usage } }) => [
    atMs,
    by,
    batch,
    usage.reduce((sum, { count }) => sum + count, 0),
  ]);
}

test("death: another takes over from a sender that died with its attempt, under the same id and bytes", async () => {
  const meter = new ScriptedMeter(["hangs", "records"]);
  const isolate = new Isolate(meter);
  void isolate.count("a");
  const survivor = isolate.count("b");
  await vi.advanceTimersByTimeAsync(1_000);
  isolate.kill("a");
  await vi.advanceTimersByTimeAsync(TAKEN_OVER_MS - 1_001);
  expect(isolate.gone).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await survivor;

  expect(seen(meter)).toEqual([
    [1_000, "a", "batch-1", 2],
    [TAKEN_OVER_MS, "b", "batch-1", 2],
  ]);
  expect(meter.seen[1]!.text).toBe(meter.seen[0]!.text);
  expect(isolate.losses).toEqual([]);
  expect(isolate.gone).toEqual(["b"]);
});

test("death: another takes over from a sender that died between two attempts", async () => {
  const meter = new ScriptedMeter([unavailable("503", 3_000), "records"]);
  const isolate = new Isolate(meter);
  void isolate.count("a");
  const survivor = isolate.count("b");
  await vi.advanceTimersByTimeAsync(1_000);
  isolate.kill("a");
  // The wait that the meter asked for, and a second.
  await vi.advanceTimersByTimeAsync(4_000);
  await survivor;

  expect(seen(meter)).toEqual([
    [1_000, "a", "batch-1", 2],
    [5_000, "b", "batch-1", 2],
  ]);
});

test("death: of those that stay only one takes over", async () => {
  const meter = new ScriptedMeter(["hangs", "hangs", "records"]);
  const isolate = new Isolate(meter);
  void isolate.count("a");
  const others = [isolate.count("b"), isolate.count("c"), isolate.count("d")];
  await vi.advanceTimersByTimeAsync(1_000);
  isolate.kill("a");
  await vi.advanceTimersByTimeAsync(TAKEN_OVER_MS - 1_000);
  expect(meter.times).toEqual([
    [1_000, "a"],
    [TAKEN_OVER_MS, "b"],
  ]);
  isolate.kill("b");
  await vi.advanceTimersByTimeAsync(11_000);
  await Promise.all(others.slice(1));

  expect(meter.times.slice(2)).toEqual([[23_000, "c"]]);
  expect(isolate.losses).toEqual([]);
});

test("death: whoever wakes sends when the first is dead by then", async () => {
  const meter = new ScriptedMeter();
  const isolate = new Isolate(meter);
  void isolate.count("a");
  const survivor = isolate.count("b");
  isolate.kill("a");
  await vi.advanceTimersByTimeAsync(1_000);
  await survivor;

  expect(seen(meter)).toEqual([[1_000, "b", "batch-1", 2]]);
});

test("death: what a dead sender's attempt did is not known, so a refusal afterwards says maybe", async () => {
  const meter = new ScriptedMeter(["hangs", refused("the meter answered 401")]);
  const isolate = new Isolate(meter);
  void isolate.count("a");
  const survivor = isolate.count("b");
  await vi.advanceTimersByTimeAsync(1_000);
  isolate.kill("a");
  await vi.runAllTimersAsync();
  await survivor;

  expect(isolate.losses.map(({ by, message, lost }) => [by, message, lost.maybeApplied])).toEqual([
    ["b", "the meter answered 401", true],
  ]);
});

test("death: the next request adopts a batch whose requests all died unsent, with its own increment in it", async () => {
  const meter = new ScriptedMeter();
  const isolate = new Isolate(meter);
  void isolate.count("a");
  void isolate.count("b");
  isolate.kill("a", "b");
  await vi.advanceTimersByTimeAsync(2_000);
  // A second after its moment it is not yet given up.
  void isolate.count("c");
  isolate.kill("c");
  expect(meter.seen).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  const adopter = isolate.count("d");
  await vi.runAllTimersAsync();
  await adopter;

  expect(seen(meter)).toEqual([[2_001, "d", "batch-1", 4]]);
  expect(isolate.losses).toEqual([]);
});

test("death: the next request adopts a batch whose sender and fallbacks died, and sends its own beside it", async () => {
  const meter = new ScriptedMeter(["hangs"]);
  const isolate = new Isolate(meter);
  void isolate.count("a");
  void isolate.count("b");
  await vi.advanceTimersByTimeAsync(1_000);
  isolate.kill("a", "b");
  await vi.advanceTimersByTimeAsync(TAKEN_OVER_MS);
  const early = isolate.count("c");
  expect(meter.seen).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  const adopter = isolate.count("d");
  await vi.runAllTimersAsync();
  await Promise.all([early, adopter]);

  expect(seen(meter)).toEqual([
    [1_000, "a", "batch-1", 2],
    [TAKEN_OVER_MS + 1_001, "d", "batch-1", 2],
    [TAKEN_OVER_MS + 2_000, "c", "batch-2", 2],
  ]);
  expect(meter.seen[1]!.text).toBe(meter.seen[0]!.text);
});

test("death: a batch is adopted also when others before it were settled", async () => {
  const meter = new ScriptedMeter();
  const isolate = new Isolate(meter);
  const settled = isolate.count("a");
  await vi.runAllTimersAsync();
  await settled;
  void isolate.count("b");
  isolate.kill("b");
  await vi.advanceTimersByTimeAsync(2_001);
  const adopter = isolate.count("c");
  await adopter;

  expect(seen(meter)).toEqual([
    [1_000, "a", "batch-1", 1],
    [3_001, "c", "batch-2", 2],
  ]);
});

test("death: an adopted batch is tried as long as its adopter may stay", async () => {
  const meter = new ScriptedMeter(Array.from({ length: 20 }, () => "hangs" as const));
  const isolate = new Isolate(meter);
  void isolate.count("a");
  isolate.kill("a");
  await vi.advanceTimersByTimeAsync(40_000);
  const adopter = isolate.count("b", {}, 5_000);
  await vi.runAllTimersAsync();
  await adopter;

  expect(isolate.losses.map(({ atMs, by, message, lost }) => [atMs, by, message, lost.maybeApplied])).toEqual(
    [[45_000, "b", "not delivered in 1 attempts: no answer within 5000 ms", true]],
  );
});

test("death: a request that may stay no longer leaves the batch to the others", async () => {
  const meter = new ScriptedMeter(["hangs", "records"]);
  const isolate = new Isolate(meter);
  void isolate.count("a");
  const short = isolate.count("short", {}, 5_000);
  const long = isolate.count("long");
  await vi.advanceTimersByTimeAsync(1_000);
  isolate.kill("a");
  await vi.runAllTimersAsync();
  await Promise.all([short, long]);

  expect(meter.times).toEqual([
    [1_000, "a"],
    [TAKEN_OVER_MS, "long"],
  ]);
  expect(isolate.losses).toEqual([]);
});

test.each<[string, Attempt, Attempt, number]>([
  ["counted it", answered([{ status: "recorded" }]), refused("401"), 0],
  ["reported it", refused("401"), answered([{ status: "rejected" }]), 1],
  ["reported a row", answered([{ status: "rejected" }]), answered([{ status: "rejected" }]), 1],
])(
  "death: a reply to one that was taken for dead reports nothing when another %s",
  async (_, settling, late, lost) => {
    const reply = Promise.withResolvers<Attempt>();
    const meter = new ScriptedMeter([reply.promise, settling]);
    const isolate = new Isolate(meter);
    const slow = isolate.count("a");
    const survivor = isolate.count("b");
    await vi.advanceTimersByTimeAsync(1_000);
    isolate.kill("a");
    await vi.advanceTimersByTimeAsync(TAKEN_OVER_MS - 1_000);
    await survivor;
    expect(isolate.losses).toHaveLength(lost);
    reply.resolve(late);
    await slow;

    expect(isolate.losses).toHaveLength(lost);
    expect(meter.seen).toHaveLength(2);
  },
);

test("death: a late reply of one that was taken for dead settles the batch for the one that took over", async () => {
  const reply = Promise.withResolvers<Attempt>();
  const meter = new ScriptedMeter([reply.promise, unavailable("503", 5_000), "records"]);
  const isolate = new Isolate(meter);
  const slow = isolate.count("a");
  const survivor = isolate.count("b");
  await vi.advanceTimersByTimeAsync(1_000);
  isolate.kill("a");
  await vi.advanceTimersByTimeAsync(TAKEN_OVER_MS - 1_000);
  reply.resolve(answered([{ status: "recorded" }]));
  await Promise.all([slow, survivor]);

  expect(meter.seen).toHaveLength(2);
  expect(isolate.losses).toEqual([]);
});
