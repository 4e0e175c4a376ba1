import type Stripe from "stripe";
import { createAccess, type SecretKey } from "./access/access.ts";
import { emptyKeyMemory, type KeyMemory } from "./access/key-memory.ts";
import type { CatalogMemory } from "./catalog/current-catalog.ts";
import type { CustomerMemory } from "./catalog/known-customers.ts";
import { createRedis, type RedisClient } from "./counters/redis.ts";
import type { Access, Limiter } from "./domain/access.ts";
import { parseEnv, type Settings } from "./env.ts";
import type { SpoolMemory } from "./ingest/apply-or-spool.ts";
import { createDatabase, type Database } from "./ledger/database.ts";
import { consoleLog, type Log } from "./log.ts";
import type { EmailSender } from "./notifications/attempt-email.ts";

/** All that the Worker's rooms are given from outside. */
export interface Deps {
  /** Epoch ms. Scheduled work takes its time from the trigger instead. */
  now: () => number;
  /** Fresh randomness with each call. */
  randomId: () => string;
  /** Fit for cryptography. */
  randomBytes: (length: number) => Uint8Array;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  redis: RedisClient;
  database: Database;
  stripe: () => Promise<Stripe>;
  /** Signs Stripe's events; undefined where none is set. */
  stripeWebhookSecret: string | undefined;
  catalogMemory: CatalogMemory;
  customerMemory: CustomerMemory;
  spoolMemory: SpoolMemory;
  keyMemory: KeyMemory;
  /** Who asks. */
  keys: Access;
  lateEventHours: number;
  requireKnownCustomers: boolean;
  graceHours: number;
  invoiceMode: "auto" | "review";
  sendZeroInvoices: boolean;
  maxBuckets: number;
  retentionMonths: number;
  /** What customer tokens are signed with, and kept secrets encrypted under; undefined where it is not set. */
  tokenSecret: string | undefined;
  /** The one before, while what was made with it is still in use. */
  previousTokenSecret: string | undefined;
  allowPrivateWebhooks: boolean;
  /** Undefined where no e-mail is sent. */
  email: EmailSender | undefined;
  /** Where this deployment is reached. */
  publicUrl: string | undefined;
  /** Whose pages' scripts may read. */
  corsOrigins: readonly string[];
  log: Log;
}

const composed = new WeakMap<object, Deps>();

/** An isolate's one set of dependencies; throws when its settings are wrong. */
export function depsOf(env: unknown): Deps {
  const key = env as object;
  const deps = composed.get(key) ?? composeDeps(parseEnv(env));
  composed.set(key, deps);
  return deps;
}

function readClock(): number {
  return Date.now();
}

/** Builds everything from the settings: the only place where a client is made or a clock is read. */
function composeDeps(settings: Settings): Deps {
  const redis = createRedis(settings.UPSTASH_REDIS_REST_URL, settings.UPSTASH_REDIS_REST_TOKEN);
  const database = createDatabase(settings.DATABASE_URL, settings.NEON_FETCH_ENDPOINT);
  const keyMemory = emptyKeyMemory();
  return {
    now: readClock,
    randomId: () => crypto.randomUUID(),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    fetch: (url, init) => fetch(url, init),
    redis,
    database,
    stripe: async () => {
      // Loaded with the first invoice: the hot path starts without it.
      const { connectStripe } = await import("./invoicing/stripe-client.ts");
      return connectStripe(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL);
    },
    stripeWebhookSecret: settings.STRIPE_WEBHOOK_SECRET,
    catalogMemory: { held: undefined, others: [], readAtMs: 0, reading: undefined },
    customerMemory: new Map(),
    spoolMemory: { mayHold: false },
    keyMemory,
    keys: createAccess({
      now: readClock,
      redis,
      database,
      memory: keyMemory,
      secretKeys: secretKeys(settings),
      tokenSecrets: tokenSecrets(settings),
      limiter: limiter(settings),
    }),
    lateEventHours: settings.LATE_EVENT_HOURS,
    requireKnownCustomers: settings.REQUIRE_KNOWN_CUSTOMERS === "true",
    graceHours: settings.INVOICE_GRACE_HOURS ?? settings.LATE_EVENT_HOURS + 1,
    invoiceMode: settings.INVOICE_MODE,
    sendZeroInvoices: settings.SEND_ZERO_INVOICES === "true",
    maxBuckets: settings.FLUSH_MAX_BUCKETS,
    retentionMonths: settings.RETENTION_MONTHS,
    tokenSecret: settings.TOKEN_SECRET,
    previousTokenSecret: settings.TOKEN_SECRET_PREVIOUS,
    allowPrivateWebhooks: settings.ALLOW_PRIVATE_WEBHOOKS === "true",
    email: emailSender(settings),
    publicUrl: settings.PUBLIC_URL,
    corsOrigins: settings.CORS_ORIGINS,
    log: consoleLog,
  };
}

/** Keys that are Worker secrets; only the first has to be there. */
function secretKeys({ ADMIN_KEY, INGEST_KEY, READ_KEY }: Settings): SecretKey[] {
  return [
    { name: "ADMIN_KEY", scope: "admin", key: ADMIN_KEY } as const,
    { name: "INGEST_KEY", scope: "ingest", key: INGEST_KEY } as const,
    { name: "READ_KEY", scope: "read", key: READ_KEY } as const,
  ].flatMap(({ key, ...named }) => (key === undefined ? [] : [{ ...named, key }]));
}

function tokenSecrets({ TOKEN_SECRET, TOKEN_SECRET_PREVIOUS }: Settings): string[] {
  return [TOKEN_SECRET, TOKEN_SECRET_PREVIOUS].filter((secret) => secret !== undefined);
}

/** A limiter that fails limits nobody. */
function limiter({ RATE_LIMITER, RATE_LIMIT, RATE_LIMIT_SECONDS }: Settings): Limiter | undefined {
  return (
    RATE_LIMITER && {
      limit: RATE_LIMIT,
      seconds: RATE_LIMIT_SECONDS,
      mayPass: async (key) =>
        RATE_LIMITER.limit({ key }).then(
          ({ success }) => success,
          () => true,
        ),
    }
  );
}

function emailSender({ EMAIL, EMAIL_FROM }: Settings): EmailSender | undefined {
  return EMAIL === undefined || EMAIL_FROM === undefined
    ? undefined
    : { from: EMAIL_FROM, send: (message) => EMAIL.send(message) };
}
