import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { localKeys } from "../../local/stores.ts";
import { holdCatalog } from "../../src/catalog/current-catalog.ts";
import { putCatalogCopy } from "../../src/counters/catalog-copy.ts";
import { CATALOG_KEY } from "../../src/counters/keys.ts";
import { createRedis, type RedisClient } from "../../src/counters/redis.ts";
import { recordUsage } from "../../src/ingest/record-usage.ts";
import { insertCatalog, latestCatalog } from "../../src/ledger/catalog-versions.ts";
import { createDatabase, type Database } from "../../src/ledger/database.ts";
import { catalogSchema } from "../../src/rating/catalog.ts";
import { HOURLY_CRON, MINUTE_CRON } from "../support/billed-customer.ts";
import { startMeter, type RunningMeter } from "../support/running-meter.ts";

let meter: RunningMeter;
let raw: Redis;
let redis: RedisClient;
let database: Database;
let meters = 0;

beforeAll(async () => {
  meter = await startMeter();
  raw = new Redis(meter.stores.redis.url);
  redis = createRedis(meter.stores.upstash.url, localKeys.upstashToken);
  database = createDatabase(meter.stores.postgres.url, `${meter.stores.neon.url}/sql`);
});
beforeEach(async () => {
  // Both stores agree on a version of the demo catalog.
  expect(await meter.send("PUT", "/v1/catalog", demoCatalog)).toMatchObject({ status: 200 });
  expect(await copied()).toBe(await published());
});
afterAll(async () => {
  raw.disconnect();
  await meter.stop();
});

/** The demo catalog with one meter more that no version has had before. */
function withNewMeter(changes: object = {}) {
  meters += 1;
  const added = { ...demoCatalog.meters[3], name: `new_${meters}`, displayName: "New", ...changes };
  return { name: added.name, document: { ...demoCatalog, meters: [...demoCatalog.meters, added] } };
}

async function published(): Promise<number | undefined> {
  return (await latestCatalog(database))?.version;
}

/** Version of the copy at the edge; none while the edge is sent to the ledger. */
async function copied(): Promise<number | "none"> {
  const [version, document] = await raw.hmget(CATALOG_KEY, "version", "document");
  if (document === null) {
    return "none";
  }
  expect((JSON.parse(document ?? "{}") as { version?: number }).version).toBe(Number(version));
  return Number(version);
}

async function record(metricName: string): Promise<string> {
  const event = { customerId: "copy", metricName };
  const answer = await meter.send("POST", "/v1/events", event);
  const body = answer?.body as { results: { status: string; code?: string }[] } | undefined;
  return body?.results[0]?.code ?? body?.results[0]?.status ?? "";
}

/** Publishes a catalog that Redis does not take. */
async function publishWithoutCopy(): Promise<{ name: string; version: number }> {
  const before = (await published()) ?? 0;
  const { name, document } = withNewMeter();
  meter.stores.upstash.faults.add({ mode: "before", match: "EVAL", skip: 1, times: 10 });
  const answer = await meter.send("PUT", "/v1/catalog", document);
  meter.stores.upstash.faults.reset();
  expect(answer).toMatchObject({ status: 200, body: { version: before + 1 } });
  expect([await published(), await copied()]).toEqual([before + 1, "none"]);
  return { name, version: before + 1 };
}

test("a copy that Redis did not take: the next tick with work brings it", async () => {
  const { name, version } = await publishWithoutCopy();
  expect(await record(name)).toBe("recorded");
  expect(await meter.trigger(MINUTE_CRON, Date.now())).toBe(true);
  expect(await copied()).toBe(version);
  await meter.worker.restart();
  expect(await record(name)).toBe("recorded");
});

