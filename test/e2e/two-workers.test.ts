import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterEach, expect, test } from "vitest";
import { localKeys, startStores, type Stores } from "../../local/stores.ts";
import { startWorker, type RunningWorker } from "../../local/worker.ts";
import { MeterClient } from "../../src/edge/client.ts";
import { MINUTE_CRON } from "../support/billed-customer.ts";
import { askedPath, type Asked } from "../support/metered-product/asked.ts";
import type { ProductLog } from "../support/metered-product/product-log.ts";
import { addLost, ledgerTotals, loggedTotals, PRODUCT_CATALOG } from "../support/metered-usage.ts";
import { seeded, sendLoad } from "../support/product-load.ts";

const PRODUCT = join(import.meta.dirname, "../support/metered-product/wrangler.toml");
const CONCURRENCY = 48;
const REQUESTS = Number(process.env["REQUESTS"] ?? 50_000);
const DOWN_MS = 10_000;
/** Shorter than the meter is away, so that something is lost. */
const DELIVER_WITHIN_MS = "3000";

interface Workers {
  stores: Stores;
  meter: RunningWorker;
  productUrl: string;
  takeDown: () => Promise<void>;
  bringBack: () => Promise<void>;
}

let cleanUp = new AsyncDisposableStack();
afterEach(async () => {
  await cleanUp.disposeAsync();
  cleanUp = new AsyncDisposableStack();
});

async function startProduct(kind: "service binding" | "http"): Promise<Workers> {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-two-"));
  cleanUp.defer(() => rm(dir, { recursive: true, force: true }));
  const stores = await startStores({ dir: join(dir, "stores"), fresh: true, print: () => undefined });
  cleanUp.defer(stores.stop);
  const shared = { bindings: stores.bindings, onStart: stores.noteChild };
  if (kind === "service binding") {
    const product = { config: PRODUCT, bindings: { DELIVER_WITHIN_MS } };
    const meter = await startWorker({ ...shared, dir: join(dir, "both"), product });
    cleanUp.defer(meter.stop);
    return {
      stores,
      meter,
      productUrl: meter.productUrl ?? "",
      // In one process with the product: the meter is there, and can store nothing.
      takeDown: async () => {
        stores.upstash.faults.add({ mode: "before", times: Number.MAX_SAFE_INTEGER });
        stores.neon.faults.add({ mode: "before", times: Number.MAX_SAFE_INTEGER });
      },
      bringBack: async () => {
        stores.upstash.faults.reset();
        stores.neon.faults.reset();
      },
    };
  }
  const meter = await startWorker({ ...shared, dir: join(dir, "meter") });
  cleanUp.defer(meter.stop);
  const bindings = { DELIVER_WITHIN_MS, METER_URL: meter.url, METER_KEY: localKeys.ingestKey };
  const product = await startWorker({
    dir: join(dir, "product"),
    config: PRODUCT,
    bindings,
    onStart: stores.noteChild,
  });
  cleanUp.defer(product.stop);
  return {
    stores,
    meter,
    productUrl: product.url,
    takeDown: () => meter.kill(),
    bringBack: () => meter.restart(),
  };
}

async function publish({ meter }: Workers): Promise<void> {
  const response = await fetch(`${meter.url}/v1/catalog`, {
    method: "PUT",
    headers: { authorization: `Bearer ${localKeys.adminKey}`, "content-type": "application/json" },
    body: JSON.stringify(PRODUCT_CATALOG),
  });
  expect(response.status).toBe(201);
}

async function flushed({ meter, stores }: Workers) {
  const query = new URLSearchParams({ cron: MINUTE_CRON, time: String(Date.now()) });
  const response = await fetch(`${meter.url}/cdn-cgi/handler/scheduled?${query.toString()}`);
  expect(response.status).toBe(200);
  const database = new Client({ connectionString: stores.postgres.url });
  await database.connect();
  const totals = await ledgerTotals(database);
  await database.end();
  return totals;
}

async function readLog({ productUrl }: Workers): Promise<ProductLog> {
  await (await fetch(`${productUrl}/idle`)).arrayBuffer();
  return (await (await fetch(`${productUrl}/log`)).json()) as ProductLog;
}

/** Opens a socket, has a text sent back a few times, closes it. */
async function talk(url: string): Promise<string[]> {
  const socket = new WebSocket(url);
  const heard: string[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("error", () => reject(new Error("the socket failed")));
    socket.addEventListener("close", () => resolve());
    socket.addEventListener("open", () => socket.send("1"));
    socket.addEventListener("message", ({ data }) => {
      heard.push(String(data));
      if (heard.length === 3) {
        socket.close();
      } else {
        socket.send(String(heard.length + 1));
      }
    });
  });
  return heard;
}

test("two workers: a WebSocket counts once, however much is said", { timeout: 60_000 }, async () => {
  const workers = await startProduct("service binding");
  await publish(workers);
  const asked: Asked = {
    customer: "cus_socket",
    region: "eu",
    status: 101,
    value: "1",
    mode: "socket",
    chunks: 0,
    chunkBytes: 1,
    waitMs: 0,
  };
  const url = workers.productUrl.replace("http", "ws") + askedPath(asked);
  for (let sockets = 0; sockets < 3; sockets += 1) {
    expect(await talk(url)).toEqual(["1", "2", "3"]);
  }
  const log = await readLog(workers);
  expect(log.responses).toHaveLength(3);
  expect((await flushed(workers)).print()).toEqual(loggedTotals(log).print());
});

test.each(["service binding", "http"] as const)(
  "two workers, %s: what is counted is what the product's log says is billable",
  { timeout: 300_000 },
  async (kind) => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
    // oxlint-disable-next-line no-console -- what it takes to see a failure again
    console.log(`two workers, ${kind}: SEED=${seed}`);
    const workers = await startProduct(kind);
    await publish(workers);
    const load = { productUrl: workers.productUrl, random: seeded(seed), concurrency: CONCURRENCY };

    await sendLoad({ ...load, requests: REQUESTS * 0.6 });
    const before = await readLog(workers);
    expect(before.lost).toEqual([]);
    expect((await flushed(workers)).print()).toEqual(loggedTotals(before).print());

    await workers.takeDown();
    const requests = REQUESTS * 0.2;
    await sendLoad({ ...load, requests, perSecond: (requests * 1000) / DOWN_MS });
    await workers.bringBack();
    await sendLoad({ ...load, requests: REQUESTS * 0.2 });
    const after = await readLog(workers);
    expect(after.lost.length).toBeGreaterThan(0);
    expect(after.thrown).toBeGreaterThan(0);
    expect(after.bodies.some(({ isAborted }) => isAborted)).toBe(true);

    const logged = loggedTotals(after);
    const atLeast = await flushed(workers);
    addLost(atLeast, after.lost);
    for (const meter of ["res_sum", "res_count", "body_bytes"] as const) {
      expect(atLeast.total(meter) >= logged.total(meter)).toBe(true);
    }

    const client = new MeterClient({ url: workers.meter.url, key: localKeys.ingestKey });
    for (const lost of after.lost.filter(({ maybeApplied }) => maybeApplied)) {
      const answer = await client.resend(lost);
      expect(answer.recorded + answer.duplicates).toBe(lost.usage.length);
    }
    const counted = await flushed(workers);
    addLost(
      counted,
      after.lost.filter(({ maybeApplied }) => !maybeApplied),
    );
    expect(counted.print()).toEqual(logged.print());
  },
);
