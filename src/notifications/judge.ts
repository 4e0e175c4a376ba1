import type { ClaimedDelivery, Settlement } from "../ledger/deliveries.ts";
import { EMAIL_TARGET } from "../ledger/delivery-making.ts";
import type { Hold } from "./delivery-line.ts";
import { nextAttemptMs } from "./retry-schedule.ts";
import type { TriedDelivery } from "./try-delivery.ts";

/** A receiver that takes longer to answer goes into the slow lanes. */
const SLOW_MS = 3_000;
/** "I am gone": the receiver wants nothing any more. Source: Standard Webhooks 1.0. */
const GONE = 410;
const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;

/** What follows from an attempt. */
export interface Verdict {
  settlement: Settlement;
  /** Whether the target gives no answer, or a late one. */
  isSlow: boolean;
  /** Set when the target is to be left alone for the rest of the run. */
  holds: Hold | undefined;
}

/** Decides what becomes of a delivery, and of its target, after an attempt. `random` is in [0, 1). */
export function judge(
  tried: TriedDelivery,
  delivery: ClaimedDelivery,
  nowMs: number,
  random: number,
): Verdict {
  const { attempt, failure, retryAfterMs } = tried;
  const isSlow = failure === "timeout" || (attempt?.durationMs ?? 0) > SLOW_MS;
  if (failure === undefined) {
    return { settlement: { state: "delivered" }, isSlow, holds: undefined };
  }
  const isGone = attempt?.status === GONE;
  const dueMs = nextAttemptMs(nowMs, delivery.attempts, random, retryAfterMs);
  const isOver = attempt === null || isGone || dueMs === undefined || dueMs > delivery.giveUpMs;
  return {
    settlement: isOver ? { state: "failed", disables: isGone } : { state: "pending", dueMs },
    isSlow,
    holds: isHolding(tried, delivery, isGone) ? { failure, retryAfterMs } : undefined,
  };
}

/** Who does not answer, or asks for a pause, is not asked for everything else that waits for it. */
function isHolding(
  { attempt, failure }: TriedDelivery,
  { target }: ClaimedDelivery,
  isGone: boolean,
): boolean {
  const status = attempt?.status;
  return (
    isGone ||
    failure === "timeout" ||
    // An e-mail that fails at once may be one address's fault, and all customers' share the target.
    (failure === "unreachable" && target !== EMAIL_TARGET) ||
    status === TOO_MANY_REQUESTS ||
    status === UNAVAILABLE
  );
}