test("a copy that Redis did not take: the hourly run brings it when no tick has work", async () => {
  await meter.trigger(MINUTE_CRON, Date.now() + 600_000);
  const { name, version } = await publishWithoutCopy();
  expect(await meter.trigger(MINUTE_CRON, Date.now())).toBe(true);
  expect(await copied()).toBe("none");
  expect(await meter.trigger(HOURLY_CRON, Date.now())).toBe(true);
  expect(await copied()).toBe(version);
  await meter.worker.restart();
  expect(await record(name)).toBe("recorded");
});

test.each([
  { name: "the hourly run", cron: HOURLY_CRON },
  { name: "a tick with work", cron: MINUTE_CRON },
])("Postgres set back under a newer copy: $name takes the copy back", async ({ cron }) => {
  const before = await published();
  const { name, document } = withNewMeter();
  expect(await meter.send("PUT", "/v1/catalog", document)).toMatchObject({ status: 200 });
  expect(await record("api_calls")).toBe("recorded");
  await meter.database.query("delete from catalog_versions where version > $1", [before]);
  expect(await copied()).toBe((before ?? 0) + 1);

  expect(await meter.trigger(cron, Date.now())).toBe(true);
  expect([await published(), await copied()]).toEqual([before, before]);
  await meter.worker.restart();
  expect([await record(name), await record("api_calls")]).toEqual(["unknown_metric", "recorded"]);
});

test("Redis emptied: the hourly run brings the copy back", async () => {
  await raw.flushall();
  expect(await meter.trigger(HOURLY_CRON, Date.now())).toBe(true);
  expect(await copied()).toBe(await published());
});

test("Redis emptied: an isolate without memory reads Postgres and brings the copy back", async () => {
  await raw.flushall();
  await meter.worker.restart();
  expect(await record("api_calls")).toBe("recorded");
  expect(await copied()).toBe(await published());
});

test("a repair that fails: fails the run, and keeps nothing else from its work", async () => {
  expect(await record("seats")).toBe("recorded");
  meter.stores.upstash.faults.add({ mode: "before", match: "HMGET" });
  const { rows: before } = await meter.database.query("select 1 from usage_records where value = 1234");
  const event = { customerId: "copy-flushed", metricName: "seats", value: 1234 };
  expect(await meter.send("POST", "/v1/events", event)).toMatchObject({ body: { recorded: 1 } });
  expect(await meter.trigger(MINUTE_CRON, Date.now())).toBe(false);
  const { rows: after } = await meter.database.query("select 1 from usage_records where value = 1234");
  expect([before.length, after.length]).toEqual([0, 1]);
  meter.stores.upstash.faults.reset();
});

test("a repair that is overtaken by a newer version: leaves that one", async () => {
  const { version } = await publishWithoutCopy();
  meter.stores.neon.faults.add({ mode: "hold-after", match: "select catalog_versions.version" });
  const repair = meter.trigger(HOURLY_CRON, Date.now());
  await meter.stores.neon.faults.whenHeld();
  expect(await meter.send("PUT", "/v1/catalog", withNewMeter().document)).toMatchObject({ status: 200 });
  meter.stores.neon.faults.release();

  expect(await repair).toBe(true);
  expect([await published(), await copied()]).toEqual([version + 1, version + 1]);
});

test("a publication that is overtaken before its copy: leaves the newer one", async () => {
  const before = (await published()) ?? 0;
  meter.stores.upstash.faults.add({ mode: "hold", match: "EVAL", skip: 1 });
  const first = meter.send("PUT", "/v1/catalog", withNewMeter().document);
  await meter.stores.upstash.faults.whenHeld();
  expect(await meter.send("PUT", "/v1/catalog", withNewMeter().document)).toMatchObject({ status: 200 });
  meter.stores.upstash.faults.release();

  expect(await first).toMatchObject({ status: 200, body: { version: before + 1 } });
  expect([await published(), await copied()]).toEqual([before + 2, before + 2]);
});

