import type { EndpointSecrets, WebhookEndpoint } from "../ledger/webhook-endpoints.ts";
import { attemptWebhook } from "./attempt-webhook.ts";
import { webhookSender, type NotificationDeps } from "./run-deliveries.ts";
import { openSecretBox } from "./secret-box.ts";
import { readSecrets, webhookBody } from "./try-delivery.ts";

/** The type of test events; no endpoint chooses it, and every one can be sent one. */
const TEST_TYPE = "webhook.test";

/** What came back. */
export interface TestOutcome {
  delivered: boolean;
  id: string;
  status: number | null;
  failure: string | null;
  durationMs: number;
  /** The beginning of the answer's body. */
  response: string | null;
}

/** Sends an endpoint a test event, once, signed as everything is; also one that is disabled. Nothing of it is kept. */
export async function sendTestEvent(
  deps: Pick<
    NotificationDeps,
    | "fetch"
    | "now"
    | "allowPrivateWebhooks"
    | "tokenSecret"
    | "previousTokenSecret"
    | "randomBytes"
    | "randomId"
  >,
  { endpointId, url, secret, previous }: WebhookEndpoint & EndpointSecrets,
): Promise<TestOutcome | "not_configured" | "secret_unreadable"> {
  const sender = webhookSender(deps);
  const secretBox =
    deps.tokenSecret === undefined
      ? undefined
      : await openSecretBox(deps.tokenSecret, deps.randomBytes, deps.previousTokenSecret);
  const secrets = await readSecrets({ secretBox, now: deps.now }, endpointId, secret, previous);
  if (typeof secrets === "string") {
    return secrets;
  }
  const id = `ntf_test_${deps.randomId()}`;
  const body = webhookBody(TEST_TYPE, deps.now(), JSON.stringify({ endpointId }));
  const { status, failure, durationMs, response } = await attemptWebhook(sender, { url, id, body, secrets });
  return { delivered: failure === undefined, id, status, failure: failure ?? null, durationMs, response };
}
