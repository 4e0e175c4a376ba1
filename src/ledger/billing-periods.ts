import type { Period } from "../domain/period.ts";
import type { Database, Row } from "./database.ts";
import { column, timeColumn } from "./row.ts";

export interface CustomerPeriod extends Period {
  customerId: string;
}

const TIMES = `(extract(epoch from period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from period_end) * 1000)::bigint::text as end_ms`;

/**
 * The last periods of customers whose last period has ended by `nowMs`, oldest first, at most `limit`.
 *
 * A deleted customer's last period is the one in which it was deleted. Any other's is not closed before the next is there.
 */
export async function endedLastPeriods(
  database: Database,
  nowMs: number,
  limit: number,
): Promise<CustomerPeriod[]> {
  const rows = await database.query(
    `
select customer_id, ${TIMES}
from billing_periods join customers using (customer_id)
where closed_at is null and period_end <= to_timestamp($1::bigint / 1000.0)
  and not exists (
    select 1 from billing_periods later
    where later.customer_id = billing_periods.customer_id and later.period_start >= billing_periods.period_end)
  and (deleted_at is null or deleted_at >= period_end)
order by period_end, customer_id limit $2`,
    [nowMs, limit],
  );
  return rows.map(readPeriod);
}

/**
 * Gives customers put since `sinceMs` the month before their first period when they have usage there.
 *
 * For those who were put shortly after a month's end: late events and the spool may bring usage of it until then.
 */
export async function insertEarlierPeriods(
  database: Database,
  withinMs: number,
  sinceMs: number,
): Promise<void> {
  await database.query(
    `
insert into billing_periods (customer_id, period_start, period_end)
select customer_id, (first_start at time zone 'UTC' - interval '1 month') at time zone 'UTC', first_start
from customers cross join lateral (
  select min(period_start) as first_start from billing_periods
  where billing_periods.customer_id = customers.customer_id
) as firsts
where created_at >= to_timestamp($2::bigint / 1000.0)
  and created_at < first_start + $1::bigint * interval '1 millisecond'
  and exists (
    select 1 from usage_records
    where usage_records.customer_id = customers.customer_id and window_start < first_start
      and window_start >= (first_start at time zone 'UTC' - interval '1 month') at time zone 'UTC')
  and created_at >= first_start
on conflict do nothing`,
    [withinMs, sinceMs],
  );
}

/** Adds to each customer a period that starts where its last one ends; any other is left out. */
export async function insertPeriods(database: Database, periods: readonly CustomerPeriod[]): Promise<void> {
  await database.query(
    `
insert into billing_periods (customer_id, period_start, period_end)
select "customerId", to_timestamp("startMs" / 1000.0), to_timestamp("endMs" / 1000.0)
from jsonb_to_recordset($1::jsonb) as page ("customerId" text, "startMs" bigint, "endMs" bigint)
where to_timestamp("startMs" / 1000.0) = (
  select max(period_end) from billing_periods where customer_id = "customerId")
on conflict do nothing`,
    [JSON.stringify(periods)],
  );
}

/** `$1` the moment by which it ended, `$2` since when its customer has nothing in the spool. */
const DUE = `closed_at is null and period_end <= to_timestamp($1::bigint / 1000.0)
    and not exists (
      select 1 from spool where received_at > to_timestamp($2::bigint / 1000.0) and customer_ids @> array[customer_id])`;

/**
 * Periods not closed that ended by `endedByMs`, oldest first, at most `limit`; those that failed come after the others.
 *
 * Those of customers who have batches in the spool since `spooledSinceMs` are left out.
 */
export async function duePeriods(
  database: Database,
  endedByMs: number,
  spooledSinceMs: number,
  limit: number,
): Promise<CustomerPeriod[]> {
  const rows = await database.query(
    `
with due as (
  (select * from billing_periods where failed_at is null and ${DUE} order by period_end, customer_id limit $3)
  union all
  (select * from billing_periods where failed_at is not null and ${DUE}
  order by failed_at, period_end, customer_id limit $3)
)
select customer_id, ${TIMES} from due order by failed_at nulls first, period_end, customer_id limit $3`,
    [endedByMs, spooledSinceMs, limit],
  );
  return rows.map(readPeriod);
}

/** Keeps that closing a period has failed. */
export async function markUnclosed(database: Database, period: CustomerPeriod, nowMs: number): Promise<void> {
  await database.query(
    `
update billing_periods set failed_at = to_timestamp($3::bigint / 1000.0)
where customer_id = $1 and period_start = to_timestamp($2::bigint / 1000.0) and closed_at is null`,
    [period.customerId, period.startMs, nowMs],
  );
}

/** How many periods wait to be closed. */
export async function countDuePeriods(database: Database, endedByMs: number): Promise<number> {
  const [row] = await database.query(
    `
select count(*)::text as due from billing_periods
where closed_at is null and period_end <= to_timestamp($1::bigint / 1000.0)`,
    [endedByMs],
  );
  return Number(row?.["due"] ?? 0);
}

function readPeriod(row: Row): CustomerPeriod {
  return {
    customerId: column(row, "customer_id"),
    startMs: timeColumn(row, "start_ms"),
    endMs: timeColumn(row, "end_ms"),
  };
}
