import { randomBytes } from "node:crypto";
import type { Store } from "./store.ts";

export type EventType =
  | `customer.${"created" | "updated" | "deleted"}`
  | `invoice.${"created" | "updated" | "deleted" | "finalized" | "sent" | "paid" | "payment_succeeded"}`
  | `invoice.${"payment_failed" | "voided" | "marked_uncollectible"}`;

/** What a handler gets besides its parameters. */
export interface Call {
  store: Store;
  nowSeconds: number;
  request: { id: string | null; idempotency_key: string | null };
}

const ID_BYTES = 12;

/** A new object id such as `in_1f0c…`, unique for all practical purposes. */
export function newId(prefix: string): string {
  return `${prefix}_1${randomBytes(ID_BYTES).toString("hex")}`;
}

/** Stores an event with a snapshot of the object; it is sent once the request is committed. */
export function recordEvent(
  call: Call,
  type: EventType,
  object: unknown,
  previous?: Record<string, unknown>,
): void {
  call.store.put("events", {
    id: newId("evt"),
    type,
    created: call.nowSeconds,
    request: call.request,
    data: { object, ...(previous !== undefined && { previous_attributes: previous }) },
    attempts: 0,
    isDelivered: false,
  });
}

/** The old values of the fields that differ, as an `updated` event carries them. */
export function previousAttributes(before: object, after: object): Record<string, unknown> {
  const entries = Object.entries(before).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify((after as Record<string, unknown>)[name]),
  );
  return Object.fromEntries(entries);
}
