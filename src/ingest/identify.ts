import type { Measurement } from "../domain/event.ts";
import type { IdentifiedGroup } from "../domain/identified-group.ts";
import { digestId } from "./digest.ts";
import { contentFingerprint, fingerprintOf } from "./fingerprint.ts";

/** One event of a request: its place, its own id if it has one, and null when it was refused already. */
export interface Row {
  index: number;
  idDigest: string | undefined;
  measurement: Measurement | null;
}

/** The id that stands for all events without one of their own, and what the client sent under it. */
export interface SharedId {
  origin: "batch" | "key" | "receipt";
  id: string;
  content: unknown;
}

/**
 * Gives every event an id: its own, or the shared one.
 *
 * Refused rows keep their place under a shared id, so that a repeat of the request is told the same row by row. `order`
 * tells which row each measurement of the groups is, in their order.
 */
export function identify(
  rows: readonly Row[],
  shared: SharedId,
): { groups: IdentifiedGroup[]; order: Row[] } {
  const groups: IdentifiedGroup[] = [];
  const order: Row[] = [];
  const anonymous: Row[] = [];
  for (const row of rows) {
    const { idDigest, measurement } = row;
    if (idDigest === undefined) {
      anonymous.push(row);
    } else if (measurement !== null) {
      groups.push({ idDigest, fingerprint: fingerprintOf(measurement), measurements: [measurement] });
      order.push(row);
    }
  }
  if (anonymous.some(({ measurement }) => measurement !== null)) {
    groups.push({
      idDigest: digestId("", shared.origin, shared.id),
      // Of all that was sent: a repeat of which less is accepted by now is the same content still.
      fingerprint: contentFingerprint(shared.content),
      measurements: anonymous.map(({ measurement }) => measurement),
    });
    order.push(...anonymous);
  }
  return { groups, order };
}

/** True for a JSON event that says no id of its own. */
export function hasNoId(event: unknown): boolean {
  return typeof event !== "object" || event === null || !("id" in event) || event.id === undefined;
}

/** What of JSON events counts as content under a shared id: all but their times. */
export function withoutTimes(events: readonly unknown[]): unknown {
  return events.map((event) => {
    if (typeof event !== "object" || event === null || Array.isArray(event)) {
      return event;
    }
    const { timestamp: _, ...content } = event as Record<string, unknown>;
    return content;
  });
}
