import type { Period } from "../domain/period.ts";
import type { Database, Row } from "./database.ts";
import { column, timeColumn } from "./row.ts";

export interface CustomerPeriod extends Period {
  customerId: string;
}

const TIMES = `(extract(epoch from period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from period_end) * 1000)::bigint::text as end_ms`;

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
