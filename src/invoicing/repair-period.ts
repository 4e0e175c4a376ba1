import { shardOf } from "../counters/keys.ts";
import type { Period } from "../domain/period.ts";
import type { Database } from "../ledger/database.ts";
import { repairDays } from "../ledger/day-repair.ts";

/** Rows of hours that are compared in one transaction: a busy customer has ten times as many in a month. */
const REPAIRED_AT_ONCE = 100_000;

/** An invoice is of the hours, whatever has happened to the days that they are summed up in. */
export async function repairPeriod(
  database: Database,
  customerId: string,
  { startMs, endMs }: Period,
): Promise<void> {
  for (let doneMs = startMs; doneMs < endMs;) {
    const rest = { startMs: doneMs, endMs };
    ({ reachedMs: doneMs } = await repairDays(
      database,
      shardOf(customerId),
      customerId,
      rest,
      REPAIRED_AT_ONCE,
    ));
  }
}
