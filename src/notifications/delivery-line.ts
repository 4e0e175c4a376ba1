import type { ClaimedDelivery } from "../ledger/deliveries.ts";
import type { Line } from "./lanes.ts";

/** Deliveries to one target that are tried at once. */
const AT_ONCE = 2;

/** Why a target is left alone for the rest of a run. */
export interface Hold {
  failure: string;
  /** What the receiver has asked to wait. */
  retryAfterMs: number | undefined;
}

/** What a run has to deliver to one target, the oldest first. */
export interface DeliveryLine extends Line {
  waiting: ClaimedDelivery[];
  heldBy: Hold | undefined;
}

/** A line for each target. */
export function linesOf(claimed: readonly ClaimedDelivery[]): DeliveryLine[] {
  const lines = new Map<string, DeliveryLine>();
  for (const delivery of claimed) {
    const line = lines.get(delivery.target);
    if (line === undefined) {
      lines.set(delivery.target, {
        places: AT_ONCE,
        isSlow: delivery.endpoint?.isSlow ?? false,
        waiting: [delivery],
        heldBy: undefined,
      });
    } else {
      line.waiting.push(delivery);
    }
  }
  return [...lines.values()];
}
