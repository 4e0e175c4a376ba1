import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EventResult, UsageEvent } from "../../../src/edge/event.ts";
import { httpTransport, serviceBinding } from "../../../src/edge/transport.ts";

const NOW_MS = Date.parse("2026-11-23T12:00:00.000Z");

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS, toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

const event: UsageEvent = {
  id: "id-1",
  customerId: "cus_acme",
  metricName: "api_calls",
  value: "9007199254740993",
  timestamp: "2026-11-23T12:00:00.000Z",
};
const signal = new AbortController().signal;

/** The attempt that an HTTP answer makes, and the request that was sent. */
async function attempt(status: number, body: unknown, headers: Record<string, string> = {}) {
  const requests: Request[] = [];
  const transport = httpTransport({
    url: "https://meter.example.com/base/",
    key: "em_ingest_1",
    fetch: async (input, init) => {
      requests.push(new Request(input, init));
      return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
    },
  });
  const outcome = await transport.send([event], signal);
  return { request: requests[0], outcome };
}

test("http: posts the events under the key", async () => {
  const { request } = await attempt(200, { results: [{ status: "recorded" }] });
  expect(request?.method).toBe("POST");
  expect(request?.url).toBe("https://meter.example.com/base/v1/events");
  expect(request?.headers.get("authorization")).toBe("Bearer em_ingest_1");
  expect(request?.headers.get("content-type")).toBe("application/json");
  expect(await request?.json()).toEqual([event]);
});

const results: EventResult[] = [{ status: "rejected", code: "too_late" }];

test.each<[string, number, unknown, string]>([
  ["200 with results", 200, { results }, "answered"],
  ["422 with results", 422, { results }, "answered"],
  ["422 without results", 422, { title: "no" }, "refused"],
  ["200 without results", 200, {}, "unavailable"],
  ["200 with results of others", 200, { results: [] }, "unavailable"],
  ["200 that is no JSON", 200, "<html>", "unavailable"],
  ["301", 301, "", "refused"],
  ["400", 400, { results }, "refused"],
  ["401", 401, "", "refused"],
  ["413", 413, "", "refused"],
  ["429", 429, "", "unavailable"],
  ["500", 500, "", "unavailable"],
  ["503", 503, { results }, "unavailable"],
])("http: an answer of %s", async (_, status, body, kind) => {
  expect((await attempt(status, body)).outcome.kind).toBe(kind);
});

test("http: hands over the results as they are", async () => {
  expect((await attempt(422, { results })).outcome).toEqual({ kind: "answered", results });
});

test.each<[string, number | undefined]>([
  ["7", 7000],
  ["0", 0],
  ["Mon, 23 Nov 2026 12:00:09 GMT", 9000],
  ["Mon, 23 Nov 2026 11:00:00 GMT", 0],
  ["soon", undefined],
])("http: Retry-After %s", async (header, retryAfterMs) => {
  const { outcome } = await attempt(503, "", { "retry-after": header });
  expect(outcome.kind === "unavailable" && outcome.retryAfterMs).toBe(retryAfterMs);
});

test.each([
  ["not an address", "meter"],
  ["another protocol", "ftp://meter.example.com"],
  ["a password", "https://user:secret@meter.example.com"],
])("http: refuses a url with %s and does not repeat it", (_, url) => {
  expect(() => httpTransport({ url, key: "k" })).toThrow(
    "the meter's url must be an http(s) address without a user or password",
  );
});

test.each(["", "two words", "line\nbreak", "ключ"])(
  "http: refuses the key %j and does not repeat it",
  (key) => {
    expect(() => httpTransport({ url: "https://meter.example.com", key })).toThrow(
      "the meter's key must be printable ASCII without spaces",
    );
  },
);

test("service binding: calls record and hands over the results", async () => {
  const calls: UsageEvent[][] = [];
  const transport = serviceBinding({
    record: async (events) => {
      calls.push(events);
      return { results };
    },
  });
  expect(await transport.send([event], signal)).toEqual({ kind: "answered", results });
  expect(calls).toEqual([[event]]);
});

test("service binding: an answer without results counts as unavailable", async () => {
  const transport = serviceBinding({ record: async () => ({ results: [] }) });
  expect((await transport.send([event], signal)).kind).toBe("unavailable");
});
