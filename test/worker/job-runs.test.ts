import { Buffer } from "node:buffer";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { askLedger, flushAll, playAt, publishPlans, record } from "./played-time.ts";
import { ADMIN, call, INGEST, READ, trigger } from "./worker-api.ts";

let nowMs: number;

beforeAll(async () => {
  await flushAll();
  // Of later moments that others have played.
  await askLedger("delete from job_runs", []);
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
  nowMs = playAt(2, 20);
});
afterAll(() => {
  vi.useRealTimers();
});

test("job runs: newest first, of one job or of all, page by page", async () => {
  for (const [index, cron] of (["* * * * *", "17 * * * *", "* * * * *"] as const).entries()) {
    vi.setSystemTime(nowMs + index);
    await record(`jobs-${index}`, "api_calls", 1);
    await trigger(cron, nowMs + index);
  }
  const first = await call("GET", "/v1/job-runs?limit=2", READ);
  expect(first.status).toBe(200);
  expect(first.body.data.map(({ job }: { job: string }) => job)).toEqual(["minute", "hourly"]);
  expect(first.body.data[0]).toMatchObject({
    id: expect.any(String),
    scheduledAt: new Date(nowMs + 2).toISOString(),
    startedAt: new Date(nowMs + 2).toISOString(),
    finishedAt: new Date(nowMs + 2).toISOString(),
    outcome: { flush: { buckets: expect.any(Number) } },
  });
  const second = await call("GET", `/v1/job-runs?limit=1&cursor=${first.body.nextCursor}`, READ);
  expect(second.body.data[0]).toMatchObject({ job: "minute", scheduledAt: new Date(nowMs).toISOString() });
  const hourly = await call("GET", "/v1/job-runs?job=hourly&limit=1", READ);
  expect(hourly.body.data[0].id).toBe(first.body.data[1].id);
  expect((await call("GET", "/v1/job-runs?job=nothing", READ)).body).toEqual({ data: [], nextCursor: null });
});

test("a run of which a part fails: is kept with the part's name, and fails", async () => {
  vi.setSystemTime(nowMs + 10);
  const upstash = `${inject("controls").upstashUrl}/_control/`;
  await fetch(`${upstash}faults`, {
    method: "POST",
    body: JSON.stringify({ mode: "status", status: 500, times: 100 }),
  });
  await expect(trigger("17 * * * *", nowMs + 10)).rejects.toThrow("parts failed");
  await fetch(`${upstash}reset`, { method: "POST" });
  const { body } = await call("GET", "/v1/job-runs?limit=1", READ);
  expect(body.data[0]).toMatchObject({ job: "hourly", startedAt: new Date(nowMs + 10).toISOString() });
  expect(body.data[0].outcome.failed).toContain("catalogRepaired");
  expect(body.data[0].outcome.days).toMatchObject({ drifted: 0 });
});

test.each([
  ["?job=%00", "invalid_request"],
  ["?job=", "invalid_request"],
  ["?limit=0", "invalid_request"],
  ["?limit=1001", "invalid_request"],
  ["?cursor=x", "invalid_cursor"],
  [`?cursor=${Buffer.from('[1,"a"]').toString("base64url")}`, "invalid_cursor"],
  [`?cursor=${Buffer.from('[1,"-1"]').toString("base64url")}`, "invalid_cursor"],
  [`?cursor=${Buffer.from(`[1,"${"9".repeat(19)}"]`).toString("base64url")}`, "invalid_cursor"],
])("job runs with %s: 400 %s", async (query, code) => {
  const { status, body } = await call("GET", `/v1/job-runs${query}`, ADMIN);
  expect([status, body.code]).toEqual([400, code]);
});

test("job runs: need a read key", async () => {
  expect((await call("GET", "/v1/job-runs", INGEST)).status).toBe(403);
  expect((await call("GET", "/v1/job-runs", undefined)).status).toBe(401);
});
