import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fireCron, startCron } from "./cron.ts";
import { seedDemo } from "./demo-seed.ts";
import { localKeys, startStores, type Stores } from "./stores.ts";
import { startWorker, type RunningWorker } from "./worker.ts";

export interface StackOptions {
  /** Where data is kept. */
  dir: string;
  /** The Worker's; 0 for any free one. */
  port: number;
  fresh: boolean;
  /** Whether cron triggers fire by themselves; over HTTP they always can. */
  cron: boolean;
  /** Whether to publish the demo catalog and make the demo customers. */
  demo: boolean;
  /** Also runs the sample product, in replay. */
  product?: boolean;
  print: (line: string) => void;
  /** The user's own servers, instead of new ones. */
  redisUrl?: string | undefined;
  databaseUrl?: string | undefined;
  /** Told when a server of the stack ends without having been told to. */
  onCrash?: (what: string) => void;
}

/** What `<dir>/stack.json` holds while the stack runs. */
export interface StackInfo {
  workerUrl: string;
  adminKey: string;
  ingestKey: string;
  readKey: string;
  redisUrl: string;
  upstashUrl: string;
  upstashToken: string;
  databaseUrl: string;
  neonUrl: string;
  stripeUrl: string;
  stripeKey: string;
  stripeWebhookSecret: string;
}

export interface Stack {
  info: StackInfo;
  stores: Stores;
  worker: RunningWorker;
  stop: () => Promise<void>;
}

/** Starts the whole system on this machine and settles when it is ready; all of it or nothing. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dir, print } = options;
  const file = join(dir, "stack.json");
  await refuseTakenPort(options.port);
  await using starting = new AsyncDisposableStack();
  const stores = await startStores(options);
  starting.defer(stores.stop);
  await rm(file, { force: true });
  print("Bundling the Worker");
  const worker = await startWorker({
    dir,
    port: options.port,
    bindings: stores.bindings,
    onStart: stores.noteChild,
    onLine: print,
    ...(options.onCrash && { onCrash: options.onCrash }),
    ...(options.product && { product: { bindings: { REPLAY: "on" } } }),
  });
  starting.defer(worker.stop);
  await checkHealth(worker);
  const info = describe(stores, worker);
  await sendWebhooksTo(worker, stores);
  if (options.demo) {
    await seedDemo(info, print);
  }
  if (options.cron) {
    starting.defer(startCron({ fire: (cron, timeMs) => fireCron(worker.url, cron, timeMs), print }));
  }
  await writeFile(file, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
  starting.defer(() => rm(file, { force: true }));
  const running = starting.move();
  return { info, stores, worker, stop: () => running.disposeAsync() };
}

function describe(stores: Stores, worker: RunningWorker): StackInfo {
  return {
    workerUrl: worker.url,
    adminKey: localKeys.adminKey,
    ingestKey: localKeys.ingestKey,
    readKey: localKeys.readKey,
    redisUrl: stores.redis.url,
    upstashUrl: stores.upstash.url,
    upstashToken: localKeys.upstashToken,
    databaseUrl: stores.postgres.url,
    neonUrl: stores.neon.url,
    stripeUrl: stores.stripe.url,
    stripeKey: localKeys.stripeKey,
    stripeWebhookSecret: localKeys.stripeWebhookSecret,
  };
}

/** A Worker with a wrong binding listens, and fails at each request: better said now. */
async function checkHealth(worker: RunningWorker): Promise<void> {
  const response = await fetch(`${worker.url}/healthz`);
  if (!response.ok) {
    const answer = await response.text();
    throw new Error(
      `The Worker answers ${response.status} at /healthz: ${answer}\n${worker.logs.join("\n")}`,
    );
  }
}

/** As the endpoint that is set up in Stripe's dashboard: events go to the Worker from here on. */
async function sendWebhooksTo(worker: RunningWorker, { stripe }: Stores): Promise<void> {
  const response = await fetch(`${stripe.url}/_control/webhook-url`, {
    method: "POST",
    body: JSON.stringify({ url: `${worker.url}/webhooks/stripe` }),
  });
  if (!response.ok) {
    throw new Error(`The local Stripe answers ${response.status} to a webhook endpoint.`);
  }
}

async function refuseTakenPort(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === "EADDRINUSE";
      reject(isTaken ? new Error(`Port ${port} is in use. Give another with --port.`) : error);
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  await new Promise((resolve) => {
    server.close(resolve);
  });
}
