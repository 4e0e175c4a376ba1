import { HOUR_MS, isoTime, MINUTE_MS } from "../domain/window.ts";
import type { Database } from "../ledger/database.ts";
import { insertNotification } from "../ledger/notifications.ts";

/** A flush whose oldest bucket has waited longer is told of. */
const DELAYED_AFTER_MS = 5 * MINUTE_MS;

/** Has it told, once an hour, when usage waits for its flush for long; answers whether it does. */
export async function tellFlushDelay(database: Database, lagMs: number, nowMs: number): Promise<boolean> {
  if (lagMs <= DELAYED_AFTER_MS) {
    return false;
  }
  const hour = isoTime(nowMs - (nowMs % HOUR_MS));
  const { text, params } = insertNotification(
    {
      type: "operations.flush_delayed",
      subject: `flush_delayed:${hour}`,
      customerId: null,
      data: { lagSeconds: Math.floor(lagMs / 1000), oldestDirtyBucket: isoTime(nowMs - lagMs) },
    },
    nowMs,
  );
  await database.query(text, params);
  return true;
}
