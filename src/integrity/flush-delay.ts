import { HOUR_MS, isoTime, MINUTE_MS } from "../domain/window.ts";
import type { Database } from "../ledger/database.ts";
import { firstRunWithout } from "../ledger/job-runs.ts";
import { insertNotification } from "../ledger/notifications.ts";

/** Most put-off buckets of a run that are told one by one. */
const MAX_TOLD = 20;

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

/**
 * Has it told, when a flush has failed as a whole, since when every one has failed. Not since the last that worked: without
 * usage there is none, for hours.
 */
export async function tellFlushFailed(database: Database, nowMs: number): Promise<void> {
  const sinceMs = await firstRunWithout(database, "minute", "flush");
  if (sinceMs !== undefined) {
    await tellFlushDelay(database, nowMs - sinceMs, nowMs);
  }
}

/** Has each bucket told, once a day, that the ledger refuses: its usage is not billed until it can be written. */
export async function tellPutOff(
  database: Database,
  putOff: readonly { customerId: string; hour: string; code: string }[],
  nowMs: number,
): Promise<void> {
  const told = putOff.slice(0, MAX_TOLD).map(({ customerId, hour, code }) =>
    insertNotification(
      {
        type: "operations.flush_delayed",
        subject: `put_off:${JSON.stringify([customerId, hour])}:${isoTime(nowMs).slice(0, 10)}`,
        customerId: null,
        data: { refusedBucket: { customerId, hour, code } },
      },
      nowMs,
    ),
  );
  if (told.length > 0) {
    await database.transaction(told);
  }
}
