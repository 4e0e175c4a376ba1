import { Client } from "pg";
import { recordGroups } from "../../src/counters/record.ts";
import { measuredCustomerHours, type Counted } from "./measured-hours.ts";
import { flushBuckets, type FlushDeps, type FlushReport } from "../../src/flush/flush-buckets.ts";
import { flushStores } from "../../src/flush/flush-stores.ts";
import { createDatabase, type Database } from "../../src/ledger/database.ts";
import { startNeonFixture, type NeonFixture } from "./neon-fixture.ts";
import { startRedisFixture, type RedisFixture } from "./redis-fixture.ts";

/** Real counters and a real ledger, with a flush between. */
export interface FlushFixture {
  counters: RedisFixture;
  ledger: NeonFixture;
  database: Database;
  sql: Client;
  /** Connects again after the ledger was restarted. */
  reconnect: () => Promise<void>;
  /** Counts events, each under an id of its own. */
  count: (events: readonly Counted[], nowMs: number) => Promise<void>;
  flush: (nowMs: number, changes?: Partial<FlushDeps>) => Promise<FlushReport>;
  /** What the ledger has of each customer. */
  totals: () => Promise<Map<string, bigint>>;
  clear: () => Promise<void>;
  stop: () => Promise<void>;
}

export async function startFlushFixture(): Promise<FlushFixture> {
  const counters = await startRedisFixture();
  const ledger = await startNeonFixture();
  const database = createDatabase(ledger.url, ledger.endpoint);
  const connect = async (): Promise<Client> => {
    const client = new Client({ connectionString: ledger.url });
    // A server that is restarted ends it.
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  let sql = await connect();
  let ids = 0;
  return {
    counters,
    ledger,
    database,
    get sql() {
      return sql;
    },
    reconnect: async () => {
      sql = await connect();
    },
    count: async (events, nowMs) => {
      for (const page of measuredCustomerHours(events)) {
        const groups = page.map((measurement) => {
          ids += 1;
          return { idDigest: `id-${ids}`, fingerprint: "same", measurements: [measurement] };
        });
        await recordGroups(counters.redis, groups, nowMs, `epoch-${ids}`);
      }
    },
    flush: (nowMs, changes = {}) =>
      flushBuckets(
        {
          stores: flushStores(counters.redis, database),
          randomId: () => crypto.randomUUID(),
          maxBuckets: 5000,
          ...changes,
        },
        nowMs,
      ),
    totals: async () => {
      const { rows } = await sql.query<{ customer_id: string; value: string }>(
        "select customer_id, sum(value)::text as value from usage_records group by customer_id",
      );
      return new Map(rows.map(({ customer_id: id, value }) => [id, BigInt(value)]));
    },
    clear: async () => {
      await counters.clear();
      await sql.query(`delete from usage_records; delete from usage_daily; delete from flush_shards;
        delete from flush_claims; delete from redis_losses; delete from notifications; delete from alerts; delete from alert_rules`);
    },
    stop: async () => {
      await sql.end();
      await ledger.stop();
      await counters.stop();
    },
  };
}
