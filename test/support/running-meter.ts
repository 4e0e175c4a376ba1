import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { localKeys, startStores, type Stores } from "../../local/stores.ts";
import { startWorker, type RunningWorker } from "../../local/worker.ts";
import { emptyStores } from "./emptied-stores.ts";

/** The metering Worker in a real workerd on real stores, with the demo catalog. */
export interface RunningMeter {
  stores: Stores;
  worker: RunningWorker;
  database: Client;
  /** Sends a JSON request with the admin key; undefined when the Worker died before it answered. */
  send: (
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<{ status: number; body: unknown } | undefined>;
  /** Fires a cron; answers true when its handler ended well, false when it failed or the Worker died. */
  trigger: (cron: string, timeMs: number) => Promise<boolean>;
  stripe: (method: string, path: string, form?: string) => Promise<Record<string, unknown>>;
  /** Leaves the stores as they were at the start: runs then have no other customers to go through. */
  beginEmpty: () => Promise<void>;
  /** Starts the Worker again with other bindings; those not named stay. */
  rebind: (changes: Record<string, string>) => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts everything in a folder of its own; `changes` are bindings other than the local stack's. */
export async function startMeter(changes: Record<string, string> = {}): Promise<RunningMeter> {
  const meter = await startEmptyMeter(changes);
  await meter.send("PUT", "/v1/catalog", demoCatalog);
  return meter;
}

/** The same without a catalog. */
export async function startEmptyMeter(changes: Record<string, string> = {}): Promise<RunningMeter> {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-faults-"));
  const stores = await startStores({ dir, fresh: true, print: () => undefined });
  // The Worker reads them whenever it starts.
  const bindings = { ...stores.bindings, ...changes };
  const worker = await startWorker({ dir, bindings, onStart: stores.noteChild });
  const database = new Client({ connectionString: stores.postgres.url });
  await database.connect();
  return {
    stores,
    worker,
    database,
    send: (method, path, body) => send(worker.url, method, path, body),
    trigger: (cron, timeMs) => trigger(worker.url, cron, timeMs),
    stripe: (method, path, form) => askStripe(stores.stripe.url, method, path, form),
    beginEmpty: async () => {
      await emptyStores(stores, database);
      await send(worker.url, "PUT", "/v1/catalog", demoCatalog);
    },
    rebind: async (others) => {
      Object.assign(bindings, others);
      await worker.restart();
    },
    stop: async () => {
      await worker.stop();
      await database.end();
      await stores.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function send(
  url: string,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; body: unknown } | undefined> {
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${localKeys.adminKey}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return undefined;
  }
}

async function trigger(url: string, cron: string, timeMs: number): Promise<boolean> {
  try {
    const query = new URLSearchParams({ cron, time: String(timeMs) });
    const response = await fetch(`${url}/cdn-cgi/handler/scheduled?${query.toString()}`);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function askStripe(
  url: string,
  method: string,
  path: string,
  form: string | undefined,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${localKeys.stripeKey}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    ...(form !== undefined && { body: form }),
  });
  return (await response.json()) as Record<string, unknown>;
}
