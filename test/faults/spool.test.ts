import { afterAll, beforeAll, expect, test } from "vitest";
import { startMeter, type RunningMeter } from "../support/running-meter.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MINUTE_CRON = "* * * * *";
const HOURLY_CRON = "17 * * * *";

let meter: RunningMeter;

beforeAll(async () => {
  meter = await startMeter();
});
afterAll(() => meter.stop());

async function record(...events: object[]): Promise<Record<string, unknown>> {
  return (await meter.send("POST", "/v1/events", events))?.body as Record<string, unknown>;
}

async function calls(customerId: string): Promise<string> {
  const answer = await meter.send("GET", `/v1/customers/${customerId}/usage`);
  const usage = answer?.body as { metrics: { current: string }[] } | undefined;
  return usage?.metrics[0]?.current ?? "";
}

async function spooled(): Promise<number> {
  const { rows } = await meter.database.query<{ n: number }>("select count(*)::int as n from spool");
  return rows[0]?.n ?? -1;
}

const event = (customerId: string, more: object = {}) => ({
  id: "1",
  customerId,
  metricName: "api_calls",
  value: 5,
  ...more,
});

test("Redis away: events are spooled, and counted once by the first tick after it is back", async () => {
  await record(event("spool-a", { id: "before" }));
  await meter.stores.redis.kill();
  expect(await record(event("spool-a"), event("spool-a", { id: "2", metricName: "nope" }))).toMatchObject({
    spooled: 1,
    rejected: 1,
    results: [{ status: "spooled" }, { status: "rejected", code: "unknown_metric" }],
  });
  // A client that sends again, and one that does not know its ids.
  expect(await record(event("spool-a"))).toMatchObject({ spooled: 1 });
  expect(await record({ customerId: "spool-a", metricName: "api_calls", value: 100 })).toMatchObject({
    spooled: 1,
  });
  expect(await meter.trigger(MINUTE_CRON, Date.now())).toBe(false);
  expect(await spooled()).toBe(3);

  await meter.stores.redis.restart();
  expect(await meter.trigger(MINUTE_CRON, Date.now())).toBe(true);
  expect(await spooled()).toBe(0);
  expect(await calls("spool-a")).toBe("110");
  expect(await record(event("spool-a"))).toMatchObject({ duplicates: 1 });
});

test("a reply lost twice: is spooled though it was counted, and counts once", async () => {
  meter.stores.upstash.faults.add({ mode: "after", match: "EVALSHA", times: 2 });
  expect(await record(event("spool-b"))).toMatchObject({ spooled: 1 });
  expect(await calls("spool-b")).toBe("5");
  expect(await meter.trigger(MINUTE_CRON, Date.now())).toBe(true);
  expect([await calls("spool-b"), await spooled()]).toEqual(["5", 0]);
});

test("a reply lost once: our own repeat finds it counted", async () => {
  meter.stores.upstash.faults.add({ mode: "after", match: "EVALSHA" });
  expect(await record(event("spool-c"))).toMatchObject({ duplicates: 1, spooled: 0 });
  expect(await calls("spool-c")).toBe("5");
});

test("both stores away: 503 with Retry-After, nothing half done", async () => {
  for (const store of ["upstash", "neon"] as const) {
    meter.stores[store].faults.add({ mode: "before", times: 10 });
  }
  const refused = await fetch(`${meter.worker.url}/v1/events`, {
    method: "POST",
    headers: { authorization: "Bearer em_ingest_local", "content-type": "application/json" },
    body: JSON.stringify(event("spool-d")),
  });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await refused.json()).toMatchObject({ code: "store_unavailable" });
  meter.stores.upstash.faults.reset();
  meter.stores.neon.faults.reset();
  expect(await record(event("spool-d"))).toMatchObject({ recorded: 1 });
});

test("the Worker dies before the replay: the next one's hourly run finds the spool", async () => {
  await meter.stores.redis.kill();
  expect(await record(event("spool-e"))).toMatchObject({ spooled: 1 });
  await meter.stores.redis.restart();
  await meter.worker.restart();
  expect(await meter.trigger(HOURLY_CRON, Date.now())).toBe(true);
  expect([await calls("spool-e"), await spooled()]).toEqual(["5", 0]);
});

test("the Worker dies between counting and removing: the repeat counts nothing", async () => {
  await meter.stores.redis.kill();
  expect(await record(event("spool-f"))).toMatchObject({ spooled: 1 });
  await meter.stores.redis.restart();
  meter.stores.neon.faults.add({ mode: "hold", match: "delete from spool" });
  const tick = meter.trigger(MINUTE_CRON, Date.now());
  await meter.stores.neon.faults.whenHeld();
  await meter.worker.kill();
  meter.stores.neon.faults.drop();
  expect(await tick).toBe(false);
  await meter.worker.restart();
  expect(await spooled()).toBe(1);
  expect(await meter.trigger(MINUTE_CRON, Date.now())).toBe(true);
  expect([await calls("spool-f"), await spooled()]).toEqual(["5", 0]);
});

test("a batch a day old: is kept and reported, not replayed", async () => {
  await meter.stores.redis.kill();
  expect(await record(event("spool-g"))).toMatchObject({ spooled: 1 });
  await meter.stores.redis.restart();
  expect(await meter.trigger(MINUTE_CRON, Date.now() + 24 * HOUR_MS + MINUTE_MS)).toBe(true);
  expect(await spooled()).toBe(1);
  const { rows } = await meter.database.query("select outcome from job_runs order by run_id desc limit 1");
  expect(rows[0]).toMatchObject({ outcome: { spool: { replayed: 0, expired: 1 } } });
  await meter.database.query("delete from spool");
});

test("a close: waits for the spooled events of its customer, and for no other", async () => {
  const dueMs = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1, 2, 5);
  await meter.send("PUT", "/v1/customers/spool-h", {});
  await meter.send("PUT", "/v1/customers/spool-i", {});
  await meter.database.query(
    "insert into spool values ('held', to_timestamp($1::bigint / 1000.0), array['spool-h'], 0, '[]')",
    [dueMs - HOUR_MS],
  );
  meter.stores.upstash.faults.add({ mode: "before", match: "EVAL", times: 1 });
  await meter.trigger(HOURLY_CRON, dueMs);
  const closed = await meter.database.query<{ customer_id: string }>(
    "select customer_id from invoices where customer_id in ('spool-h', 'spool-i')",
  );
  expect(closed.rows.map((row) => row.customer_id)).toEqual(["spool-i"]);
  expect(await meter.trigger(HOURLY_CRON, dueMs + HOUR_MS)).toBe(true);
  const all = await meter.database.query("select 1 from invoices where customer_id = 'spool-h'");
  expect(all.rows).toHaveLength(1);
});
