import type { Redis } from "ioredis";
import type { Client } from "pg";
import { recordGroups } from "../../../src/counters/record.ts";
import type { RedisClient } from "../../../src/counters/redis.ts";
import { readUnflushed } from "../../../src/counters/unflushed.ts";
import { parseBuckets } from "../../../src/counters/bucket-reply.ts";
import type { Bucket } from "../../../src/domain/bucket.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { flushStores, type FlushStores } from "../../../src/flush/flush-stores.ts";
import type { Database } from "../../../src/ledger/database.ts";
import { callsSeries, CALLS_FIELD, measured } from "../measurement.ts";
import type { FlushWorld, HourState } from "./flush-world.ts";

const EMPTY = `delete from usage_records; delete from usage_daily; delete from flush_shards; delete from flush_claims;
  delete from redis_losses; delete from notifications`;

/** A key as it was, with its time to live. */
type Copied = [key: string, ttlMs: number, dump: Buffer];

/** The scripts and statements themselves, on a real Redis and a real Postgres. */
export class RealWorld implements FlushWorld {
  readonly stores: FlushStores;
  readonly #redis: RedisClient;
  readonly #raw: Redis;
  readonly #sql: Client;

  constructor(redis: RedisClient, database: Database, raw: Redis, sql: Client) {
    this.stores = flushStores(redis, database);
    this.#redis = redis;
    this.#raw = raw;
    this.#sql = sql;
  }

  async clear(): Promise<void> {
    await this.#raw.flushall();
    await this.#sql.query(EMPTY);
  }

  async record(event: Parameters<FlushWorld["record"]>[0]): Promise<void> {
    const { customerId, hourMs, bit, nowMs, epoch } = event;
    const measurement = measured({
      customerId,
      series: callsSeries,
      value: 1n << BigInt(bit),
      timeMs: hourMs,
    });
    const group = { idDigest: `bit-${bit}`, fingerprint: "same", measurements: [measurement] };
    const [status] = await recordGroups(this.#redis, [group], nowMs, epoch);
    if (status !== "recorded") {
      throw new Error(`an event is ${status}`);
    }
  }

  async readLive(customerId: string, hoursMs: readonly number[]): Promise<HourState[]> {
    const first = hoursMs[0] ?? 0;
    const live = await readUnflushed(this.#redis, customerId, first, first + hoursMs.length * HOUR_MS);
    return live.map(asState);
  }

  async buckets(): Promise<HourState[]> {
    const keys = (await this.#raw.keys("b:*")).toSorted();
    const pages = await Promise.all(
      keys.map(async (key) => [key, Object.entries(await this.#raw.hgetall(key)).flat()]),
    );
    return parseBuckets(pages.flat()).map(asState);
  }

  async hasWork(): Promise<boolean> {
    const [dirty, inflight] = await Promise.all([this.#raw.keys("dirty:*"), this.#raw.keys("inflight:*")]);
    return dirty.length + inflight.length > 0;
  }

  async ledger(): Promise<HourState[]> {
    const { rows } = await this.#sql.query<Record<string, string>>(`
select customer_id, (extract(epoch from window_start) * 1000)::bigint::text as hour_ms, epoch, version::text, value::text
from usage_records`);
    return rows.map((row) => ({
      customerId: row["customer_id"] ?? "",
      hourMs: Number(row["hour_ms"]),
      epoch: row["epoch"] ?? "",
      version: BigInt(row["version"] ?? 0),
      bits: BigInt(row["value"] ?? 0),
    }));
  }

  async copy(): Promise<unknown> {
    const keys = (await this.#raw.keys("*")).toSorted();
    const metas = await Promise.all(
      keys.filter((key) => key.startsWith("meta:")).map((key) => this.#raw.hget(key, "born")),
    );
    // A copy from before the first claim of a life does not say which it is of: it has to be fenced by hand.
    if (metas.filter((born) => born !== null).length < 16) {
      return undefined;
    }
    return Promise.all(
      keys.map(async (key): Promise<Copied> => [
        key,
        Math.max(0, await this.#raw.pttl(key)),
        await this.#raw.dumpBuffer(key),
      ]),
    );
  }

  async restore(copy: unknown): Promise<void> {
    await this.#raw.flushall();
    for (const [key, ttlMs, dump] of copy as Copied[]) {
      await this.#raw.restore(key, ttlMs, dump);
    }
  }

  async empty(): Promise<void> {
    await this.#raw.flushall();
  }
}

function asState({ customerId, hourMs, epoch, version, series }: Bucket): HourState {
  const calls = series.find(({ text }) => text === CALLS_FIELD);
  return { customerId, hourMs, epoch, version, bits: calls?.state.value ?? 0n };
}
