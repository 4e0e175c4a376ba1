import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { closeMonthBefore, month, monthName, playAt, publishPlans, record } from "./played-time.ts";
import { ADMIN, call, INGEST, READ, type Answer } from "./worker-api.ts";

/** The 10th of next month. */
let nowMs: number;

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
beforeEach(() => {
  nowMs = playAt(1, 10);
});
afterAll(() => {
  vi.useRealTimers();
});

function body(changes: object = {}): object {
  const at = new Date(nowMs).toISOString();
  return { id: "a1", metricName: "api_calls", quantity: -5, at, reason: "outage", ...changes };
}

function adjust(customerId: string, changes: object = {}, key = ADMIN): Promise<Answer> {
  return call("POST", `/v1/customers/${customerId}/adjustments`, key, body(changes));
}

async function put(customerId: string, settings: object = {}): Promise<void> {
  expect((await call("PUT", `/v1/customers/${customerId}`, ADMIN, settings)).status).toBe(201);
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever the Worker answers
async function usageOf(customerId: string, metric: string): Promise<any> {
  const { body: usage } = await call("GET", `/v1/customers/${customerId}/usage`, READ);
  return usage.metrics.find((row: { metric: string }) => row.metric === metric);
}

function paths(answer: Answer): string[] {
  return answer.body.errors.map(({ path }: { path: string }) => path);
}

describe("an adjustment", () => {
  test("is answered with its document: 201, then 200 with the same, then 409 for another", async () => {
    const first = await adjust("adj-twice", { quantity: "-5.0" });
    expect([first.status, first.body]).toEqual([
      201,
      {
        id: "a1",
        customerId: "adj-twice",
        metricName: "api_calls",
        quantity: "-5",
        at: new Date(nowMs).toISOString(),
        reason: "outage",
        createdAt: new Date(nowMs).toISOString(),
        createdBy: "admin",
      },
    ]);
    const repeat = await adjust("adj-twice", { quantity: -5, at: nowMs });
    expect([repeat.status, repeat.body]).toEqual([200, first.body]);
    playAt(1, 11);
    for (const changes of [
      { quantity: -6 },
      { reason: "other" },
      { at: nowMs + 1 },
      { metricName: "seats" },
    ]) {
      const { status, body: problem } = await adjust("adj-twice", changes);
      expect([status, problem.code]).toEqual([409, "conflict"]);
    }
    expect(await usageOf("adj-twice", "api_calls")).toMatchObject({ current: "-5", estimatedCost: "0.00" });
  });

  test("of one id sent ten times at once: is there once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => adjust("adj-at-once", { quantity: 3 })),
    );
    const statuses = answers.map(({ status }) => status).toSorted((left, right) => left - right);
    expect(statuses).toEqual([...Array.from({ length: 9 }, () => 200), 201]);
    expect((await usageOf("adj-at-once", "api_calls")).current).toBe("3");
  });

  test.each([
    { name: "a metric that is not in the catalog", changes: { metricName: "nothing" }, path: "metricName" },
    { name: "more decimals than its meter", changes: { quantity: "0.1" }, path: "quantity" },
    { name: "a quantity that is no number", changes: { quantity: "many" }, path: "quantity" },
    { name: "more than can be adjusted", changes: { quantity: "1000000000000000001" }, path: "quantity" },
    { name: "no reason", changes: { reason: "" }, path: "reason" },
    { name: "no id", changes: { id: undefined }, path: "id" },
    { name: "a member of another name", changes: { value: 1 }, path: "" },
  ])("with $name: is 422 and tells where", async ({ changes, path }) => {
    const answer = await adjust("adj-refused", changes);
    expect([answer.status, answer.body.code, paths(answer)]).toEqual([422, "invalid_content", [path]]);
    expect((await call("GET", "/v1/customers/adj-refused/adjustments", READ)).body.data).toEqual([]);
  });

  test("five minutes ahead is taken, a millisecond more is not", async () => {
    const ahead = await adjust("adj-ahead", { at: nowMs + 300_001 });
    expect([ahead.status, paths(ahead)]).toEqual([422, ["at"]]);
    expect((await adjust("adj-ahead", { at: nowMs + 300_000 })).status).toBe(201);
  });

  test("needs an admin key; a read key lists", async () => {
    expect((await adjust("adj-keys", {}, READ)).status).toBe(403);
    expect((await adjust("adj-keys", {}, INGEST)).status).toBe(403);
    const path = "/v1/customers/adj-keys/adjustments";
    expect((await call("GET", path, INGEST)).status).toBe(403);
    expect((await call("GET", path, undefined)).status).toBe(401);
    expect((await call("GET", path, READ)).body).toEqual({ data: [], nextCursor: null });
  });

  test("of a customer that no address can hold: is 400", async () => {
    expect((await adjust("%00")).status).toBe(400);
    expect((await call("GET", "/v1/customers/%00/adjustments", READ)).status).toBe(400);
  });
});

