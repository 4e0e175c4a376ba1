import { inject } from "vitest";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { askLedger, flushAll, playAt, publishPlans, record } from "./played-time.ts";
import { answerAt, deleteEndpoints, makeEndpoint, receivedAt } from "./received-webhooks.ts";
import { forgetDue, readNotification, tellAt, TOLD_DATA } from "./told-notifications.ts";
import { ADMIN, call, READ, trigger } from "./worker-api.ts";

const MINUTE_MS = 60_000;
const MINUTE = "* * * * *";
const HOURLY = "17 * * * *";
let nowMs: number;

beforeAll(async () => {
  await flushAll();
  // Of later moments that others have played.
  await askLedger("delete from job_runs", []);
  nowMs = playAt(2, 6);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
beforeEach(async () => {
  await deleteEndpoints();
  nowMs += 10 * MINUTE_MS;
  vi.setSystemTime(nowMs);
  await trigger(MINUTE, nowMs);
});
afterAll(async () => {
  await deleteEndpoints();
  vi.useRealTimers();
});

/** Has something told that the next minute finds. */
async function told(changes: Parameters<typeof tellAt>[1] = {}): Promise<string> {
  const id = await tellAt(nowMs, changes);
  await forgetDue();
  return id;
}

async function neonRequests(work: () => Promise<void>): Promise<number> {
  const url = `${inject("controls").neonUrl}/_control/`;
  await fetch(`${url}reset`, { method: "POST" });
  await work();
  return (await (await fetch(`${url}subjects`)).json<unknown[]>()).length;
}

test("a notification: is delivered by the cron, to its customer's endpoint and the deployment's, and to no other", async () => {
  const own = await makeEndpoint("/told-own", { customerId: "told-acme" });
  const all = await makeEndpoint("/told-all");
  await makeEndpoint("/told-other", { customerId: "told-other" });
  await makeEndpoint("/told-types", { types: ["limit.reached"] });
  const id = await told();
  await trigger(MINUTE, nowMs);
  const document = {
    type: "usage.threshold_reached",
    timestamp: new Date(nowMs).toISOString(),
    data: TOLD_DATA,
  };
  for (const [path, secret] of [
    ["/told-own", own.secret],
    ["/told-all", all.secret],
  ] as const) {
    const [received, ...more] = await receivedAt(path);
    expect(more).toEqual([]);
    expect(received?.headers["webhook-id"]).toBe(id);
    expect(new Webhook(secret).verify(received?.body ?? "", received?.headers ?? {})).toEqual(document);
  }
  expect([...(await receivedAt("/told-other")), ...(await receivedAt("/told-types"))]).toEqual([]);

  const delivery = {
    kind: "webhook",
    state: "delivered",
    attempts: 1,
    nextAttemptAt: null,
    status: 200,
    failure: null,
    settledAt: new Date(nowMs).toISOString(),
  };
  const targets = [own.id, all.id].toSorted();
  const shown = {
    id,
    ...document,
    customerId: "told-acme",
    addressedAt: new Date(nowMs).toISOString(),
    deliveries: targets.map((endpointId) => ({ ...delivery, endpointId })),
  };
  const { attempts, ...rest } = await readNotification(id);
  expect(rest).toEqual(shown);
  expect(attempts).toHaveLength(2);
  expect(attempts[0]).toEqual({
    kind: "webhook",
    endpointId: expect.stringMatching(/^whe_/),
    at: new Date(nowMs).toISOString(),
    durationMs: expect.any(Number),
    status: 200,
    failure: null,
    response: "thanks",
  });
  const { body } = await call("GET", "/v1/notifications?customerId=told-acme&limit=1000", READ);
  expect(body.data.find((one: { id: string }) => one.id === id)).toEqual(shown);
});

test("a failed delivery: comes again when it is due and not before; the minutes between leave Postgres asleep", async () => {
  const { id: endpointId } = await makeEndpoint("/told-again");
  await answerAt("/told-again", 503, 1, { "retry-after": "150" });
  const id = await told();
  await trigger(MINUTE, nowMs);
  expect((await readNotification(id)).deliveries).toMatchObject([
    {
      endpointId,
      state: "pending",
      attempts: 1,
      nextAttemptAt: new Date(nowMs + 150_000).toISOString(),
      status: 503,
      failure: "status",
    },
  ]);
  for (const minutes of [1, 2]) {
    vi.setSystemTime(nowMs + minutes * MINUTE_MS);
    expect(await neonRequests(() => trigger(MINUTE, nowMs + minutes * MINUTE_MS))).toBe(0);
  }
  expect(await receivedAt("/told-again")).toEqual([]);
  vi.setSystemTime(nowMs + 3 * MINUTE_MS);
  expect(await neonRequests(() => trigger(MINUTE, nowMs + 3 * MINUTE_MS))).toBeGreaterThan(0);
  const { deliveries, attempts } = await readNotification(id);
  expect(deliveries).toMatchObject([{ state: "delivered", attempts: 2 }]);
  expect(
    attempts.map(({ status, failure }: { status: number; failure: string }) => [status, failure]),
  ).toEqual([
    [200, null],
    [503, "status"],
  ]);
  // A tick with deliveries alone is a run of deliveries alone.
  const { body } = await call("GET", "/v1/job-runs?limit=1", READ);
  expect(body.data[0].outcome).toEqual({
    deliveries: { addressed: 0, attempts: 1, delivered: 1, failed: 0, givenUp: 0, released: 0 },
  });
});

test("what Redis knows nothing of: is found by the hour, and by the next minute once Redis was emptied", async () => {
  // The hour tells of invoices, too.
  await makeEndpoint("/told-emptied", { types: ["usage.threshold_reached"] });
  for (const [index, found] of [() => trigger(HOURLY, nowMs), forgetDue].entries()) {
    await tellAt(nowMs);
    expect(await neonRequests(() => trigger(MINUTE, nowMs))).toBe(0);
    expect(await receivedAt("/told-emptied")).toHaveLength(index);
    await found();
    await trigger(MINUTE, nowMs);
    expect(await receivedAt("/told-emptied")).toHaveLength(index + 1);
  }
});

test("an idle minute: asks Redis once, and Postgres nothing", async () => {
  await trigger(MINUTE, nowMs);
  const url = `${inject("controls").upstashUrl}/_control/`;
  await fetch(`${url}reset`, { method: "POST" });
  await fetch(`${url}commands/reset`, { method: "POST" });
  expect(await neonRequests(() => trigger(MINUTE, nowMs))).toBe(0);
  expect(await (await fetch(`${url}subjects`)).json()).toEqual(["POST /pipeline EXISTS"]);
});

test("what an operator's request has found: is told by the next minute", async () => {
  await makeEndpoint("/told-drift", { types: ["integrity.drift_detected"] });
  await record("told-drift", "api_calls", 7);
  await trigger(MINUTE, nowMs);
  const change = "update usage_daily set value = value + $2::integer where customer_id = $1";
  await askLedger(change, ["told-drift", 1]);
  expect((await call("POST", "/v1/integrity/run", ADMIN)).body.days.drifted).toBe(1);
  await trigger(MINUTE, nowMs);
  const [received] = await receivedAt("/told-drift");
  expect(JSON.parse(received?.body ?? "{}")).toMatchObject({
    type: "integrity.drift_detected",
    data: { kind: "days", customerId: "told-drift" },
  });
  await askLedger(change, ["told-drift", -1]);
  expect((await call("POST", "/v1/integrity/run", ADMIN)).body.days.drifted).toBe(0);
});

describe("e-mail", () => {
  test("is accepted by Cloudflare's binding, and shown beside the webhooks", async () => {
    await call("PUT", "/v1/customers/told-mail", ADMIN, { email: "billing@acme.example", name: "Acme" });
    const id = await told({ customerId: "told-mail" });
    await trigger(MINUTE, nowMs);
    expect((await readNotification(id)).deliveries).toEqual([
      {
        kind: "email",
        endpointId: null,
        state: "delivered",
        attempts: 1,
        nextAttemptAt: null,
        status: null,
        failure: null,
        settledAt: new Date(nowMs).toISOString(),
      },
    ]);
  });
});
