import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EventResult } from "../../../src/edge/answer.ts";
import {
  MeterClient,
  MeterError,
  type ClientOptions,
  type RecordAnswer,
  type UsageEvent,
  type UsageRow,
} from "../../../src/edge/client.ts";
import { ClientFixture, KEY, problem, textOf, type Reply } from "../../support/client-fixture.ts";
import { answerOf, START_MS } from "../../support/edge-meter.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});

afterEach(() => {
  vi.useRealTimers();
});

function event(change: Partial<UsageEvent> = {}): UsageEvent {
  return { customerId: "cus_acme", metricName: "api_calls", ...change };
}

function events(count: number, change: Partial<UsageEvent> = {}): UsageEvent[] {
  return Array.from({ length: count }, () => event(change));
}

/** Waits for a call under fake timers. */
async function through<Result>(call: Promise<Result>): Promise<Result> {
  const [settled] = await Promise.all([Promise.allSettled([call]), vi.runAllTimersAsync()]);
  const [result] = settled;
  if (result.status === "rejected") {
    throw result.reason;
  }
  return result.value;
}

/** The error of a call that has to fail. */
async function failure(call: Promise<unknown>): Promise<MeterError> {
  const error = await through(call).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MeterError);
  return error as MeterError;
}

test("record: one event is a list of one", async () => {
  const { client, seen } = new ClientFixture();
  expect(await through(client.record(event()))).toEqual(answerOf([{ status: "recorded" }]));

  expect(seen).toMatchObject([
    {
      method: "POST",
      path: "/base/v1/events",
      headers: { "content-type": "application/json", authorization: `Bearer ${KEY}` },
    },
  ]);
});

test("record: no events are no call", async () => {
  const { client, seen } = new ClientFixture();

  expect(await through(client.record([]))).toEqual(answerOf([]));
  expect(seen).toEqual([]);
});

test("record: assigns what is absent, and keeps what is given", async () => {
  const fixture = new ClientFixture();
  const given = event({ id: "own", value: "2.50", timestamp: 7, metadata: { region: "eu" } });
  await through(fixture.client.record([event(), given, event({ value: 2n ** 53n + 1n })]));

  const timestamp = "2026-11-23T12:00:00.000Z";
  expect(fixture.events).toEqual([
    [
      { ...event(), id: "id-1", timestamp, value: 1 },
      { ...given, value: "2.5" },
      { ...event(), id: "id-2", timestamp, value: "9007199254740993" },
    ],
  ]);
  expect(given.value).toBe("2.50");
});

test("record: repeats with the same ids, times and bytes, later each time", async () => {
  const fixture = new ClientFixture([
    "throws",
    problem(503, "store_unavailable"),
    () => new Response("<html>"),
  ]);
  await through(fixture.client.record(events(2)));

  expect(fixture.times).toEqual([0, 250, 750, 1_750]);
  expect(new Set(fixture.seen.map(({ body }) => body)).size).toBe(1);
});

test("record: waits as long as Retry-After says", async () => {
  const fixture = new ClientFixture([problem(429, "slow_down", { "retry-after": "7" })]);
  await through(fixture.client.record(event()));

  expect(fixture.times).toEqual([0, 7_000]);
});

test.each<[number, number[]]>([
  [1_000, [1_000]],
  [1_001, [1_000, 1]],
  [2_500, [1_000, 1_000, 500]],
])("record: splits above a thousand, in order: %i", async (count, sizes) => {
  const fixture = new ClientFixture();
  const answer = await through(fixture.client.record(events(count)));

  expect(fixture.events.map((list) => list.length)).toEqual(sizes);
  expect(fixture.events.flat().map(({ id }) => id)).toEqual(
    Array.from({ length: count }, (_, index) => `id-${index + 1}`),
  );
  expect(answer.recorded).toBe(count);
});

test("record: the answer has all results, in the order sent, and counts them", async () => {
  const results: EventResult[][] = [
    Array.from({ length: 1_000 }, (_, index) => ({ status: index === 3 ? "duplicate" : "recorded" })),
    [{ status: "rejected", code: "too_late" }, { status: "conflict" }, { status: "spooled" }],
  ];
  const replies = results.map((list) => () => Response.json(answerOf(list)));
  const answer = await through(new ClientFixture(replies).client.record(events(1_003)));

  expect(answer).toEqual({
    recorded: 999,
    duplicates: 1,
    rejected: 1,
    conflicts: 1,
    spooled: 1,
    results: results.flat(),
  } satisfies RecordAnswer);
});

test("record: a result of 422 is an answer, not an error", async () => {
  const results: EventResult[] = [{ status: "rejected", code: "unknown_metric", detail: "no such meter" }];
  const { client } = new ClientFixture([() => Response.json(answerOf(results), { status: 422 })]);

  expect(await through(client.record(event()))).toEqual(answerOf(results));
});

test("record: a value that is none is refused before anything is sent", async () => {
  const { client, seen } = new ClientFixture();

  await expect(through(client.record([event(), event({ value: Number.NaN })]))).rejects.toThrow(RangeError);
  expect(seen).toEqual([]);
});

test("record: what cannot be written down is refused before anything is sent, however late it comes", async () => {
  const { client, seen } = new ClientFixture();
  const list = [...events(1_000), event({ metadata: { at: 1n } })];

  await expect(through(client.record(list))).rejects.toThrow(TypeError);
  expect(seen).toEqual([]);
});

const lost = { batch: "batch-1", usage: Array.from({ length: 2 }, () => ({}) as UsageRow) };

