import { Buffer } from "node:buffer";
import type { RedisClient } from "../counters/redis.ts";
import type { Database } from "../ledger/database.ts";
import type { EmailSender } from "./attempt-email.ts";
import type { WebhookSender } from "./attempt-webhook.ts";
import { deliverDue, type DeliveryReport } from "./deliver.ts";
import { deliveryStores } from "./delivery-stores.ts";
import { openSecretBox } from "./secret-box.ts";

/** Longest wait for a receiver's answer. Source: Standard Webhooks 1.0, which has 15 to 30 seconds. */
const TIMEOUT_MS = 15_000;
/** Longest wait for what is read of an answer's body: its status is known by then. */
const BODY_TIMEOUT_MS = 1_000;

/** What sending asks of the deployment. */
export interface NotificationDeps {
  redis: RedisClient;
  database: Database;
  now: () => number;
  randomId: () => string;
  randomBytes: (length: number) => Uint8Array;
  fetch: WebhookSender["fetch"];
  tokenSecret: string | undefined;
  previousTokenSecret: string | undefined;
  allowPrivateWebhooks: boolean;
  email: EmailSender | undefined;
  publicUrl: string | undefined;
}

/** Delivers what is due, with this deployment's settings. */
export async function runDeliveries(deps: NotificationDeps, nowMs: number): Promise<DeliveryReport> {
  const { redis, database, tokenSecret, previousTokenSecret, randomBytes, email, publicUrl, randomId } = deps;
  return deliverDue(
    {
      ...webhookSender(deps),
      email,
      publicUrl,
      randomId,
      random: () => Buffer.from(randomBytes(4)).readUInt32BE() / 2 ** 32,
      secretBox:
        tokenSecret === undefined
          ? undefined
          : await openSecretBox(tokenSecret, randomBytes, previousTokenSecret),
      stores: deliveryStores(redis, database),
    },
    nowMs,
  );
}

/** How this deployment sends webhooks. */
export function webhookSender({
  fetch,
  now,
  allowPrivateWebhooks,
}: Pick<NotificationDeps, "fetch" | "now" | "allowPrivateWebhooks">): WebhookSender {
  return {
    fetch,
    now,
    allowPrivate: allowPrivateWebhooks,
    timeoutMs: TIMEOUT_MS,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
  };
}
