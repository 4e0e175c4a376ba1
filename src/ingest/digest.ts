import { createHash } from "node:crypto";
import type { Measurement } from "../domain/event.ts";
import { formatSeries } from "../domain/series.ts";

/** 128 bits: two different ids never meet. */
const ID_LENGTH = 22;
/** 66 bits: enough to tell a repeat from another content under the same id. */
const FINGERPRINT_LENGTH = 11;

/** Who gave an id: the event, its CloudEvents source, our SDK's batch, a request's `Idempotency-Key`, or we. */
export type IdOrigin = "event" | "cloudevent" | "batch" | "key" | "receipt";

/** Digest of an id, of whom it belongs to and of who gave it. */
export function digestId(customerId: string, origin: IdOrigin, id: string): string {
  return digest(JSON.stringify([customerId, origin, id]), ID_LENGTH);
}

/** Digest of what measurements count, without their times: a repeat may carry another timestamp. */
export function fingerprint(measurements: readonly Measurement[]): string {
  const content = measurements.map(({ customerId, series, value }) => [
    customerId,
    formatSeries(series),
    value.toString(),
  ]);
  return digest(JSON.stringify(content), FINGERPRINT_LENGTH);
}

/** Digest of what a client sent under one id, whatever of it is accepted. */
export function contentFingerprint(content: unknown): string {
  return digest(JSON.stringify(content, inOrder), FINGERPRINT_LENGTH);
}

/** Members in code-unit order: the same content may come with its members in another. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, length);
}
