import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { alertsOf, putCustomer, putRules, toldTo, usage, used } from "./alert-calls.ts";
import { flushAll, month, periodOf, playAt, publishPlans } from "./played-time.ts";
import { ADMIN, call, INGEST, READ, trigger } from "./worker-api.ts";

/** The 10th of next month. */
let nowMs: number;

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
  await flushAll();
});
beforeEach(() => {
  nowMs = playAt(1, 10);
});
afterAll(() => {
  vi.useRealTimers();
});

describe("the minute's cron", () => {
  test("fires the defaults at 80, 90 and 100 percent of what is included, each with a notification of its own", async () => {
    await used("alert-steps", 7_999);
    expect(await alertsOf("alert-steps")).toEqual([]);
    await used("alert-steps", 1);
    expect(await alertsOf("alert-steps")).toEqual(usage(80));
    await used("alert-steps", 1_000);
    await used("alert-steps", 1_000);
    await used("alert-steps", 50_000);
    expect(await alertsOf("alert-steps")).toEqual(usage(100, 80, 90));
    const told = (await toldTo("alert-steps")).map(({ data }) => Number(data.threshold));
    // All within one moment of the test's clock.
    expect(told.toSorted((left, right) => left - right)).toEqual([80, 90, 100]);
  });

  test("tells of several that are passed at once by one notification, of the highest, with the figures", async () => {
    await putCustomer("alert-once", { budget: "10.00" });
    await used("alert-once", 20_001);
    const period = periodOf(1);
    const common = { customerId: "alert-once", thresholdUnit: "percent", threshold: 100, period };
    expect(await toldTo("alert-once")).toEqual([
      {
        type: "budget.threshold_reached",
        data: { ...common, rule: "default_budget", currency: "usd", current: "10.00", budget: "10.00" },
      },
      {
        type: "usage.threshold_reached",
        data: {
          ...common,
          rule: "default_usage",
          metric: "api_calls",
          displayName: "API Calls",
          unit: "calls",
          current: "20001",
          included: "10000",
        },
      },
    ]);
    const { body } = await call("GET", "/v1/alerts?customerId=alert-once&limit=6", READ);
    expect(body.nextCursor).toBeNull();
    expect(body.data).toHaveLength(6);
    expect(body.data).toContainEqual({
      id: expect.stringMatching(/^alt_/),
      customerId: "alert-once",
      rule: "default_budget",
      kind: "budget",
      metric: null,
      threshold: 90,
      thresholdUnit: "percent",
      current: "10.00",
      included: null,
      budget: "10.00",
      currency: "usd",
      period,
      firedAt: new Date(nowMs).toISOString(),
    });
  });

  test("fires for a customer that was never put; a new period starts anew", async () => {
    await used("alert-unknown", 9_500);
    playAt(2, 1, 0, 1);
    await used("alert-unknown", 8_000);
    expect(await alertsOf("alert-unknown")).toEqual(usage(80, 80, 90));
    expect((await toldTo("alert-unknown")).map(({ data }) => data)).toMatchObject([
      { threshold: 90, period: periodOf(1) },
      { threshold: 80, period: periodOf(2) },
    ]);
  });

  test("tells of an event of the last ten seconds in the period that it belongs to", async () => {
    playAt(2, 1, 0, 60_000);
    const timestamp = new Date(month(2) - 10_000).toISOString();
    const event = { customerId: "alert-late", metricName: "api_calls", value: 10_000, timestamp };
    expect((await call("POST", "/v1/events", INGEST, event)).body.recorded).toBe(1);
    await trigger("* * * * *", Date.now());
    expect(await toldTo("alert-late")).toMatchObject([{ data: { threshold: 100, period: periodOf(1) } }]);
  });

  test("fires nothing of a budget or of own rules once the customer is deleted", async () => {
    await putCustomer("alert-deleted", { budget: "1.00" });
    await putRules("alert-deleted", [
      { id: "many", kind: "usage", metricName: "api_calls", measure: "quantity", thresholds: [1] },
    ]);
    expect((await call("DELETE", "/v1/customers/alert-deleted", ADMIN)).status).toBe(204);
    await used("alert-deleted", 30_000);
    expect(await alertsOf("alert-deleted")).toEqual(usage(100, 80, 90));
  });

  test("says in the job run what it did", async () => {
    // The newest run of all tests.
    playAt(9, 1);
    await used("alert-run", 9_000);
    const { body } = await call("GET", "/v1/job-runs?job=minute&limit=1", READ);
    expect(body.data[0].outcome.flush.alerts).toEqual({ checked: 1, fired: 2, told: 1, failed: 0 });
  });
});

