import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { flushAll, playAt, publishPlans } from "./played-time.ts";
import { answerAt, deleteEndpoints, makeEndpoint, receivedAt } from "./received-webhooks.ts";
import { forgetDue, readNotification, tellAt } from "./told-notifications.ts";
import { ADMIN, call, INGEST, READ, trigger } from "./worker-api.ts";

const MINUTE_MS = 60_000;
const MINUTE = "* * * * *";
let nowMs: number;

beforeAll(async () => {
  await flushAll();
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

describe("again by hand", () => {
  test("to all, or to one, by the next minute, under the same id", async () => {
    const one = await makeEndpoint("/again-one");
    await makeEndpoint("/again-two");
    const id = await told();
    await trigger(MINUTE, nowMs);
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
    expect((await readNotification(id)).attempts).toHaveLength(5);
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
  await trigger(MINUTE, nowMs);
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
  expect(new Set([first.body.data[0].id, ...rest])).toEqual(new Set([failed, other]));
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
