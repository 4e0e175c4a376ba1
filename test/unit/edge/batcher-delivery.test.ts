import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EventResult } from "../../../src/edge/answer.ts";
import {
  answered,
  refused,
  ScriptedMeter,
  START_MS,
  unavailable,
  type Step,
} from "../../support/edge-meter.ts";
import { Isolate, type Loss } from "../../support/isolate.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

interface Delivered {
  meter: ScriptedMeter;
  losses: Loss[];
}

/** Delivers a batch of rows for these customers, of which each is counted by a request of its own. */
async function deliver(steps: readonly Step[], customers = ["cus_a"]): Promise<Delivered> {
  const meter = new ScriptedMeter(steps);
  const isolate = new Isolate(meter);
  const all = Promise.all(customers.map((customerId) => isolate.count(customerId, { customerId })));
  await vi.runAllTimersAsync();
  await all;
  return { meter, losses: isolate.losses };
}

function times({ meter }: Delivered): number[] {
  return meter.seen.map(({ atMs }) => atMs);
}

function reports({ losses }: Delivered): [number, string, boolean][] {
  return losses.map(({ atMs, message, lost: { maybeApplied } }) => [atMs, message, maybeApplied]);
}

test("delivery: one attempt is enough when it is answered", async () => {
  const delivered = await deliver(["records"]);

  expect(times(delivered)).toEqual([1_000]);
  expect(reports(delivered)).toEqual([]);
});

test("delivery: tries again with the same id and bytes, later each time", async () => {
  const delivered = await deliver(["throws", unavailable("503"), "throws", "records"], ["cus_a", "cus_b"]);

  expect(times(delivered)).toEqual([1_000, 1_250, 1_750, 2_750]);
  expect(new Set(delivered.meter.seen.map(({ text }) => text)).size).toBe(1);
  expect(new Set(delivered.meter.seen.map(({ batch }) => batch)).size).toBe(1);
  expect(new Set(delivered.meter.seen.map(({ by }) => by))).toEqual(new Set(["cus_a"]));
  expect(reports(delivered)).toEqual([]);
});

test("delivery: ends with the sender's time, and may have been counted", async () => {
  const delivered = await deliver(Array.from({ length: 20 }, () => unavailable("the meter answered 503")));

  expect(times(delivered)).toEqual([
    1_000, 1_250, 1_750, 2_750, 4_750, 8_750, 12_750, 16_750, 20_750, 24_750,
  ]);
  expect(reports(delivered)).toEqual([
    [24_750, "not delivered in 10 attempts: the meter answered 503", true],
  ]);
});

test("delivery: waits as long as Retry-After says", async () => {
  expect(times(await deliver([unavailable("429", 3_000), "records"]))).toEqual([1_000, 4_000]);
});

test.each<[string, number, number[], [number, string, boolean][]]>([
  ["ends just before the sender's time", 23_999, [1_000, 24_999], []],
  ["outlasts it", 24_000, [1_000], [[1_000, "not delivered in 1 attempts: the meter answered 429", true]]],
])("delivery: a Retry-After that %s", async (_, retryAfterMs, attempts, lost) => {
  const delivered = await deliver([unavailable("the meter answered 429", retryAfterMs), "records"]);

  expect(times(delivered)).toEqual(attempts);
  expect(reports(delivered)).toEqual(lost);
});

test("delivery: an attempt that hangs is aborted and made again", async () => {
  const delivered = await deliver(["hangs", "records"]);

  expect(times(delivered)).toEqual([1_000, 11_250]);
  expect(delivered.meter.seen.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  expect(reports(delivered)).toEqual([]);
});

test("delivery: the last attempt takes no longer than the sender may stay", async () => {
  const delivered = await deliver(["hangs", "hangs", "hangs"]);

  expect(times(delivered)).toEqual([1_000, 11_250, 21_750]);
  expect(reports(delivered)).toEqual([
    [25_000, "not delivered in 3 attempts: no answer within 3250 ms", true],
  ]);
});

test("delivery: what is refused as a whole is not sent again, and not counted", async () => {
  const delivered = await deliver([refused("the meter answered 401")], ["cus_a", "cus_b"]);

  expect(times(delivered)).toEqual([1_000]);
  expect(reports(delivered)).toEqual([[1_000, "the meter answered 401", false]]);
  expect(delivered.losses[0]!.lost).toEqual({ ...delivered.meter.seen[0]!.batch, maybeApplied: false });
});

test.each<[string, Step]>([
  ["unavailable", unavailable("503")],
  ["lost", "throws"],
])("delivery: refused after an attempt that was %s, it may have been counted", async (_, first) => {
  const delivered = await deliver([first, refused("the meter answered 401")]);

  expect(reports(delivered)).toEqual([[1_250, "the meter answered 401", true]]);
});

test.each<[EventResult, string[]]>([
  [{ status: "recorded" }, []],
  [{ status: "duplicate" }, []],
  [{ status: "spooled" }, []],
  [{ status: "conflict", code: "event_conflict" }, ["conflict: event_conflict"]],
  [
    { status: "rejected", code: "unknown_metric", detail: "no meter of that name" },
    ["rejected: unknown_metric: no meter of that name"],
  ],
])("delivery: the result %j", async (result, messages) => {
  const delivered = await deliver([answered([result])]);

  expect(delivered.losses.map(({ message }) => message)).toEqual(messages);
  expect(times(delivered)).toEqual([1_000]);
});

test("delivery: only the rows that are not counted are reported, once, with the first reason", async () => {
  const results: EventResult[] = [
    { status: "recorded" },
    { status: "rejected", code: "too_late" },
    { status: "spooled" },
    { status: "conflict", code: "event_conflict" },
  ];
  const delivered = await deliver([unavailable("503"), answered(results)], ["a", "b", "c", "d"]);

  expect(reports(delivered)).toEqual([[1_250, "rejected: too_late", true]]);
  const { batch, usage } = delivered.losses[0]!.lost;
  expect(batch).toBe("batch-1");
  expect(usage.map(({ customerId }) => customerId)).toEqual(["b", "d"]);
});

test.each<[string, Step[], string, boolean]>([
  ["the first attempt, under an id of their own", [], "batch-2", false],
  ["one that was unavailable, under the batch's", [unavailable("503")], "batch-1", true],
  ["one whose answer was lost, under the batch's", ["throws"], "batch-1", true],
])("delivery: rejected rows are reported after %s", async (_, before, id, maybeApplied) => {
  const results: EventResult[] = [{ status: "recorded" }, { status: "rejected", code: "too_late" }];
  const { meter, losses } = await deliver([...before, answered(results)], ["a", "b"]);

  const [, row] = meter.seen[0]!.batch.usage;
  expect(losses.map(({ lost }) => lost)).toEqual([{ batch: id, usage: [row], maybeApplied }]);
});

test("delivery: a batch that is lost takes no other with it", async () => {
  const meter = new ScriptedMeter([refused("401"), "records"]);
  const isolate = new Isolate(meter);
  for (const request of ["a", "b"]) {
    const task = isolate.count(request);
    await vi.runAllTimersAsync();
    await task;
  }

  expect(meter.seen.map(({ batch: { batch } }) => batch)).toEqual(["batch-1", "batch-2"]);
  expect(isolate.losses.map(({ lost }) => lost.batch)).toEqual(["batch-1"]);
});
