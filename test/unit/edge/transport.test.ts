import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EventResult } from "../../../src/edge/answer.ts";
import type { Attempt } from "../../../src/edge/attempt.ts";
import type { UsageBatch } from "../../../src/edge/batch.ts";
import { httpTransport } from "../../../src/edge/http.ts";
import { serviceBinding } from "../../../src/edge/transport.ts";
import { addressOf } from "../../support/client-fixture.ts";
import { answered, answerOf, START_MS } from "../../support/edge-meter.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS, toFake: ["Date"] });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const batch: UsageBatch = {
  batch: "batch-1",
  usage: [
    {
      customerId: "cus_acme",
      metricName: "api_calls",
      hour: "2026-11-23T12:00:00.000Z",
      count: 2,
      sum: "9007199254740993",
      min: 1,
      max: "9007199254740992",
      last: 1,
      lastAt: "2026-11-23T12:00:00.000Z",
    },
  ],
};
const signal = new AbortController().signal;
const key = "em_ingest_1_nobody_may_see";

interface Sent {
  url: string;
  init: RequestInit;
}

/** The attempt that an HTTP answer makes, and what was sent. */
async function attempt(
  status: number,
  body: unknown,
  {
    headers = {},
    url = "https://meter.example.com",
  }: { headers?: Record<string, string>; url?: string } = {},
): Promise<{ sent: Sent[]; outcome: Attempt }> {
  const sent: Sent[] = [];
  const transport = httpTransport({
    url,
    key,
    fetch: async (input, init = {}) => {
      sent.push({ url: addressOf(input), init });
      return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
    },
  });
  return { outcome: await transport.send(batch, signal), sent };
}

test.each([
  ["https://meter.example.com", "https://meter.example.com/v1/events"],
  ["https://meter.example.com/", "https://meter.example.com/v1/events"],
  ["https://meter.example.com/base//", "https://meter.example.com/base/v1/events"],
  ["http://127.0.0.1:8787", "http://127.0.0.1:8787/v1/events"],
  ["https://meter.example.com/base?a=b#c", "https://meter.example.com/base/v1/events"],
])("http: of %s the address is %s", async (url, expected) => {
  const { sent } = await attempt(200, answerOf([{ status: "recorded" }]), { url });
  expect(sent.map((request) => request.url)).toEqual([expected]);
});

test("http: sends the batch as our own media type, under the key, and follows no redirect", async () => {
  const { sent } = await attempt(200, answerOf([{ status: "recorded" }]));

  expect(sent.map(({ init }) => init)).toEqual([
    {
      method: "POST",
      headers: { "content-type": "application/vnd.edgemeter.batch+json", authorization: `Bearer ${key}` },
      body: JSON.stringify(batch),
      redirect: "manual",
      signal,
    },
  ]);
  expect(sent[0]!.init.signal).toBe(signal);
});

test("http: finds the global fetch with each attempt, and calls it as a function", async () => {
  const transport = httpTransport({ url: "https://meter.example.com", key });
  const given: unknown[] = [];
  vi.stubGlobal("fetch", async function globalFetch(this: unknown) {
    given.push(this);
    return Response.json(answerOf([{ status: "recorded" }]));
  });

  expect((await transport.send(batch, signal)).kind).toBe("answered");
  expect(given).toEqual([undefined]);
});

const results: EventResult[] = [{ status: "rejected", code: "too_late" }];

