import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Client } from "pg";
import type { Fault } from "../../local/faults.ts";
import { startStores, type Stores } from "../../local/stores.ts";
import { publishCatalog } from "../../src/catalog/publish-catalog.ts";
import { ID_TTL_SECONDS } from "../../src/counters/keys.ts";
import { createRedis, RedisError, type RedisClient } from "../../src/counters/redis.ts";
import type { FlushDeps } from "../../src/flush/flush-buckets.ts";
import { flushStores } from "../../src/flush/flush-stores.ts";
import type { IngestDeps } from "../../src/ingest/record-usage.ts";
import type { ReplayDeps } from "../../src/ingest/replay-spool.ts";
import { createDatabase, LedgerUnreachable, type Database } from "../../src/ledger/database.ts";
import { CLOCKS_MS, type Fate } from "./counting-schedule.ts";
import { COUNTED_CATALOG } from "./counting-request.ts";

/** Far ahead of any real clock, so that Redis expires nothing by itself; early in a month. */
export const BASE_MS = Date.parse("2100-03-02T12:34:56.789Z");

/** A Worker as the schedules drive it: the product's own dependencies, and a clock of its own. */
export interface CountingWorker extends IngestDeps, FlushDeps, ReplayDeps {
  clockMs: number;
}

/** Real stores behind the endpoints that the Worker uses, with a fate for each call that counts. */
export class CountingWorld {
  nowMs = BASE_MS;
  workers: CountingWorker[] = [];
  isAway = false;
  /** Fates of the next calls; `ok` when there are none left. */
  fates: { record: Fate[]; spool: Fate[]; removal: Fate[] } = { record: [], spool: [], removal: [] };
  /** Calls that hang, oldest first. */
  held: { sinceMs: number; apply: () => Promise<unknown> }[] = [];
  readonly raw: Redis;
  readonly sql: Client;
  readonly #stores: Stores;
  readonly #redis: RedisClient;
  readonly #database: Database;
  readonly #stop: () => Promise<void>;
  readonly #underWay = new Set<Promise<unknown>>();
  #ids = 0;
  /** A Redis that has just been started knows no script. */
  #isForgotten = true;
  #freshIdKeys = new Set<string>();
  #bornMs = new Map<string, number>();

  constructor(stores: Stores, sql: Client, stop: () => Promise<void>) {
    this.#stores = stores;
    this.#stop = stop;
    this.sql = sql;
    this.raw = new Redis(stores.redis.url);
    const { UPSTASH_REDIS_REST_URL: url = "", UPSTASH_REDIS_REST_TOKEN: token = "" } = stores.bindings;
    this.#redis = this.#fatedRedis(createRedis(url, token));
    this.#database = this.#fatedDatabase(createDatabase(stores.postgres.url, `${stores.neon.url}/sql`));
  }

  /** Workers that have seen nothing yet, at the start of a schedule; all that an earlier one left is gone. */
  async begin(startsAfterMs: number, lateEventHours: number): Promise<void> {
    this.back();
    await this.quiesce();
    await this.sql.query("delete from spool");
    this.fates = { record: [], spool: [], removal: [] };
    this.held = [];
    this.#freshIdKeys.clear();
    this.#bornMs.clear();
    this.nowMs = BASE_MS + startsAfterMs;
    this.workers = CLOCKS_MS.map((clockMs) => ({
      clockMs,
      redis: this.#redis,
      database: this.#database,
      stores: flushStores(this.#redis, this.#database),
      randomId: () => this.#randomId(),
      catalogMemory: { held: undefined, others: [], readAtMs: 0, reading: undefined },
      customerMemory: new Map(),
      spoolMemory: { mayHold: false },
      log: () => undefined,
      lateEventHours,
      requireKnownCustomers: false,
      maxBuckets: 5000,
    }));
  }

  /** Lets the true time pass: ids are forgotten by it, calls that hang for too long are lost. */
  async wait(ms: number, longestHangMs: number): Promise<void> {
    const fresh = [...this.#freshIdKeys].filter((key) => !this.#bornMs.has(key));
    this.#freshIdKeys.clear();
    const found = fresh.length === 0 ? [] : await this.#existing(fresh);
    for (const key of found) {
      this.#bornMs.set(key, this.nowMs);
    }
    this.nowMs += ms;
    this.held = this.held.filter(({ sinceMs }) => this.nowMs - sinceMs <= longestHangMs);
    const old = [...this.#bornMs].filter(([, bornMs]) => bornMs + ID_TTL_SECONDS * 1000 <= this.nowMs);
    for (const [key] of old) {
      this.#bornMs.delete(key);
    }
    await (old.length > 0 ? this.raw.del(old.map(([key]) => key)) : undefined);
  }

  away(): void {
    this.isAway = true;
    this.#stores.upstash.faults.add({ mode: "before", times: Number.POSITIVE_INFINITY });
  }

  back(): void {
    this.isAway = false;
    this.#stores.upstash.faults.reset();
    this.#stores.neon.faults.reset();
  }

  /** Redis loses all data; the scripts it knows stay. */
  async empty(): Promise<void> {
    await this.raw.flushall();
    this.#freshIdKeys.clear();
    this.#bornMs.clear();
  }

  async forgetScripts(): Promise<void> {
    await this.raw.script("FLUSH");
    this.#isForgotten = true;
  }

  /** The next flush loses one transaction, or its answer. */
  failUpsert(mode: "before" | "after"): void {
    this.#stores.neon.faults.add({ mode, match: "pg_advisory_xact_lock" });
  }

  /** Waits for calls that nobody waits for any more; takes back faults that met none. */
  async quiesce(): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.allSettled(this.#underWay);
      await new Promise(setImmediate);
    }
    this.#stores.neon.faults.reset();
  }

  /** Forgets what finished schedules have written. */
  async clear(): Promise<void> {
    await this.empty();
    await this.sql.query(
      `delete from usage_records; delete from usage_daily; delete from flush_shards; delete from flush_claims;
       delete from redis_losses; delete from notifications; delete from spool`,
    );
  }

  async stop(): Promise<void> {
    this.raw.disconnect();
    await this.sql.end();
    await this.#stop();
  }

  /** Grows with each call, so that the order of batches in the spool is known. */
  #randomId(): string {
    this.#ids += 1;
    return `id${String(this.#ids).padStart(12, "0")}`;
  }

  async #existing(keys: readonly string[]): Promise<string[]> {
    const pipeline = this.raw.pipeline();
    for (const key of keys) {
      pipeline.exists(key);
    }
    const replies = (await pipeline.exec()) ?? [];
    return keys.filter((_, index) => replies[index]?.[1] === 1);
  }

