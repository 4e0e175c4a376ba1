import { randomBytes } from "node:crypto";
import type { EmailMessage } from "../../src/notifications/email-message.ts";
import { deliverDue, type DeliverDeps, type DeliveryReport } from "../../src/notifications/deliver.ts";
import { deliveryStores } from "../../src/notifications/delivery-stores.ts";
import { openSecretBox, type SecretBox } from "../../src/notifications/secret-box.ts";
import { newSecret } from "../../src/notifications/sign-webhook.ts";
import { insertEndpoint, type NewWebhookEndpoint } from "../../src/ledger/webhook-endpoints.ts";
import { startLedgerFixture, type LedgerFixture } from "./ledger-fixture.ts";
import { startRedisFixture, type RedisFixture } from "./redis-fixture.ts";

/** Real stores, and runs of deliveries over them. */
export interface DeliveryFixture {
  counters: RedisFixture;
  ledger: LedgerFixture;
  box: SecretBox;
  /** E-mails that were accepted. */
  mails: EmailMessage[];
  /** Keeps an endpoint and answers its secret. */
  endpoint: (name: string, url: string, changes?: Partial<NewWebhookEndpoint>) => Promise<string>;
  /** Runs what is due, by the real clock for receivers. */
  run: (nowMs: number, changes?: Partial<DeliverDeps>) => Promise<DeliveryReport>;
  /** Each delivery's target, state, attempts, failure and when it is due, in order of telling. */
  deliveries: () => Promise<DeliveryState[]>;
  clear: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface DeliveryState {
  subject: string;
  target: string;
  state: string;
  attempts: number;
  failure: string | null;
  dueMs: number | null;
}

const TOKEN_SECRET = "the secret of these tests";

/** Starts a Redis and a Postgres of their own. Nothing is drawn by lot. */
export async function startDeliveryFixture(): Promise<DeliveryFixture> {
  const [counters, ledger] = await Promise.all([startRedisFixture(), startLedgerFixture()]);
  const box = await openSecretBox(TOKEN_SECRET, randomBytes);
  const mails: EmailMessage[] = [];
  return {
    counters,
    ledger,
    box,
    mails,
    endpoint: async (name, url, changes = {}) => {
      const secret = newSecret(randomBytes);
      const endpointId = `whe_${name}`;
      await insertEndpoint(
        ledger.database,
        {
          endpointId,
          url,
          types: null,
          customerId: null,
          secret: await box.seal(endpointId, secret),
          ...changes,
        },
        1000,
      );
      return secret;
    },
    run: (nowMs, changes = {}) =>
      deliverDue(
        {
          stores: deliveryStores(counters.redis, ledger.database),
          fetch: (url, init) => fetch(url, init),
          now: () => Date.now(),
          randomId: () => crypto.randomUUID(),
          random: () => 0,
          allowPrivate: true,
          timeoutMs: 10_000,
          bodyTimeoutMs: 10_000,
          secretBox: box,
          email: {
            from: "meter@example.com",
            send: async (message) => {
              mails.push(message);
            },
          },
          publicUrl: undefined,
          ...changes,
        },
        nowMs,
      ),
    deliveries: async () => {
      const rows = await ledger.raw(
        `select subject, target, state, attempts::text, failure, (extract(epoch from due_at) * 1000)::bigint::text as due_ms
         from deliveries join notifications using (notification_id) order by notified_at, subject, target`,
      );
      return rows.map((row) => ({
        subject: row["subject"] ?? "",
        target: row["target"] ?? "",
        state: row["state"] ?? "",
        attempts: Number(row["attempts"]),
        failure: row["failure"] ?? null,
        dueMs: (row["due_ms"] ?? null) === null ? null : Number(row["due_ms"]),
      }));
    },
    clear: async () => {
      mails.length = 0;
      await Promise.all([counters.clear(), ledger.clear()]);
    },
    stop: async () => {
      await Promise.all([counters.stop(), ledger.stop()]);
    },
  };
}
