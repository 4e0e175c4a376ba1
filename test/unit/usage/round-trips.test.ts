import { afterAll, beforeAll, expect, test } from "vitest";
import { publishCatalog } from "../../../src/catalog/publish-catalog.ts";
import { flushBuckets } from "../../../src/flush/flush-buckets.ts";
import { flushStores } from "../../../src/flush/flush-stores.ts";
import { periodContaining } from "../../../src/domain/period.ts";
import { customerUsage } from "../../../src/usage/customer-usage.ts";
import { type IngestFixture, record, startIngestFixture } from "../../support/counting-ingest.ts";
import { COUNTED_CATALOG } from "../../support/counting-request.ts";
import { BASE_MS } from "../../support/counting-world.ts";

const MINUTE_MS = 60_000;

let fixture: IngestFixture;

beforeAll(async () => {
  fixture = await startIngestFixture();
}, 60_000);
afterAll(() => fixture.stop());

/** The quantity of "calls", and how many round trips the answer took. */
async function read(deps: ReturnType<IngestFixture["isolate"]>, nowMs: number) {
  fixture.asked();
  const usage = await customerUsage(deps, "cus_trips", { kind: "current" }, nowMs);
  const { redis, postgres } = fixture.asked();
  if (usage === undefined || usage === "no_catalog") {
    throw new Error(`no usage: ${usage}`);
  }
  return {
    calls: usage.quantities.get("calls"),
    redis: redis.length,
    postgres: postgres.length,
    version: usage.catalog.version,
  };
}

test("usage of what is live and what is flushed is one call to Redis and one to Postgres", async () => {
  const deps = fixture.isolate();
  const events = Array.from({ length: 300 }, () => ({ customerId: "cus_trips", metricName: "calls" }));
  await record(deps, events, BASE_MS);
  const stores = flushStores(deps.redis, deps.database);
  await flushBuckets({ stores, randomId: deps.randomId, maxBuckets: 100 }, BASE_MS + MINUTE_MS);
  await record(deps, events.slice(0, 7), BASE_MS + MINUTE_MS);

  // The first answer reads the catalog again, and brings Redis the script.
  await read(deps, BASE_MS + 2 * MINUTE_MS);
  expect(await read(deps, BASE_MS + 2 * MINUTE_MS)).toEqual({
    calls: 307n,
    redis: 1,
    postgres: 1,
    version: 1,
  });
});

test("usage while a version for the next period waits: the one in force is read once, then it is one call each", async () => {
  const [plan] = COUNTED_CATALOG.plans;
  const document = { ...COUNTED_CATALOG, plans: [{ ...plan, baseFee: "5.00" }] };
  const publication = await publishCatalog(fixture.isolate(), document, 1, "test", BASE_MS, {
    effective: "nextPeriod",
  });
  expect(publication.outcome).toBe("published");
  const deps = fixture.isolate();
  const nowMs = BASE_MS + 3 * MINUTE_MS;

  // Beside the usage: the newest version from Redis, and the one that prices from Postgres.
  expect(await read(deps, nowMs)).toMatchObject({ redis: 2, postgres: 2, version: 1 });
  expect(await read(deps, nowMs)).toMatchObject({ redis: 1, postgres: 1, version: 1 });
  // The newest version is looked for again, the one in force is remembered.
  expect(await read(deps, nowMs + MINUTE_MS)).toMatchObject({ redis: 2, postgres: 1, version: 1 });
  // In the next period the newest prices.
  const nextMs = periodContaining(nowMs).endMs;
  await record(deps, [{ customerId: "cus_trips", metricName: "calls" }], nextMs);
  expect(await read(deps, nextMs)).toMatchObject({ redis: 1, postgres: 1, version: 2 });
});
