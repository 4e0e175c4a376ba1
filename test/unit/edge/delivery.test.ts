import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  ATTEMPT_TIMEOUT_MS,
  BACKOFF_MS,
  deliver,
  DELIVERY_BUDGET_MS,
  MAX_ATTEMPTS,
} from "../../../src/edge/delivery.ts";
import type { EventResult, UsageEvent } from "../../../src/edge/event.ts";
import type { Attempt, Transport } from "../../../src/edge/transport.ts";

const START_MS = Date.parse("2026-11-23T12:00:00.000Z");

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const event: UsageEvent = {
  id: "id-1",
  customerId: "cus_acme",
  metricName: "api_calls",
  value: 1,
  timestamp: "2026-11-23T12:00:00.000Z",
};

function unavailable(message: string, retryAfterMs?: number): Attempt {
  return {
    kind: "unavailable",
    error: new Error(message),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

const recorded: Attempt = { kind: "answered", results: [{ status: "recorded" }] };

/** Plays the attempts in order and notes when each was made, in ms since the start, and with what. */
function scripted(attempts: (Attempt | "throws" | "hangs")[]) {
  const calls: { atMs: number; events: UsageEvent[]; signal: AbortSignal }[] = [];
  const transport: Transport = {
    async send(events, signal) {
      calls.push({ atMs: Date.now() - START_MS, events: structuredClone(events), signal });
      const attempt = attempts[calls.length - 1];
      if (attempt === "throws" || attempt === undefined) {
        throw new Error("connection lost");
      }
      return attempt === "hangs" ? new Promise(() => undefined) : attempt;
    },
  };
  return { transport, calls };
}

async function run(transport: Transport, events = [event]) {
  const losses = deliver(events, transport);
  await vi.runAllTimersAsync();
  return (await losses).map((loss) => [loss.events.map(({ id }) => id), loss.error.message]);
}

test("deliver: one attempt is enough when it is answered", async () => {
  const { transport, calls } = scripted([recorded]);
  expect(await run(transport)).toEqual([]);
  expect(calls.map(({ atMs }) => atMs)).toEqual([0]);
});

test("deliver: tries again under the same id, time and value, later each time", async () => {
  const { transport, calls } = scripted(["throws", unavailable("503"), recorded]);
  expect(await run(transport)).toEqual([]);
  expect(calls.map(({ atMs }) => atMs)).toEqual([0, BACKOFF_MS / 2, BACKOFF_MS / 2 + BACKOFF_MS]);
  expect(calls.map(({ events }) => events)).toEqual([[event], [event], [event]]);
});

test("deliver: gives up after the last attempt and says why", async () => {
  const { transport, calls } = scripted(["throws", "throws", unavailable("the meter answered 503")]);
  expect(await run(transport)).toEqual([
    [["id-1"], "usage not delivered in 3 attempts: the meter answered 503"],
  ]);
  expect(calls).toHaveLength(MAX_ATTEMPTS);
});

test("deliver: waits as long as Retry-After says", async () => {
  const { transport, calls } = scripted([unavailable("429", 3000), recorded]);
  expect(await run(transport)).toEqual([]);
  expect(calls.map(({ atMs }) => atMs)).toEqual([0, 3000]);
});

test.each([
  ["fits", DELIVERY_BUDGET_MS - ATTEMPT_TIMEOUT_MS, 2],
  ["does not fit", DELIVERY_BUDGET_MS - ATTEMPT_TIMEOUT_MS + 1, 1],
])("deliver: a Retry-After that %s before waitUntil ends", async (_, retryAfterMs, attempts) => {
  const { transport, calls } = scripted([unavailable("429", retryAfterMs), recorded]);
  expect(await run(transport)).toHaveLength(2 - attempts);
  expect(calls).toHaveLength(attempts);
});

test("deliver: an attempt that hangs is aborted and made again", async () => {
  const { transport, calls } = scripted(["hangs", recorded]);
  expect(await run(transport)).toEqual([]);
  expect(calls.map(({ atMs }) => atMs)).toEqual([0, ATTEMPT_TIMEOUT_MS + BACKOFF_MS / 2]);
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
});

test("deliver: ends before waitUntil does when every attempt hangs", async () => {
  const { transport } = scripted(["hangs", "hangs", "hangs"]);
  expect(await run(transport)).toEqual([
    [["id-1"], "usage not delivered in 3 attempts: the meter did not answer within 8000 ms"],
  ]);
  expect(Date.now() - START_MS).toBeLessThanOrEqual(DELIVERY_BUDGET_MS);
});

test("deliver: what is refused as a whole is not sent again", async () => {
  const { transport, calls } = scripted([{ kind: "refused", error: new Error("the meter answered 401") }]);
  expect(await run(transport)).toEqual([[["id-1"], "the meter answered 401"]]);
  expect(calls).toHaveLength(1);
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
])("deliver: result %j", async (result, losses) => {
  const { transport, calls } = scripted([{ kind: "answered", results: [result] }]);
  expect((await run(transport)).map(([, message]) => message)).toEqual(losses);
  expect(calls).toHaveLength(1);
});

test("deliver: only the rejected events of a call are lost", async () => {
  const results: EventResult[] = [{ status: "recorded" }, { status: "rejected", code: "too_late" }];
  const { transport } = scripted([{ kind: "answered", results }]);
  expect(await run(transport, [event, { ...event, id: "id-2" }])).toEqual([[["id-2"], "rejected: too_late"]]);
});