test.each<[string, number, unknown, Attempt["kind"]]>([
  ["200 with a result for each row", 200, answerOf(results), "answered"],
  ["422 with a result for each row", 422, answerOf(results), "answered"],
  ["422 without results", 422, { title: "no" }, "refused"],
  ["200 without results", 200, {}, "unavailable"],
  ["200 with results of others", 200, answerOf([]), "unavailable"],
  ["200 that is no JSON", 200, "<html>", "unavailable"],
  ["200 that is null", 200, "null", "unavailable"],
  ["202", 202, answerOf(results), "unavailable"],
  ["301", 301, "", "refused"],
  ["400", 400, answerOf(results), "refused"],
  ["401", 401, "", "refused"],
  ["403", 403, "", "refused"],
  ["404", 404, "", "refused"],
  ["413", 413, "", "refused"],
  ["429", 429, "", "unavailable"],
  ["500", 500, "", "unavailable"],
  ["503 with results", 503, answerOf(results), "unavailable"],
  ["599", 599, "", "unavailable"],
])("http: an answer of %s", async (_, status, body, kind) => {
  expect((await attempt(status, body)).outcome.kind).toBe(kind);
});

test("http: hands over the answer as it is", async () => {
  expect((await attempt(422, answerOf(results))).outcome).toEqual(answered(results));
});

test.each<[string, number, unknown, string]>([
  ["no problem document", 401, "<html>who are you</html>", "the meter answered 401"],
  ["no body", 503, "", "the meter answered 503"],
  [
    "a problem document",
    401,
    { code: "unauthorized", detail: "no valid key" },
    "the meter answered 401: unauthorized: no valid key",
  ],
  ["half of one", 401, { code: "unauthorized" }, "the meter answered 401"],
  [
    "a long one",
    400,
    { code: "invalid_request", detail: "x".repeat(301) },
    `the meter answered 400: invalid_request: ${"x".repeat(300)}`,
  ],
])("http: an answer with %s is told", async (_, status, body, message) => {
  const { outcome } = await attempt(status, body);
  expect(outcome.kind === "answered" ? undefined : outcome.error.message).toBe(message);
});

test.each<[string, number | undefined]>([
  ["7", 7000],
  ["0", 0],
  ["Mon, 23 Nov 2026 12:00:09 GMT", 9000],
  ["Mon, 23 Nov 2026 11:00:00 GMT", 0],
  ["soon", undefined],
])("http: Retry-After %s", async (header, retryAfterMs) => {
  const { outcome } = await attempt(503, "", { headers: { "retry-after": header } });
  expect(outcome).toEqual({
    kind: "unavailable",
    error: new Error("the meter answered 503"),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
});

test.each([
  ["not an address", "meter"],
  ["another protocol", "ftp://meter.example.com"],
  ["a user", "https://user@meter.example.com"],
  ["a password", "https://user:secret@meter.example.com"],
])("http: refuses a url with %s and does not repeat it", (_, url) => {
  expect(() => httpTransport({ url, key: "k" })).toThrow(
    new TypeError("the meter's url must be an http(s) address without a user or password"),
  );
});

test.each(["", "two words", "line\nbreak", "ключ"])(
  "http: refuses the key %j and does not repeat it",
  (refused) => {
    expect(() => httpTransport({ url: "https://meter.example.com", key: refused })).toThrow(
      new TypeError("the meter's key must be printable ASCII without spaces"),
    );
  },
);

test("service binding: hands the batch over and gives the answer as it is", async () => {
  const calls: UsageBatch[] = [];
  const transport = serviceBinding({
    record: async (sent: UsageBatch) => {
      calls.push(sent);
      return answerOf(results);
    },
  });

  expect(await transport.send(batch, signal)).toEqual(answered(results));
  expect(calls).toEqual([batch]);
  expect(calls[0]).toBe(batch);
});

test.each([
  ["no document", undefined],
  ["no results", {}],
  ["results of others", answerOf([])],
])("service binding: an answer with %s counts as unavailable", async (_, answer) => {
  const transport = serviceBinding({ record: async () => answer });

  expect(await transport.send(batch, signal)).toEqual({
    kind: "unavailable",
    error: new Error("no results"),
  });
});

test("service binding: calls the method on its binding", async () => {
  const binding = {
    answer: answerOf(results),
    async record(this: { answer: unknown }): Promise<unknown> {
      return this.answer;
    },
  };
  expect((await serviceBinding(binding).send(batch, signal)).kind).toBe("answered");
});