test("resend: sends usage under its own id, and is content when all of it is counted", async () => {
  const results: EventResult[] = [{ status: "duplicate" }, { status: "spooled" }];
  const { client, seen } = new ClientFixture(["throws", () => Response.json(answerOf(results))]);

  expect(await through(client.resend(lost))).toEqual(answerOf(results));
  expect(seen).toMatchObject(
    Array.from({ length: 2 }, () => ({
      path: "/base/v1/events",
      headers: { "content-type": "application/vnd.edgemeter.batch+json" },
      body: JSON.stringify(lost),
    })),
  );
});

test.each<[EventResult, string]>([
  [{ status: "rejected", code: "too_late", detail: "72 hours" }, "rejected: too_late: 72 hours"],
  [{ status: "conflict", code: "event_conflict", detail: "other" }, "conflict: event_conflict: other"],
])("resend: throws when a row is not counted: %j", async (result, message) => {
  const results: EventResult[] = [{ status: "recorded" }, result];
  const { client } = new ClientFixture([() => Response.json(answerOf(results), { status: 422 })]);
  const error = await failure(client.resend(lost));

  expect([error.message, error.maybeApplied, error.results]).toEqual([message, false, results]);
});

test.each<[string, Partial<ClientOptions>, Reply, number[], string]>([
  [
    "60 s of quick failures",
    {},
    "throws",
    [0, 250, 750, 1_750, 3_750, 7_750, ...Array.from({ length: 13 }, (_, more) => 11_750 + 4_000 * more)],
    "fetch failed",
  ],
  ["25 s of slow ones", { timeoutMs: 25_000 }, "hangs", [0, 10_250, 20_750], "no answer within 4250 ms"],
  [
    "attempts of a second",
    { timeoutMs: 3_000, attemptTimeoutMs: 1_000 },
    "hangs",
    [0, 1_250, 2_750],
    "no answer within 250 ms",
  ],
  [
    "a second",
    { timeoutMs: 1_000 },
    problem(503, "store_unavailable", { "retry-after": "1" }),
    [0],
    "the meter answered 503: store_unavailable: detail of store_unavailable",
  ],
])("record: gives up after %s, and may have been counted", async (_, options, reply, times, message) => {
  const fixture = new ClientFixture(
    Array.from({ length: 40 }, () => reply),
    options,
  );
  const error = await failure(fixture.client.record(event()));

  expect(fixture.times).toEqual(times);
  expect([error.message, error.maybeApplied]).toEqual([message, true]);
});

test("record: an attempt that is given up is aborted", async () => {
  const fixture = new ClientFixture(["hangs"]);
  await through(fixture.client.record(event()));

  expect(fixture.seen.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
});

test.each([
  [400, "invalid_request"],
  [401, "unauthorized"],
  [403, "forbidden"],
  [413, "body_too_large"],
  [422, "invalid_content"],
])("record: %i is an error at once, and says why without the key", async (status, code) => {
  const fixture = new ClientFixture([problem(status, code)]);
  const error = await failure(fixture.client.record(event()));

  expect(fixture.seen).toHaveLength(1);
  expect(error.name).toBe("MeterError");
  expect(error.message).toBe(`the meter answered ${status}: ${code}: detail of ${code}`);
  expect(error.maybeApplied).toBe(false);
  expect(JSON.stringify([error, error.message, error.stack, String(error.cause)])).not.toContain(KEY);
});

test("record: refused after an attempt that may have been counted, it may have been counted", async () => {
  const fixture = new ClientFixture(["throws", problem(401, "unauthorized")]);
  const error = await failure(fixture.client.record(event()));

  expect(fixture.times).toEqual([0, 250]);
  expect(error.maybeApplied).toBe(true);
});

test("record: what is not confirmed can be recorded again as it is", async () => {
  const fixture = new ClientFixture(["records", problem(401, "unauthorized")]);
  const error = await failure(fixture.client.record(events(2_001, { metadata: { region: "eu" } })));
  expect(error.results).toEqual(Array.from({ length: 1_000 }, () => ({ status: "recorded" })));
  expect(error.unconfirmed).toHaveLength(1_001);
  await vi.advanceTimersByTimeAsync(3_600_000);
  const answer = await through(fixture.client.record(error.unconfirmed));

  expect(answer.recorded).toBe(1_001);
  expect(fixture.seen[2]!.body).toBe(fixture.seen[1]!.body);
  expect(fixture.events[3]).toEqual([
    {
      ...event(),
      metadata: { region: "eu" },
      id: "id-2001",
      timestamp: "2026-11-23T12:00:00.000Z",
      value: 1,
    },
  ]);
});

test.each([
  ["url", { url: "https://user:secret@meter.example.com" }],
  ["key", { key: "two words" }],
])("client: refuses a bad %s at once", (_, options) => {
  expect(() => new ClientFixture([], options)).toThrow(TypeError);
});

test("client: calls the global fetch, with an id of its own making", async () => {
  const seen: string[] = [];
  vi.stubGlobal("fetch", async (_input: unknown, init: RequestInit) => {
    seen.push(textOf(init.body));
    return Response.json(answerOf([{ status: "recorded" }]));
  });
  await through(new MeterClient({ url: "https://meter.example.com", key: KEY }).record(event()));
  vi.unstubAllGlobals();

  expect(JSON.parse(seen[0]!)).toMatchObject([{ id: expect.stringMatching(/^[\da-f-]{36}$/) as unknown }]);
});
