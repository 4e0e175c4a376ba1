import { inject } from "vitest";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { insertNotification, type Notification } from "../../src/ledger/notifications.ts";
import { askLedger, flushAll, playAt, publishPlans, record } from "./played-time.ts";
import { answerAt, deleteEndpoints, makeEndpoint, receivedAt } from "./received-webhooks.ts";
import { ADMIN, call, INGEST, READ, trigger } from "./worker-api.ts";

const MINUTE_MS = 60_000;
const MINUTE = "* * * * *";
const HOURLY = "17 * * * *";
let nowMs: number;
let subjects = 0;

beforeAll(async () => {
  await flushAll();
  nowMs = playAt(2, 6);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
beforeEach(async () => {
  await deleteEndpoints();
  // What the test before has left.
  nowMs += 7 * 24 * 60 * MINUTE_MS;
  vi.setSystemTime(nowMs);
  await trigger(HOURLY, nowMs);
});
afterAll(async () => {
  await deleteEndpoints();
  vi.useRealTimers();
});

/** Has something told as the ledger does, past the Worker: Redis hears nothing of it. Answers its id. */
async function told(changes: Partial<Notification> = {}): Promise<string> {
  subjects += 1;
  const subject = `notified-${subjects}`;
  const notification = {
    type: "usage.threshold_reached",
    customerId: "told-acme",
    data: {
      customerId: "told-acme",
      metric: "api_calls",
      current: "8000",
      threshold: "80",
      included: "10000",
    },
  };
  const { text, params } = insertNotification({ ...notification, subject, ...changes }, nowMs);
  await askLedger(text, params);
  const [row] = await askLedger("select notification_id from notifications where subject = $1", [subject]);
  return row?.["notification_id"] ?? "";
}

async function read(id: string) {
  const { status, body } = await call("GET", `/v1/notifications/${id}`, READ);
  expect(status).toBe(200);
  return body;
}

async function neonRequests(work: () => Promise<void>): Promise<number> {
  const url = `${inject("controls").neonUrl}/_control/`;
  await fetch(`${url}reset`, { method: "POST" });
  await work();
  return ((await (await fetch(`${url}subjects`)).json()) as unknown[]).length;
}

test("a notification: is delivered by the cron, to its customer's endpoint and the deployment's, and to no other", async () => {
  const own = await makeEndpoint("/told-own", { customerId: "told-acme" });
  const all = await makeEndpoint("/told-all");
  await makeEndpoint("/told-other", { customerId: "told-other" });
  await makeEndpoint("/told-types", { types: ["limit.reached"] });
  const id = await told();
  await trigger(HOURLY, nowMs);
  const document = {
    type: "usage.threshold_reached",
    timestamp: new Date(nowMs).toISOString(),
    data: {
      customerId: "told-acme",
      metric: "api_calls",
      current: "8000",
      threshold: "80",
      included: "10000",
    },
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
  const { attempts, ...rest } = await read(id);
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
  expect((await call("GET", "/v1/notifications?customerId=told-acme&limit=1", READ)).body.data).toEqual([
    shown,
  ]);
});

test("a failed delivery: comes again when it is due and not before; the minutes between leave Postgres asleep", async () => {
  const { id: endpointId } = await makeEndpoint("/told-again");
  await answerAt("/told-again", 503, 1, { "retry-after": "150" });
  const id = await told();
  await trigger(HOURLY, nowMs);
  expect((await read(id)).deliveries).toMatchObject([
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
  const { deliveries, attempts } = await read(id);
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

test("a Redis that was emptied: has the next minute look", async () => {
  await makeEndpoint("/told-emptied");
  await trigger(MINUTE, nowMs);
  await told();
  expect(await neonRequests(() => trigger(MINUTE, nowMs))).toBe(0);
  const { upstashUrl } = inject("controls");
  await fetch(upstashUrl, {
    method: "POST",
    headers: { authorization: "Bearer em_upstash_local" },
    body: JSON.stringify(["DEL", "due"]),
  });
  await trigger(MINUTE, nowMs);
  expect(await receivedAt("/told-emptied")).toHaveLength(1);
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
    await trigger(HOURLY, nowMs);
    expect((await read(id)).deliveries).toEqual([
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

describe("again by hand", () => {
  test("to all, or to one, by the next minute, under the same id", async () => {
    const one = await makeEndpoint("/again-one");
    await makeEndpoint("/again-two");
    const id = await told();
    await trigger(HOURLY, nowMs);
    const ordered = await call("POST", `/v1/notifications/${id}/redeliver`, ADMIN);
    expect(ordered.status).toBe(202);
    expect(ordered.body.deliveries.map(({ state }: { state: string }) => state)).toEqual([
      "pending",
      "pending",
    ]);
    await trigger(MINUTE, nowMs);
    await call("POST", `/v1/notifications/${id}/redeliver`, ADMIN, { endpointId: one.id });
    await trigger(MINUTE, nowMs);
    const counts = [await receivedAt("/again-one"), await receivedAt("/again-two")];
    expect(counts.map(({ length }) => length)).toEqual([3, 2]);
    expect(new Set(counts.flat().map(({ headers }) => headers["webhook-id"]))).toEqual(new Set([id]));
    expect((await read(id)).attempts).toHaveLength(5);
  });

  test("to nobody: is a conflict; what was never told is not found", async () => {
    const id = await told();
    const answer = await call("POST", `/v1/notifications/${id}/redeliver`, ADMIN);
    expect([answer.status, answer.body.code]).toEqual([409, "conflict"]);
    expect((await call("POST", "/v1/notifications/ntf_none/redeliver", ADMIN)).status).toBe(404);
    expect((await call("GET", "/v1/notifications/ntf_none", READ)).status).toBe(404);
    expect((await call("GET", "/v1/notifications/%00", READ)).status).toBe(404);
  });

  test.each([
    [{ endpoint: "whe_1" }, ""],
    [{ kind: "fax" }, "kind"],
    [{ kind: "email", endpointId: "whe_1" }, "kind"],
  ])("with %o: is refused", async (body, path) => {
    const id = await told();
    const answer = await call("POST", `/v1/notifications/${id}/redeliver`, ADMIN, body);
    expect([answer.status, answer.body.errors[0].path]).toEqual([422, path]);
  });
});

test("a list: by customer, type and state, page by page", async () => {
  await makeEndpoint("/listed");
  await answerAt("/listed", 410, 1);
  const failed = await told({ customerId: "told-listed" });
  await trigger(HOURLY, nowMs);
  const other = await told({ customerId: "told-listed", type: "limit.reached" });
  const ids = async (query: string) => {
    const { status, body } = await call("GET", `/v1/notifications?${query}`, READ);
    expect(status).toBe(200);
    return body.data.map(({ id }: { id: string }) => id);
  };
  expect((await ids("customerId=told-listed")).toSorted()).toEqual([failed, other].toSorted());
  expect(await ids("customerId=told-listed&type=limit.reached")).toEqual([other]);
  expect(await ids("customerId=told-listed&state=failed")).toEqual([failed]);
  expect(await ids("customerId=told-listed&state=delivered")).toEqual([]);
  const first = await call("GET", "/v1/notifications?customerId=told-listed&limit=1", READ);
  const rest = await ids(`customerId=told-listed&limit=1&cursor=${first.body.nextCursor}`);
  expect([first.body.data[0].id, ...rest].toSorted()).toEqual([failed, other].toSorted());
});

test.each([
  ["state=lost", "invalid_request"],
  ["type=usage.everything", "invalid_request"],
  ["customerId=%00", "invalid_request"],
  ["limit=1001", "invalid_request"],
  ["cursor=x", "invalid_cursor"],
  ["since=2026", "invalid_request"],
])("notifications with %s: 400 %s", async (query, code) => {
  const { status, body } = await call("GET", `/v1/notifications?${query}`, READ);
  expect([status, body.code]).toEqual([400, code]);
});

test("notifications: are read with a read key, ordered again with an admin key", async () => {
  const id = await told();
  for (const path of ["/v1/notifications", `/v1/notifications/${id}`]) {
    expect((await call("GET", path, INGEST)).status).toBe(403);
    expect((await call("GET", path, undefined)).status).toBe(401);
  }
  expect((await call("POST", `/v1/notifications/${id}/redeliver`, READ)).status).toBe(403);
});
