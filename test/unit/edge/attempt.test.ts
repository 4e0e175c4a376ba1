import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isCounted, readAnswer, type EventResult } from "../../../src/edge/answer.ts";
import { asError, attemptOnce, backoffMs, type Attempt } from "../../../src/edge/attempt.ts";
import { answered, answerOf } from "../../support/edge-meter.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const recorded = answered([{ status: "recorded" }]);

test("attempt: hands over what the transport says, and leaves no timer", async () => {
  expect(await attemptOnce(async () => recorded, 10_000)).toBe(recorded);
  expect(vi.getTimerCount()).toBe(0);
});

test.each<[string, () => Promise<Attempt>, string]>([
  ["rejects", () => Promise.reject(new Error("connection lost")), "connection lost"],
  [
    "throws at once",
    () => {
      throw new Error("no binding");
    },
    "no binding",
  ],
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what a transport of one's own may do
  ["throws no error", () => Promise.reject("text"), "text"],
])("attempt: a transport that %s is unavailable", async (_, send, message) => {
  expect(await attemptOnce(send, 10_000)).toEqual({ kind: "unavailable", error: new Error(message) });
  expect(vi.getTimerCount()).toBe(0);
});

test("attempt: is aborted when its time is over, not before", async () => {
  const signals: AbortSignal[] = [];
  const attempt = attemptOnce((signal) => {
    signals.push(signal);
    return new Promise(() => undefined);
  }, 10_000);

  await vi.advanceTimersByTimeAsync(9_999);
  expect(signals[0]!.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  const error = new Error("no answer within 10000 ms");
  expect(await attempt).toEqual({ kind: "unavailable", error });
  expect(signals[0]!.reason).toEqual(error);
});

test("attempt: a transport that fails after its time is not heard any more", async () => {
  const late = Promise.withResolvers<Attempt>();
  const attempt = attemptOnce(() => late.promise, 10_000);
  await vi.advanceTimersByTimeAsync(10_000);
  late.reject(new Error("too late"));

  expect((await attempt).kind).toBe("unavailable");
});

test.each([
  [1, 0, undefined, 0],
  [1, 0.5, undefined, 250],
  [2, 0.5, undefined, 500],
  [5, 0.5, undefined, 4_000],
  [6, 0.5, undefined, 4_000],
  [60, 0.5, undefined, 4_000],
  [1, 0.5, 249, 250],
  [1, 0.5, 3_000, 3_000],
  [5, 0.5, 0, 4_000],
])("backoff: after %i attempts, at random %d, told %s: %i ms", (attempts, random, retryAfterMs, waitMs) => {
  expect(backoffMs(attempts, retryAfterMs, () => random)).toBe(waitMs);
});

test("error: what was thrown is an error afterwards", () => {
  const error = new TypeError("own");
  expect(asError(error)).toBe(error);
  expect([asError("text"), asError(undefined), asError(7)].map(({ message }) => message)).toEqual([
    "text",
    "undefined",
    "7",
  ]);
});

test.each<[EventResult["status"], boolean]>([
  ["recorded", true],
  ["duplicate", true],
  ["spooled", true],
  ["conflict", false],
  ["rejected", false],
])("answer: %s is counted: %s", (status, counted) => {
  expect(isCounted({ status })).toBe(counted);
});

test("answer: no result is not counted", () => {
  expect(isCounted(undefined)).toBe(false);
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["a text", "recorded"],
  ["an array", [{ status: "recorded" }]],
  ["no results", {}],
  ["results that are no list", { results: "recorded" }],
  ["a result too few", answerOf([])],
  ["a result too many", answerOf([{ status: "recorded" }, { status: "recorded" }])],
])("answer: %s is none", (_, answer) => {
  expect(readAnswer(answer, 1)).toBeUndefined();
});

test("answer: one with a result for each is taken as it is", () => {
  const answer = answerOf([{ status: "recorded" }]);
  expect(readAnswer(answer, 1)).toBe(answer);
});
