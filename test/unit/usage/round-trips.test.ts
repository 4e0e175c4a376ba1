import { afterAll, beforeAll, expect, test } from "vitest";
import { flushBuckets } from "../../../src/flush/flush-buckets.ts";
import { flushStores } from "../../../src/flush/flush-stores.ts";
import { customerUsage } from "../../../src/usage/customer-usage.ts";
import { type IngestFixture, record, startIngestFixture } from "../../support/counting-ingest.ts";
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
  return { calls: usage.quantities.get("calls"), redis: redis.length, postgres: postgres.length };
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
  expect(await read(deps, BASE_MS + 2 * MINUTE_MS)).toEqual({ calls: 307n, redis: 1, postgres: 1 });
});
