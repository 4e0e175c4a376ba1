import { join } from "node:path";
import { Redis } from "ioredis";
import { demoCatalog } from "../local/demo-catalog.ts";
import { localKeys, startStores, type Stores } from "../local/stores.ts";
import { startWorker, type RunningWorker } from "../local/worker.ts";
import { CATALOG_KEY } from "../src/counters/keys.ts";
import { startLoadProcess, type LoadProcess } from "./load-process.ts";

/** All that is measured, running; the endpoints are served by this process. */
export interface BenchStack {
  stores: Stores;
  ours: RunningWorker;
  naive: RunningWorker;
  limit: RunningWorker;
  load: LoadProcess;
  /** A bare connection to the Redis that all of them use. */
  redis: Redis;
  /** The catalog as the edge reads it. */
  catalogDocument: string;
  /** Forgets all that was counted; the catalog and the scripts stay. */
  forgetCounts: () => Promise<void>;
  /** Processes whose time is read, by name. */
  pids: (worker: RunningWorker | undefined) => Record<string, number>;
  stop: () => Promise<void>;
}

/** Starts real stores, three Workers in bare workerd and the load process; all or none. */
export async function startBenchStack(dir: string, print: (line: string) => void): Promise<BenchStack> {
  await using starting = new AsyncDisposableStack();
  const stores = await startStores({ dir: join(dir, "stores"), fresh: true, print });
  starting.defer(stores.stop);
  const redis = new Redis(stores.redis.url);
  starting.defer(() => redis.disconnect());
  // Redis at its best: a rewrite of its log in the middle of a run would hit one contender alone.
  await redis.config("SET", "appendonly", "no");
  const start = async (name: string, config?: string): Promise<RunningWorker> => {
    print(`Worker    ${name}`);
    const worker = await startWorker({
      dir: join(dir, name),
      bindings: stores.bindings,
      onStart: stores.noteChild,
      ...(config !== undefined && { config: join(import.meta.dirname, config) }),
    });
    starting.defer(worker.stop);
    return worker;
  };
  const ours = await start("ours");
  const naive = await start("naive", "naive/wrangler.toml");
  const limit = await start("limit", "limit/wrangler.toml");
  await publishCatalog(ours.url);
  const load = startLoadProcess();
  starting.defer(load.stop);
  const catalog = await redis.dumpBuffer(CATALOG_KEY);
  const catalogDocument = (await redis.hget(CATALOG_KEY, "document")) ?? "";
  const running = starting.move();
  return {
    stores,
    ours,
    naive,
    limit,
    load,
    redis,
    catalogDocument,
    forgetCounts: async () => {
      await redis.flushall();
      await redis.restore(CATALOG_KEY, 0, catalog);
    },
    pids: (worker) => namedPids({ worker: worker?.pid(), endpoint: process.pid, redis: stores.redis.pid() }),
    stop: () => running.disposeAsync(),
  };
}

async function publishCatalog(workerUrl: string): Promise<void> {
  const answer = await fetch(`${workerUrl}/v1/catalog`, {
    method: "PUT",
    headers: { authorization: `Bearer ${localKeys.adminKey}`, "content-type": "application/json" },
    body: JSON.stringify(demoCatalog),
  });
  if (!answer.ok) {
    throw new Error(`the catalog is not taken: ${answer.status} ${await answer.text()}`);
  }
}

function namedPids(pids: Record<string, number | undefined>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(pids).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
