import { isoTime } from "../domain/window.ts";
import type { AttemptRecord, ClaimedDelivery, ClaimedEndpoint } from "../ledger/deliveries.ts";
import { EMAIL_TARGET } from "../ledger/delivery-making.ts";
import { attemptEmail, type EmailDeps } from "./attempt-email.ts";
import { attemptWebhook, type WebhookSender } from "./attempt-webhook.ts";
import { MAX_ATTEMPTS } from "./retry-schedule.ts";
import { UnreadableSecret, type SecretBox } from "./secret-box.ts";

export interface TryDeps extends WebhookSender, EmailDeps {
  /** Undefined without the secret that its key comes from: webhooks cannot be signed then. */
  secretBox: SecretBox | undefined;
}

/** Why a delivery was not taken; documented in docs/operations.md. */
export type DeliveryFailure =
  | Exclude<Awaited<ReturnType<typeof attemptWebhook>>["failure"], undefined>
  | Exclude<Awaited<ReturnType<typeof attemptEmail>>["failure"], undefined>
  | "abandoned"
  | "endpoint_deleted"
  | "endpoint_disabled"
  | "secret_unreadable"
  | "not_configured";

/** What became of a delivery that a run has tried. */
export interface TriedDelivery {
  /** Null when nothing could be sent, and it makes no sense to try again. */
  attempt: AttemptRecord | null;
  /** Undefined when it was taken. */
  failure: DeliveryFailure | undefined;
  retryAfterMs: number | undefined;
}

/** Sends a delivery once. Never throws for what a receiver does. */
export async function tryDelivery(deps: TryDeps, delivery: ClaimedDelivery): Promise<TriedDelivery> {
  if (delivery.attempts > MAX_ATTEMPTS) {
    // Runs have died at it, or could not write down what came of it, again and again.
    return { attempt: null, failure: "abandoned", retryAfterMs: undefined };
  }
  if (delivery.target === EMAIL_TARGET) {
    const { failure, ...attempt } = await attemptEmail(deps, delivery);
    const record = { ...attempt, status: null, failure: failure ?? null };
    return { attempt: record, failure, retryAfterMs: undefined };
  }
  const { endpoint } = delivery;
  if (endpoint?.secret === undefined) {
    return { attempt: null, failure: "endpoint_deleted", retryAfterMs: undefined };
  }
  if (endpoint.isDisabled) {
    return { attempt: null, failure: "endpoint_disabled", retryAfterMs: undefined };
  }
  const secrets = await readSecrets(deps, delivery.target, endpoint.secret, endpoint.previous);
  if (typeof secrets === "string") {
    const attemptedMs = deps.now();
    const record = { attemptedMs, durationMs: 0, status: null, failure: secrets, response: null };
    return { attempt: record, failure: secrets, retryAfterMs: undefined };
  }
  const { failure, retryAfterMs, ...attempt } = await attemptWebhook(deps, {
    url: endpoint.url,
    id: delivery.notificationId,
    body: webhookBody(delivery.type, delivery.createdMs, delivery.data),
    secrets,
  });
  return { attempt: { ...attempt, failure: failure ?? null }, failure, retryAfterMs };
}

/** A webhook's body: the same bytes in each attempt, with `data` as the ledger prints it, digits included. */
export function webhookBody(type: string, createdMs: number, data: string): string {
  return `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(isoTime(createdMs))},"data":${data}}`;
}

/** An endpoint's secrets in clear: the current one, and the one before while it is valid and can be read. */
export async function readSecrets(
  { secretBox, now }: Pick<TryDeps, "secretBox" | "now">,
  endpointId: string,
  secret: string,
  previous: ClaimedEndpoint["previous"],
): Promise<string[] | "secret_unreadable" | "not_configured"> {
  if (secretBox === undefined) {
    return "not_configured";
  }
  const open = (sealed: string): Promise<string | undefined> =>
    secretBox.open(endpointId, sealed).catch((error: unknown) => {
      if (error instanceof UnreadableSecret) {
        return undefined;
      }
      throw error;
    });
  const current = await open(secret);
  if (current === undefined) {
    return "secret_unreadable";
  }
  const before = previous !== null && previous.validUntilMs > now() ? await open(previous.secret) : undefined;
  return before === undefined ? [current] : [current, before];
}