  #fatedRedis(real: RedisClient): RedisClient {
    return {
      ...real,
      run: (script, keys, args) => {
        const call = (): Promise<unknown> => this.#track(real.run(script, keys, args));
        if (keys[0]?.startsWith("b:") !== true) {
          return call();
        }
        const noted = async (): Promise<unknown> => {
          keys.filter((key) => key.startsWith("i:")).forEach((key) => this.#freshIdKeys.add(key));
          const reply = await call();
          this.#isForgotten = false;
          return reply;
        };
        const fate = this.fates.record.shift() ?? "ok";
        if (this.isAway) {
          return this.#meet(isLate(fate) ? fate : "ok", noted, redisLost, () => undefined);
        }
        return this.#meet(fate, noted, redisLost, (fault) => {
          // A forgotten script is asked for by its hash first: the fault is for the call that counts.
          const skip = this.#isForgotten ? 1 : 0;
          this.#stores.upstash.faults.add({
            ...fault,
            body: '{"error":"ERR told to refuse"}',
            match: "EVAL",
            skip,
          });
          this.#isForgotten &&= fault.mode !== "after";
        });
      },
    };
  }

  #fatedDatabase(real: Database): Database {
    return {
      query: (text, params) => {
        const call = (): Promise<never> => this.#track(real.query(text, params)) as Promise<never>;
        for (const [match, fates] of [
          ["insert into spool", this.fates.spool],
          ["delete from spool", this.fates.removal],
        ] as const) {
          if (text.includes(match)) {
            const lost = (): Error => new LedgerUnreachable("hangs", undefined);
            return this.#meet(fates.shift() ?? "ok", call, lost, (fault) =>
              this.#stores.neon.faults.add({ ...fault, match }),
            );
          }
        }
        return call();
      },
      transaction: (statements) => this.#track(real.transaction(statements)),
    };
  }

  /** Sends a call under its fate; one that is late is lost to its caller, and waits to be applied. */
  async #meet<Value>(
    fate: Fate,
    call: () => Promise<Value>,
    lost: (fate: "hang" | "late") => Error,
    arm: (fault: Fault) => void,
  ): Promise<Value> {
    if (isLate(fate)) {
      this.held.push({ sinceMs: this.nowMs, apply: call });
      throw lost(fate);
    }
    if (fate !== "ok") {
      arm(fate === "refused" ? { mode: "status", status: 400 } : { mode: fate });
    }
    return call();
  }

  #track<Value>(call: Promise<Value>): Promise<Value> {
    const settled = call.then(
      () => undefined,
      () => undefined,
    );
    this.#underWay.add(settled);
    void settled.then(() => this.#underWay.delete(settled));
    return call;
  }
}

function isLate(fate: Fate): fate is "hang" | "late" {
  return fate === "hang" || fate === "late";
}

function redisLost(fate: "hang" | "late"): RedisError {
  return new RedisError(fate === "hang" ? "TIMEOUT" : "UNREACHABLE");
}

/** Starts Redis, Postgres and their endpoints in a folder of their own, with the catalog published. */
export async function startCountingWorld(): Promise<CountingWorld> {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-counting-"));
  const stores = await startStores({ dir, fresh: true, print: () => undefined });
  const sql = new Client({ connectionString: stores.postgres.url });
  await sql.connect();
  // What a test writes need not outlive a crash of the machine.
  await sql.query(`alter database ${sql.database} set synchronous_commit = off`);
  const world = new CountingWorld(stores, sql, async () => {
    await stores.stop();
    await rm(dir, { recursive: true, force: true });
  });
  await world.raw.config("SET", "appendonly", "no");
  await world.begin(0, 24);
  const publication = await publishCatalog(
    world.workers[0]!,
    COUNTED_CATALOG,
    0,
    "test",
    BASE_MS - 86_400_000,
  );
  if (publication.outcome !== "published") {
    throw new Error(`the catalog of the schedules is ${JSON.stringify(publication)}`);
  }
  return world;
}
