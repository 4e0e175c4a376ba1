import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Attempt } from "../../../src/edge/attempt.ts";
import { OpenBatch } from "../../../src/edge/batch.ts";
import { MAX_FALLBACKS, MAX_HELD_ROWS } from "../../../src/edge/batcher.ts";
import { answered, ScriptedMeter, START_MS, unavailable } from "../../support/edge-meter.ts";
import { Isolate, names } from "../../support/isolate.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** What a batch counts, by customer. */
function counts(meter: ScriptedMeter): Record<string, number>[] {
  return meter.seen.map(({ batch }) =>
    Object.fromEntries(batch.usage.map(({ customerId, count }) => [customerId, count])),
  );
}

test("batcher: sends once, when the linger of the batch's first request is over", async () => {
  const meter = new ScriptedMeter();
  const isolate = new Isolate(meter);
  const first = isolate.count("a");
  await vi.advanceTimersByTimeAsync(999);
  const second = isolate.count("b", { value: 4 });
  expect(meter.seen).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all([first, second]);

  expect(meter.times).toEqual([[1_000, "a"]]);
  expect(meter.seen[0]!.batch).toEqual({
    batch: "batch-1",
    usage: [
      {
        customerId: "cus_acme",
        metricName: "api_calls",
        hour: "2026-11-23T12:00:00.000Z",
        count: 2,
        sum: 5,
        min: 1,
        max: 4,
        last: 4,
        lastAt: "2026-11-23T12:00:00.999Z",
      },
    ],
  });
  expect(isolate.losses).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test("batcher: what comes while a batch is on its way is of the next one", async () => {
  const answer = Promise.withResolvers<Attempt>();
  const meter = new ScriptedMeter([answer.promise]);
  const isolate = new Isolate(meter);
  const first = isolate.count("a");
  await vi.advanceTimersByTimeAsync(1_000);
  const second = isolate.count("b");
  await vi.advanceTimersByTimeAsync(1_000);
  answer.resolve(answered([{ status: "recorded" }]));
  await Promise.all([first, second]);

  expect(meter.seen.map(({ batch: { batch }, atMs }) => [batch, atMs])).toEqual([
    ["batch-1", 1_000],
    ["batch-2", 2_000],
  ]);
  expect(counts(meter)).toEqual([{ cus_acme: 1 }, { cus_acme: 1 }]);
});

test("batcher: nothing is sent for no one", async () => {
  const meter = new ScriptedMeter();
  const isolate = new Isolate(meter);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(meter.seen).toEqual([]);
  expect(isolate.losses).toEqual([]);
});

test("batcher: a full batch goes at once, with the request that filled it", async () => {
  const meter = new ScriptedMeter();
  const isolate = new Isolate(meter);
  const others = isolate.countAll(names(999), "early");
  await vi.advanceTimersByTimeAsync(300);
  expect(meter.seen).toEqual([]);
  const last = isolate.count("last", { customerId: "cus_999" });
  const next = isolate.count("next", { customerId: "cus_0" });
  await Promise.all([others, last]);

  expect(meter.times).toEqual([[300, "last"]]);
  expect(meter.seen[0]!.batch.usage).toHaveLength(1000);
  await vi.advanceTimersByTimeAsync(1_000);
  await next;
  expect(counts(meter)[1]).toEqual({ cus_0: 1 });
  expect(meter.times[1]).toEqual([1_300, "next"]);
});

test("batcher: without a linger each request's usage goes by itself, at once", async () => {
  const answer = Promise.withResolvers<Attempt>();
  const meter = new ScriptedMeter([answer.promise]);
  const isolate = new Isolate(meter, { lingerMs: 0 });
  const tasks = [isolate.count("a"), isolate.count("b"), isolate.count("c", { value: 7 })];

  expect(meter.times).toEqual([
    [0, "a"],
    [0, "b"],
    [0, "c"],
  ]);
  expect(meter.seen.map(({ batch: { batch, usage } }) => [batch, usage.length, usage[0]!.sum])).toEqual([
    ["batch-1", 1, 1],
    ["batch-2", 1, 1],
    ["batch-3", 1, 7],
  ]);
  answer.resolve(answered([{ status: "recorded" }]));
  await Promise.all(tasks);
  expect(vi.getTimerCount()).toBe(0);
});

test("batcher: at most so many requests stay for a batch; the others are merged and go", async () => {
  const meter = new ScriptedMeter();
  const isolate = new Isolate(meter);
  const tasks = names(MAX_FALLBACKS + 3, "request").map((request) => isolate.count(request));
  await vi.advanceTimersByTimeAsync(999);

  expect(isolate.gone).toEqual([64, 65, 66].map((number) => `request_${number}`));
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all(tasks);
  expect(counts(meter)).toEqual([{ cus_acme: MAX_FALLBACKS + 3 }]);
  expect(meter.times).toEqual([[1_000, "request_0"]]);
});

test("batcher: a wait that is over leaves nothing behind", async () => {
  const freeze = vi.spyOn(OpenBatch.prototype, "freeze");
  const answer = Promise.withResolvers<Attempt>();
  const isolate = new Isolate(new ScriptedMeter([unavailable("503"), answer.promise]));
  const tasks = ["a", "b", "c"].map((request) => isolate.count(request));
  await vi.advanceTimersByTimeAsync(1_000);
  const { waiting } = freeze.mock.contexts[0] as OpenBatch;
  // The sender between its attempts, and the two that stay.
  expect(waiting.size).toBe(3);
  await vi.advanceTimersByTimeAsync(250);
  expect(waiting.size).toBe(2);
  answer.resolve(answered([{ status: "recorded" }]));
  await Promise.all(tasks);

  expect([waiting.size, vi.getTimerCount()]).toEqual([0, 0]);
});

test("batcher: no more rows are held than the bound; what comes on top is reported at once", async () => {
  const answer = Promise.withResolvers<Attempt>();
  const meter = new ScriptedMeter([answer.promise, ...Array.from({ length: 19 }, () => "hangs" as const)]);
  const isolate = new Isolate(meter);
  const first = isolate.count("first");
  await vi.advanceTimersByTimeAsync(1_000);
  void isolate.countAll(names(MAX_HELD_ROWS - 1), "many");
  expect(meter.seen.map(({ batch }) => batch.usage.length)).toEqual([
    1,
    ...Array.from({ length: 19 }, () => 1000),
  ]);

  await isolate.count("above", { customerId: "cus_above", value: 3 });
  const error = "too many rows are waiting";
  expect(isolate.losses.map(({ by, message }) => [by, message])).toEqual([["above", error]]);
  expect(isolate.losses[0]!.lost).toMatchObject({
    maybeApplied: false,
    usage: [{ customerId: "cus_above", count: 1, sum: 3 }],
  });

  // A row that is open takes more.
  void isolate.count("merged", { customerId: `cus_${MAX_HELD_ROWS - 2}` });
  expect(isolate.losses).toHaveLength(1);

  // What is settled makes room.
  answer.resolve(answered([{ status: "recorded" }]));
  await first;
  void isolate.count("again", { customerId: "cus_above" });
  expect(isolate.losses).toHaveLength(1);
  await isolate.count("above again", { customerId: "cus_other" });
  expect(isolate.losses).toHaveLength(2);
});

test("batcher: an id that cannot be made leaves the batcher as it was", async () => {
  const meter = new ScriptedMeter();
  let ids = 0;
  const isolate = new Isolate(meter, {
    randomId: () => {
      ids += 1;
      if (ids === 1) {
        throw new Error("no id");
      }
      return `batch-${ids}`;
    },
  });
  await expect(isolate.count("a")).rejects.toThrow("no id");
  const second = isolate.count("b");
  await vi.advanceTimersByTimeAsync(1_000);
  await second;

  expect(counts(meter)).toEqual([{ cus_acme: 1 }]);
});
