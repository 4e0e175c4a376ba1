import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { flushAll, forgetPlans, playAt } from "./played-time.ts";
import { deleteEndpoints, makeEndpoint, receivedAt } from "./received-webhooks.ts";
import { ADMIN, call, INGEST, READ, trigger } from "./worker-api.ts";

const MINUTE_MS = 60_000;
let nowMs: number;

beforeAll(async () => {
  await flushAll();
  nowMs = playAt(2, 6);
  await forgetPlans();
  expect([200, 201]).toContain((await call("PUT", "/v1/catalog", ADMIN, demoCatalog)).status);
});
afterAll(async () => {
  await deleteEndpoints();
  vi.useRealTimers();
});

async function use(customerId: string, value: number): Promise<void> {
  const event = { customerId, metricName: "api_calls", value };
  expect((await call("POST", "/v1/events", INGEST, event)).body.recorded).toBe(1);
}

/** What an endpoint was told, verified by its secret. */
async function toldAt(path: string, secret: string) {
  return (await receivedAt(path)).map(({ body, headers }) => new Webhook(secret).verify(body, headers)) as {
    type: string;
    data: Record<string, unknown>;
  }[];
}

test("a threshold that an event crosses: reaches the endpoints of everybody and of the customer at the next minute tick, once", async () => {
  const all = await makeEndpoint("/alerts-all");
  const own = await makeEndpoint("/alerts-own", { customerId: "told-own" });
  const other = await makeEndpoint("/alerts-other", { customerId: "told-other" });
  await use("told-own", 8_500);
  expect(await receivedAt("/alerts-own")).toEqual([]);
  await trigger("* * * * *", nowMs + MINUTE_MS);

  const told = {
    type: "usage.threshold_reached",
    data: {
      customerId: "told-own",
      rule: "default_usage",
      metric: "api_calls",
      current: "8500",
      threshold: 80,
      included: "10000",
    },
  };
  expect(await toldAt("/alerts-own", own.secret)).toMatchObject([told]);
  expect(await toldAt("/alerts-all", all.secret)).toMatchObject([told]);
  await trigger("* * * * *", nowMs + 2 * MINUTE_MS);

  await use("told-own", 2_000);
  await trigger("* * * * *", nowMs + 3 * MINUTE_MS);
  expect((await toldAt("/alerts-own", own.secret)).map(({ data }) => data["threshold"])).toEqual([80, 100]);
  expect(await toldAt("/alerts-other", other.secret)).toEqual([]);
  const { body } = await call("GET", "/v1/alerts?customerId=told-own", READ);
  expect(body.data.map(({ threshold }: { threshold: number }) => threshold).toSorted()).toEqual([
    100, 80, 90,
  ]);
});

test("a rule that comes after its threshold was passed: is delivered at the next tick, with nothing to flush", async () => {
  expect((await call("PUT", "/v1/customers/told-rule", ADMIN, {})).status).toBe(201);
  const { secret } = await makeEndpoint("/alerts-rule", { customerId: "told-rule" });
  await use("told-rule", 6_000);
  await trigger("* * * * *", nowMs + 4 * MINUTE_MS);
  const rule = { id: "half", kind: "usage", metricName: "api_calls", thresholds: [50] };
  const put = await call("PUT", "/v1/customers/told-rule/alert-rules", ADMIN, { rules: [rule] });
  expect(put.status).toBe(200);
  expect(await receivedAt("/alerts-rule")).toEqual([]);
  await trigger("* * * * *", nowMs + 5 * MINUTE_MS);

  expect(await toldAt("/alerts-rule", secret)).toMatchObject([{ data: { rule: "half", threshold: 50 } }]);
});
