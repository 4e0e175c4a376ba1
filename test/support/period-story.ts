import { periodContaining, type Period } from "../../src/domain/period.ts";
import { DAY_MS, HOUR_MS } from "../../src/domain/window.ts";
import { putCustomer } from "../../src/ledger/customers.ts";
import {
  customersToExtend,
  extendPeriods,
  insertEarlierPeriods,
  PERIODS_AHEAD_MS,
} from "../../src/ledger/period-rows.ts";
import type { LedgerFixture } from "./ledger-fixture.ts";

/** Puts a customer as the route does, its periods by an anchor day. */
export function putOnDay(
  { database }: LedgerFixture,
  billingAnchorDay: number,
  nowMs: number,
  customerId = "cus_acme",
): Promise<boolean> {
  const current = periodContaining(nowMs, billingAnchorDay);
  const before = periodContaining(current.startMs - 1, billingAnchorDay);
  return putCustomer(database, customerId, { billingAnchorDay }, nowMs, { current, before });
}

/** Sees to all periods as the hourly run does. */
export async function extendAll({ database }: LedgerFixture, nowMs: number): Promise<void> {
  await insertEarlierPeriods(database, 50 * HOUR_MS, nowMs - 62 * DAY_MS);
  const untilMs = nowMs + PERIODS_AHEAD_MS;
  await extendPeriods(database, await customersToExtend(database, untilMs, 1000), untilMs);
}

/** A row of `billing_periods`; closed ones are time away where nothing else closes any. */
export interface PeriodRow extends Period {
  isClosed: boolean;
}

/** A customer's rows in order. */
export async function periodRows({ raw }: LedgerFixture, customerId: string): Promise<PeriodRow[]> {
  const found = await raw(
    `select (extract(epoch from period_start) * 1000)::bigint as start_ms, closed_at,
       (extract(epoch from period_end) * 1000)::bigint as end_ms
     from billing_periods where customer_id = $1 order by period_start`,
    [customerId],
  );
  return found.map((row) => ({
    startMs: Number(row["start_ms"]),
    endMs: Number(row["end_ms"]),
    isClosed: row["closed_at"] !== null,
  }));
}