test.each([
  { name: "in the same millisecond", ageMs: 0 },
  { name: "so lately that it would serve", ageMs: 14_999 },
  { name: "so long ago that it is read again", ageMs: 15_000 },
])("a meter that another isolate published, memory read $name: the event is counted", async ({ ageMs }) => {
  const held = await latestCatalog(database);
  const nowMs = Date.now();
  const { name, document } = withNewMeter();
  const version = {
    version: (held?.version ?? 0) + 1,
    catalog: catalogSchema.parse(document),
    publishedAtMs: nowMs,
  };
  expect(await insertCatalog(database, version.version - 1, version.catalog, nowMs, "another")).toBe(true);
  await putCatalogCopy(redis, {
    version: version.version,
    publishedAtMs: nowMs,
    document: JSON.stringify(version),
  });
  const deps = {
    redis,
    database,
    randomId: randomUUID,
    catalogMemory: {
      held: held && holdCatalog(held),
      others: [],
      readAtMs: nowMs - ageMs,
      reading: undefined,
    },
    customerMemory: new Map(),
    spoolMemory: { mayHold: false },
    lateEventHours: 24,
    requireKnownCustomers: false,
  };
  const events = [{ customerId: "copy", metricName: name }];

  const answer = await recordUsage(deps, { format: "json", events, idempotencyKey: undefined }, nowMs);
  expect(answer.results).toEqual([{ status: "recorded" }]);
});

describe("one new meter defined differently at once", () => {
  /** Exactly one is published, the ledger and the edge have that one's definition. */
  async function expectOneWinner(name: string, answers: Awaited<ReturnType<RunningMeter["send"]>>[]) {
    const statuses = answers.map((answer) => answer?.status ?? 0);
    expect(statuses.filter((status) => status === 200)).toEqual([200]);
    expect(statuses.filter((status) => ![200, 412, 422].includes(status))).toEqual([]);
    const winner = answers.find((answer) => answer?.status === 200)?.body as {
      version: number;
      catalog: { meters: { name: string; aggregation: string }[] };
    };
    const { rows } = await meter.database.query<{ aggregation: string }>(
      `select meter ->> 'aggregation' as aggregation
       from catalog_versions, jsonb_array_elements(document -> 'meters') as meter where meter ->> 'name' = $1`,
      [name],
    );
    const { aggregation } = winner.catalog.meters.find((found) => found.name === name) ?? {};
    expect(rows).toEqual([{ aggregation }]);
    expect([await published(), await copied()]).toEqual([winner.version, winner.version]);
  }

  test.each(["hold", "hold-after"] as const)("%s at each request to Postgres: one wins", async (mode) => {
    const { faults } = meter.stores.neon;
    let cuts = 0;
    for (let isHeld = true; isHeld; cuts += 1) {
      const { name, document } = withNewMeter();
      const other = structuredClone(document);
      Object.assign(other.meters.at(-1) ?? {}, { aggregation: "min" });
      faults.add({ mode, skip: cuts });
      const first = meter.send("PUT", "/v1/catalog", document);
      isHeld = await Promise.race([faults.whenHeld().then(() => true), first.then(() => false)]);
      if (!isHeld) {
        faults.reset();
      }
      const second = await meter.send("PUT", "/v1/catalog", other);
      faults.reset();
      await expectOneWinner(name, [await first, second]);
    }
    // The latest version, meters ever published, plans in use, plans to bill, meters with own prices, the insert.
    expect(cuts - 1).toBe(6);
  });

  test("five together: one wins", async () => {
    const { name, document } = withNewMeter();
    const documents = ["sum", "count", "max", "min", "last"].map((aggregation) => {
      const own = structuredClone(document);
      Object.assign(own.meters.at(-1) ?? {}, { aggregation });
      return own;
    });
    const answers = await Promise.all(documents.map((own) => meter.send("PUT", "/v1/catalog", own)));
    await expectOneWinner(name, answers);
    expect(answers.filter((answer) => answer?.status === 200)).toHaveLength(1);
  });
});