describe("what a request makes pass", () => {
  test("a rule that is put fires at once, and once", async () => {
    await putCustomer("alert-rule");
    await used("alert-rule", 5_000);
    const rules = [
      { id: "half", kind: "usage", metricName: "api_calls", thresholds: [50, 60] },
      { id: "many", kind: "usage", metricName: "api_calls", measure: "quantity", thresholds: ["5000", 5001] },
    ];
    expect((await putRules("alert-rule", rules)).status).toBe(200);
    expect((await putRules("alert-rule", rules)).status).toBe(200);
    expect(await alertsOf("alert-rule")).toEqual(["half api_calls 50", "many api_calls 5000"]);
    expect(await toldTo("alert-rule")).toMatchObject([
      { type: "usage.threshold_reached" },
      { type: "usage.threshold_reached" },
    ]);
  });

  test("spend, in major units", async () => {
    await putCustomer("alert-spend");
    await putRules("alert-spend", [{ id: "dear", kind: "spend", thresholds: ["2.50", 3] }]);
    await used("alert-spend", 35_000);
    expect((await toldTo("alert-spend")).filter(({ type }) => type !== "usage.threshold_reached")).toEqual([
      {
        type: "spend.threshold_reached",
        data: {
          customerId: "alert-spend",
          rule: "dear",
          currency: "usd",
          current: "25.00",
          threshold: "3",
          thresholdUnit: "amount",
          period: periodOf(1),
        },
      },
    ]);
  });

  test("a budget that is lowered fires at once; one that is raised takes nothing back", async () => {
    await putCustomer("alert-budget", { budget: "100" });
    await used("alert-budget", 20_000);
    const budgets = async () =>
      (await alertsOf("alert-budget")).filter((words) => words.startsWith("default_budget"));
    expect(await budgets()).toEqual([]);
    await putCustomer("alert-budget", { budget: "11.50" });
    expect(await budgets()).toEqual(["default_budget 80"]);
    await putCustomer("alert-budget", { budget: "100" });
    await putCustomer("alert-budget", { budget: "11.50" });
    expect(await budgets()).toEqual(["default_budget 80"]);
    expect(
      (await toldTo("alert-budget")).filter(({ type }) => type === "budget.threshold_reached"),
    ).toHaveLength(1);
  });

  test("an adjustment fires in its period; a repeat of it, and one downwards, do not", async () => {
    const adjust = (id: string, quantity: number, at = nowMs) =>
      call("POST", "/v1/customers/alert-adjusted/adjustments", ADMIN, {
        id,
        metricName: "api_calls",
        quantity,
        at: new Date(at).toISOString(),
        reason: "Counted elsewhere",
      });
    expect((await adjust("up", 9_000)).status).toBe(201);
    expect((await adjust("up", 9_000)).status).toBe(200);
    expect((await adjust("down", -5_000)).status).toBe(201);
    expect((await adjust("up again", 4_900)).status).toBe(201);
    expect(await alertsOf("alert-adjusted")).toEqual(usage(80, 90));
    expect((await adjust("earlier", 10_000, month(1) - 1)).status).toBe(201);
    const told = (await toldTo("alert-adjusted")).map(({ data }) => data);
    // All within one moment of the test's clock.
    expect(told.toSorted((left, right) => Number(left.threshold) - Number(right.threshold))).toMatchObject([
      { threshold: 90, period: periodOf(1) },
      { threshold: 100, period: periodOf(0) },
    ]);
  });
});
