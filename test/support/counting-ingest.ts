import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Client } from "pg";
import { startStores, type Stores } from "../../local/stores.ts";
import { publishCatalog } from "../../src/catalog/publish-catalog.ts";
import { createRedis } from "../../src/counters/redis.ts";
import { recordUsage, type IngestDeps } from "../../src/ingest/record-usage.ts";
import { createDatabase } from "../../src/ledger/database.ts";
import { COUNTED_CATALOG } from "./counting-request.ts";
import { BASE_MS } from "./counting-world.ts";

/** Real stores with a published catalog, and isolates that record into them. */
export interface IngestFixture {
  stores: Stores;
  raw: Redis;
  sql: Client;
  /** The dependencies of an isolate that has seen nothing yet. */
  isolate: (changes?: Partial<IngestDeps>) => IngestDeps;
  /** Commands that Redis was asked, and statements that Postgres was asked, since the last call. */
  asked: () => { redis: string[]; postgres: string[] };
  stop: () => Promise<void>;
}

/** Starts everything in a folder of its own. */
export async function startIngestFixture(): Promise<IngestFixture> {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-ingest-"));
  const stores = await startStores({ dir, fresh: true, print: () => undefined });
  const raw = new Redis(stores.redis.url);
  const sql = new Client({ connectionString: stores.postgres.url });
  await sql.connect();
  const { UPSTASH_REDIS_REST_URL: url = "", UPSTASH_REDIS_REST_TOKEN: token = "" } = stores.bindings;
  const redis = createRedis(url, token);
  const database = createDatabase(stores.postgres.url, `${stores.neon.url}/sql`);
  const isolate = (changes: Partial<IngestDeps> = {}): IngestDeps => ({
    redis,
    database,
    randomId: () => crypto.randomUUID(),
    catalogMemory: { held: undefined, others: [], readAtMs: 0, reading: undefined },
    customerMemory: new Map(),
    spoolMemory: { mayHold: false },
    lateEventHours: 24,
    requireKnownCustomers: false,
    ...changes,
  });
  await publishCatalog(isolate(), COUNTED_CATALOG, 0, "test", BASE_MS - 86_400_000);
  // Known to Redis from here on, so that no test meets it first.
  await record(isolate(), [{ customerId: "warm", metricName: "calls" }], BASE_MS);
  return {
    stores,
    raw,
    sql,
    isolate,
    asked: () => ({
      redis: stores.upstash.faults.subjects.splice(0).map((subject) => subject.replace("POST / ", "")),
      postgres: stores.neon.faults.subjects.splice(0).map((subject) => subject.replace("POST /sql ", "")),
    }),
    stop: async () => {
      raw.disconnect();
      await sql.end();
      await stores.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Records JSON events; answers the code or status of each. */
export async function record(
  deps: IngestDeps,
  events: readonly unknown[],
  nowMs: number,
  idempotencyKey?: string,
): Promise<string[]> {
  const { results } = await recordUsage(deps, { format: "json", events, idempotencyKey }, nowMs);
  return results.map(({ status, code }) => code ?? status);
}
