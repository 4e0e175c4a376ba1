import { join } from "node:path";
import { rm } from "node:fs/promises";
import { lockDir } from "./dir-lock.ts";
import type { Endpoint } from "./endpoint.ts";
import { usersServer, type LocalServer } from "./local-server.ts";
import { migrate } from "./migrate.ts";
import { startLocalNeon } from "./neon/server.ts";
import { startPostgres } from "./postgres-server.ts";
import { startRedis } from "./redis-server.ts";
import { startLocalUpstash, type LocalUpstash } from "./upstash/server.ts";
import { startLocalStripe, type LocalStripe } from "./stripe/server.ts";

/** Keys of the local stack: they open nothing but a server on this machine's loopback address. */
export const localKeys = {
  adminKey: "em_admin_local",
  ingestKey: "em_ingest_local",
  readKey: "em_read_local",
  tokenSecret: "em_token_secret_of_the_local_stack",
  upstashToken: "em_upstash_local",
  stripeKey: "sk_test_local",
  stripeWebhookSecret: `whsec_${Buffer.from("webhooks of the local stack 1234").toString("base64")}`,
} as const;

export interface StoresOptions {
  /** Where data is kept; taken for this process alone. */
  dir: string;
  /** Empties the folder's data first. */
  fresh: boolean;
  print: (line: string) => void;
  /** The user's own servers, instead of new ones. */
  redisUrl?: string | undefined;
  databaseUrl?: string | undefined;
  /** Told when a server ends without having been told to. */
  onCrash?: (what: string) => void;
}

/** All that a Worker needs beside itself. */
export interface Stores {
  redis: LocalServer;
  postgres: LocalServer;
  upstash: LocalUpstash;
  neon: Endpoint;
  stripe: LocalStripe;
  /** The Worker's bindings and secrets for these stores. */
  bindings: Record<string, string>;
  /** Notes a further child of this folder, see {@link lockDir}. */
  noteChild: (pid: number) => void;
  stop: () => Promise<void>;
}

/** Starts Redis, Postgres (migrated) and the Upstash-, Neon- and Stripe-compatible endpoints; all or none. */
export async function startStores(options: StoresOptions): Promise<Stores> {
  const { dir, fresh, print } = options;
  await using starting = new AsyncDisposableStack();
  const lock = await lockDir(dir);
  starting.defer(() => lock.release());
  if (fresh) {
    warnOfKept(options);
  }
  const { onCrash } = options;
  const serverOptions = { dir, fresh, print, onStart: lock.noteChild, ...(onCrash && { onCrash }) };
  const redis =
    options.redisUrl === undefined ? await startRedis(serverOptions) : usersServer(options.redisUrl);
  starting.defer(redis.stop);
  print(`Redis     ${redis.url}`);
  const postgres =
    options.databaseUrl === undefined ? await startPostgres(serverOptions) : usersServer(options.databaseUrl);
  starting.defer(postgres.stop);
  print(`Postgres  ${withoutPassword(postgres.url)}`);
  await migrate(postgres.url, { print });
  const upstash = await startLocalUpstash({ redisUrl: redis.url, token: localKeys.upstashToken });
  starting.defer(upstash.stop);
  const neon = await startLocalNeon({ databaseUrl: postgres.url });
  starting.defer(neon.stop);
  const stripe = await startStripe(dir, fresh);
  starting.defer(stripe.stop);
  print(`Upstash   ${upstash.url}   Neon ${neon.url}   Stripe ${stripe.url}   (compatible, local)`);
  const running = starting.move();
  return {
    redis,
    postgres,
    upstash,
    neon,
    stripe,
    bindings: bindingsFor(upstash, neon, stripe, postgres),
    noteChild: lock.noteChild,
    stop: () => running.disposeAsync(),
  };
}

async function startStripe(dir: string, fresh: boolean): Promise<LocalStripe> {
  const statePath = join(dir, "stripe.json");
  if (fresh) {
    await rm(statePath, { force: true });
  }
  return startLocalStripe({
    key: localKeys.stripeKey,
    webhookSecret: localKeys.stripeWebhookSecret,
    statePath,
  });
}

function bindingsFor(
  upstash: Endpoint,
  neon: Endpoint,
  stripe: Endpoint,
  postgres: LocalServer,
): Record<string, string> {
  return {
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: localKeys.upstashToken,
    DATABASE_URL: postgres.url,
    NEON_FETCH_ENDPOINT: `${neon.url}/sql`,
    STRIPE_SECRET_KEY: localKeys.stripeKey,
    STRIPE_API_URL: stripe.url,
    STRIPE_WEBHOOK_SECRET: localKeys.stripeWebhookSecret,
    ADMIN_KEY: localKeys.adminKey,
    INGEST_KEY: localKeys.ingestKey,
    READ_KEY: localKeys.readKey,
    TOKEN_SECRET: localKeys.tokenSecret,
    INVOICE_MODE: "auto",
    // Receivers on this machine, without TLS.
    ALLOW_PRIVATE_WEBHOOKS: "true",
  };
}

function warnOfKept({ redisUrl, databaseUrl, print }: StoresOptions): void {
  for (const [name, url] of Object.entries({ REDIS_URL: redisUrl, DATABASE_URL: databaseUrl })) {
    if (url !== undefined) {
      print(`--fresh leaves the data of your own server (${name}) as it is.`);
    }
  }
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = "";
  return shown.href;
}
