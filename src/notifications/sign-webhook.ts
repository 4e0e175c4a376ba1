import { Buffer } from "node:buffer";

const PREFIX = "whsec_";
/** Length of a new secret. Source: Standard Webhooks 1.0, which has 24 to 64. */
const SECRET_BYTES = 32;
const utf8 = new TextEncoder();

/** One message as it is signed. */
export interface WebhookMessage {
  /** The same over all attempts, without a dot. */
  id: string;
  /** The attempt's, epoch ms; sent in whole seconds. */
  attemptMs: number;
  body: string;
}

/** Makes a secret: `whsec_` and base64 of random bytes, which the caller draws. */
export function newSecret(randomBytes: (length: number) => Uint8Array): string {
  return `${PREFIX}${Buffer.from(randomBytes(SECRET_BYTES)).toString("base64")}`;
}

/**
 * The headers that prove a message to be ours, signed with each of the secrets, the current one first.
 *
 * Source: Standard Webhooks 1.0, "Signature scheme": HMAC-SHA256 of `id.timestamp.body`.
 */
export async function signedHeaders(
  { id, attemptMs, body }: WebhookMessage,
  secrets: readonly string[],
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(attemptMs / 1000));
  const signed = Uint8Array.from(utf8.encode(`${id}.${timestamp}.${body}`));
  const signatures = await Promise.all(secrets.map((secret) => signature(signed, secret)));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

async function signature(signed: Uint8Array<ArrayBuffer>, secret: string): Promise<string> {
  const bytes = Uint8Array.from(Buffer.from(secret.replace(PREFIX, ""), "base64"));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return `v1,${Buffer.from(await crypto.subtle.sign("HMAC", key, signed)).toString("base64")}`;
}
