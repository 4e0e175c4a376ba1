import { readRetryAfter } from "./retry-schedule.ts";
import { signedHeaders } from "./sign-webhook.ts";
import { addressFault, type AddressRules } from "./webhook-address.ts";

/** Most of an answer's body that is read, and kept, in bytes. */
export const MAX_RESPONSE_BYTES = 1024;
const USER_AGENT = "edgemeter-webhooks/1.0";

/** How a webhook is sent. */
export interface WebhookSender extends AddressRules {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Epoch ms. */
  now: () => number;
  /** Longest wait for an answer's headers. */
  timeoutMs: number;
  /** Longest wait for what is read of its body. */
  bodyTimeoutMs: number;
}

export interface OutgoingWebhook {
  url: string;
  /** The same over all attempts. */
  id: string;
  body: string;
  /** In clear, the current one first. */
  secrets: readonly string[];
}

/** What became of an attempt. `failure` is undefined when the receiver took it. */
export interface WebhookOutcome {
  attemptedMs: number;
  durationMs: number;
  /** Null when there was no answer. */
  status: number | null;
  failure: "timeout" | "unreachable" | "address_refused" | "redirect" | "status" | undefined;
  /** The beginning of the answer's body. */
  response: string | null;
  /** What the receiver has asked to wait. */
  retryAfterMs: number | undefined;
}

/** Sends a webhook once. Never throws: whatever fails is an outcome. A redirect is not followed. */
export async function attemptWebhook(
  sender: WebhookSender,
  { url, id, body, secrets }: OutgoingWebhook,
): Promise<WebhookOutcome> {
  const attemptedMs = sender.now();
  const unanswered = (failure: WebhookOutcome["failure"]): WebhookOutcome => ({
    attemptedMs,
    durationMs: Math.max(0, sender.now() - attemptedMs),
    status: null,
    failure,
    response: null,
    retryAfterMs: undefined,
  });
  if (addressFault(url, sender) !== undefined) {
    return unanswered("address_refused");
  }
  const headers = {
    "content-type": "application/json",
    "user-agent": USER_AGENT,
    ...(await signedHeaders({ id, attemptMs: attemptedMs, body }, secrets)),
  };
  const signal = AbortSignal.timeout(sender.timeoutMs);
  let response: Response;
  try {
    response = await sender.fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
  } catch {
    return unanswered(signal.aborted ? "timeout" : "unreachable");
  }
  const durationMs = Math.max(0, sender.now() - attemptedMs);
  const { status } = response;
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), sender.now());
  return {
    attemptedMs,
    durationMs,
    status,
    failure: failureOf(status),
    response: await readBeginning(response, sender.bodyTimeoutMs),
    retryAfterMs,
  };
}

function failureOf(status: number): WebhookOutcome["failure"] {
  if (status >= 200 && status < 300) {
    return undefined;
  }
  return status >= 300 && status < 400 ? "redirect" : "status";
}

/** What can be read of a body within its bounds; whatever a receiver does with it, its status has been answered. */
async function readBeginning(response: Response, timeoutMs: number): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) {
    return "";
  }
  const bytes = new Uint8Array(MAX_RESPONSE_BYTES);
  let length = 0;
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), timeoutMs);
  try {
    while (length < MAX_RESPONSE_BYTES) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      const taken = (value as Uint8Array).subarray(0, MAX_RESPONSE_BYTES - length);
      bytes.set(taken, length);
      length += taken.length;
    }
  } catch {
    // It died in the middle: what came before is kept.
  } finally {
    clearTimeout(timer);
    await reader.cancel().catch(() => undefined);
  }
  return storable(bytes.subarray(0, length));
}

/** Text that Postgres can hold, of as many bytes at most. */
function storable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes).replaceAll("\u0000", "\uFFFD");
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(MAX_RESPONSE_BYTES));
  return text.slice(0, read);
}
