import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  MeterError,
  type MeterClient,
  type CustomerUsage,
  type LimitCheck,
  type LostUsage,
} from "../../../src/edge/client.ts";
import type { Quantity } from "../../../src/edge/quantity.ts";
import { ClientFixture, KEY, problem } from "../../support/client-fixture.ts";
import { answerOf, START_MS } from "../../support/edge-meter.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});

afterEach(() => {
  vi.useRealTimers();
});

async function through<Result>(call: Promise<Result>): Promise<Result> {
  const [settled] = await Promise.all([Promise.allSettled([call]), vi.runAllTimersAsync()]);
  const [result] = settled;
  if (result.status === "rejected") {
    throw result.reason;
  }
  return result.value;
}

const lost: LostUsage = {
  batch: "batch-1",
  usage: [
    {
      customerId: "cus_acme",
      metricName: "api_calls",
      hour: "2026-11-23T12:00:00.000Z",
      count: 2,
      sum: "2.5",
      min: "1.2",
      max: "1.3",
      last: "1.3",
      lastAt: "2026-11-23T12:00:00.000Z",
    },
  ],
  maybeApplied: true,
};

test("resend: sends the batch as the middleware did, without what is said about it", async () => {
  const { client, seen } = new ClientFixture();
  expect(await through(client.resend(lost))).toEqual(answerOf([{ status: "recorded" }]));

  expect(seen).toMatchObject([
    {
      method: "POST",
      path: "/base/v1/events",
      headers: { "content-type": "application/vnd.edgemeter.batch+json", authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ batch: lost.batch, usage: lost.usage }),
    },
  ]);
});

test("resend: repeats the same bytes", async () => {
  const fixture = new ClientFixture(["throws", problem(503, "store_unavailable")]);
  await through(fixture.client.resend(lost));

  expect(fixture.times).toEqual([0, 250, 750]);
  expect(new Set(fixture.seen.map(({ body }) => body)).size).toBe(1);
});

test.each([
  ["at once", [problem(401, "unauthorized")], false],
  ["after an attempt without a reply", ["throws" as const, problem(401, "unauthorized")], true],
])("resend: refused %s, there is an error without events", async (_, replies, maybeApplied) => {
  const error = await through(new ClientFixture(replies).client.resend(lost)).catch(
    (thrown: unknown) => thrown,
  );

  expect(error).toBeInstanceOf(MeterError);
  expect(error).toMatchObject({
    message: "the meter answered 401: unauthorized: detail of unauthorized",
    maybeApplied,
    results: [],
    unconfirmed: [],
  });
});

const usage: CustomerUsage = {
  customerId: "cus_acme",
  plan: "free",
  currency: "usd",
  period: { start: "2026-11-01T00:00:00.000Z", end: "2026-12-01T00:00:00.000Z" },
  asOf: "2026-11-23T12:00:00.000Z",
  stale: false,
  metrics: [],
  totalCost: "0.00",
  projectedTotal: "0.00",
  budget: null,
};

test.each([
  ["cus_acme", undefined, "/base/v1/customers/cus_acme/usage"],
  ["cus_acme", "2026-11", "/base/v1/customers/cus_acme/usage?period=2026-11"],
  ["a/b?c#d %", undefined, "/base/v1/customers/a%2Fb%3Fc%23d%20%25/usage"],
  [
    "Żółw & co",
    "2026-11&x=1",
    "/base/v1/customers/%C5%BB%C3%B3%C5%82w%20%26%20co/usage?period=2026-11%26x%3D1",
  ],
])("usage: of %s in %s is asked for at its address", async (customerId, period, path) => {
  const fixture = new ClientFixture([() => Response.json(usage)]);
  const options = period === undefined ? {} : { period };
  expect(await through(fixture.client.usage(customerId, options))).toEqual(usage);

  expect(fixture.seen).toMatchObject([
    { method: "GET", path, headers: { authorization: `Bearer ${KEY}` }, body: "" },
  ]);
  expect(Object.keys(fixture.seen[0]!.headers)).toEqual(["authorization"]);
});

const check: LimitCheck = {
  allowed: false,
  reason: "budget_exceeded",
  limit: "100",
  used: "100",
  remaining: "0",
  resetsAt: "2026-12-01T00:00:00.000Z",
};

test.each<[string, string, Quantity | undefined, string]>([
  ["cus_acme", "api_calls", undefined, "/base/v1/customers/cus_acme/check?metric=api_calls&quantity=1"],
  ["cus_acme", "api_calls", 250, "/base/v1/customers/cus_acme/check?metric=api_calls&quantity=250"],
  ["cus_acme", "gb", "0.50", "/base/v1/customers/cus_acme/check?metric=gb&quantity=0.5"],
  ["cus_acme", "gb", 1e-7, "/base/v1/customers/cus_acme/check?metric=gb&quantity=0.0000001"],
  ["c", "m", 2n ** 53n + 1n, "/base/v1/customers/c/check?metric=m&quantity=9007199254740993"],
  ["a/b", "x&y=z +", 1, "/base/v1/customers/a%2Fb/check?metric=x%26y%3Dz+%2B&quantity=1"],
])(
  "check: of %s and %s, %s more, is asked for at its address",
  async (customerId, metric, quantity, path) => {
    const fixture = new ClientFixture([() => Response.json(check)]);
    expect(await through(fixture.client.check(customerId, metric, quantity))).toEqual(check);

    expect(fixture.seen).toMatchObject([{ method: "GET", path }]);
  },
);

test.each([
  ["a quantity that is none", RangeError, (client: MeterClient) => client.check("cus_acme", "gb", "much")],
  ["a name that no address can hold", URIError, (client: MeterClient) => client.usage("\ud800")],
])("reading: %s is a rejection, and nothing is sent", async (_, error, call) => {
  const { client, seen } = new ClientFixture();

  await expect(through<unknown>(call(client))).rejects.toThrow(error);
  expect(seen).toEqual([]);
});

test("reading: is repeated until there is an answer", async () => {
  const fixture = new ClientFixture([
    "throws",
    problem(503, "store_unavailable", { "retry-after": "5" }),
    () => new Response("<html>"),
    () => Response.json(check),
  ]);
  expect(await through(fixture.client.check("cus_acme", "gb"))).toEqual(check);

  expect(fixture.times).toEqual([0, 250, 5_250, 6_250]);
});

test.each([
  [401, "unauthorized"],
  [404, "not_found"],
  [422, "invalid_content"],
])("reading: %i is an error at once", async (status, code) => {
  const fixture = new ClientFixture([problem(status, code)]);
  const error = await through(fixture.client.usage("cus_acme")).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(MeterError);
  expect(error).toMatchObject({
    message: `the meter answered ${status}: ${code}: detail of ${code}`,
    maybeApplied: false,
    unconfirmed: [],
  });
  expect(fixture.seen).toHaveLength(1);
});