test("a list of adjustments: newest first, page by page", async () => {
  for (const id of ["a", "b", "c"]) {
    playAt(1, 10, 1, id.charCodeAt(0));
    expect((await adjust("adj-list", { id })).status).toBe(201);
  }
  const path = "/v1/customers/adj-list/adjustments?limit=2";
  const first = await call("GET", path, READ);
  expect(first.body.data.map(({ id }: { id: string }) => id)).toEqual(["c", "b"]);
  const second = await call("GET", `${path}&cursor=${first.body.nextCursor}`, READ);
  expect([second.body.data.map(({ id }: { id: string }) => id), second.body.nextCursor]).toEqual([
    ["a"],
    null,
  ]);
});

test("a bill: is of usage with its adjustments, in usage and in the invoice, and its period is closed then", async () => {
  await put("adj-bill");
  await record("adj-bill", "api_calls", 25_000);
  await record("adj-bill", "seats", 5);
  await adjust("adj-bill", { id: "more", quantity: 80_000 });
  await adjust("adj-bill", { id: "less", quantity: "-5000", at: month(1) });
  await adjust("adj-bill", { id: "seats", metricName: "seats", quantity: -7 });
  await adjust("adj-bill", { id: "before", quantity: 1_000_000, at: month(1) - 1 });

  expect(await usageOf("adj-bill", "api_calls")).toMatchObject({ current: "100000", estimatedCost: "90.00" });
  expect(await usageOf("adj-bill", "seats")).toMatchObject({ current: "-2", estimatedCost: "0.00" });
  await closeMonthBefore(2);

  const { body: invoices } = await call("GET", "/v1/invoices?customerId=adj-bill", READ);
  expect(invoices.data).toHaveLength(1);
  const lines = invoices.data[0].lines.map((line: Record<string, string>) => [
    line["metric"],
    line["quantity"],
    line["amount"],
    line["description"],
  ]);
  expect(invoices.data[0].total).toBe("90.00");
  expect(lines).toContainEqual(["api_calls", "100000", "90.00", "API Calls: 100000 calls"]);
  expect(lines).toContainEqual(["seats", "-2", "0.00", "Seats: -2 seats"]);

  const early = await adjust("adj-bill", { id: "early", at: month(0) });
  expect([early.status, early.body.code, paths(early)]).toEqual([422, "invalid_content", ["at"]]);
  expect(early.body.detail).toContain("the last three closed periods");
  expect((await adjust("adj-bill", { id: "less", quantity: -5000, at: month(1) })).status).toBe(200);
  expect((await adjust("adj-bill", { id: "next", at: month(2) })).status).toBe(201);
  const usage = await call("GET", `/v1/customers/adj-bill/usage?period=${monthName(1)}`, READ);
  expect(usage.body.totalCost).toBe("90.00");
});
