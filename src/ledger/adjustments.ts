import type { Adjustment } from "../domain/adjustment.ts";
import { formatScaled, parseDecimal } from "../domain/decimal.ts";
import { invariant } from "../domain/invariant.ts";
import type { Database, Row } from "./database.ts";
import { column, timeColumn } from "./row.ts";
import { WILL_BE_TRUED_UP } from "./true-up-reach.ts";

/** An adjustment as it was written down. */
export interface StoredAdjustment extends Adjustment {
  createdAtMs: number;
  /** Scope of the key that it came with. */
  createdBy: string;
}

const COLUMNS = `customer_id, adjustment_id, metric_name, quantity::text, reason, created_by,
  (extract(epoch from at) * 1000)::bigint::text as at_ms,
  (extract(epoch from created_at) * 1000)::bigint::text as created_ms`;

/** The customer's period that contains the adjustment's moment: `$1` and `$2`. */
const CONTAINING = `customer_id = $1 and period_start <= to_timestamp($2::bigint / 1000.0)
  and period_end > to_timestamp($2::bigint / 1000.0)`;

/**
 * Adds an adjustment unless one of its id is there: answers the one that is there then.
 *
 * Undefined, and nothing is added, when no invoice would have it: its period is closed and no close to come trues it up, or it
 * is before the customer's first. A close that runs meanwhile either bills it or is not done: both hold the period's row.
 */
export async function insertAdjustment(
  database: Database,
  adjustment: Adjustment,
  createdBy: string,
  nowMs: number,
): Promise<{ isNew: boolean; adjustment: StoredAdjustment } | undefined> {
  const { customerId, adjustmentId, metricName, quantity, atMs, reason } = adjustment;
  const [, inserted, found] = await database.transaction([
    {
      text: `select 1 from billing_periods where ${CONTAINING} for share`,
      params: [customerId, atMs],
    },
    {
      text: `
insert into adjustments (customer_id, adjustment_id, metric_name, quantity, at, reason, created_at, created_by)
select $1, $3, $4, $5::numeric, to_timestamp($2::bigint / 1000.0), $6, to_timestamp($7::bigint / 1000.0), $8
where not exists (
    select 1 from billing_periods as held where ${CONTAINING} and closed_at is not null and not ${WILL_BE_TRUED_UP})
  and not exists (
    select 1 from (select min(period_start) as first from billing_periods where customer_id = $1) as periods
    where to_timestamp($2::bigint / 1000.0) < first)
on conflict do nothing returning 1`,
      params: [customerId, atMs, adjustmentId, metricName, quantity, reason, nowMs, createdBy],
    },
    {
      text: `select ${COLUMNS} from adjustments where customer_id = $1 and adjustment_id = $2`,
      params: [customerId, adjustmentId],
    },
  ]);
  const row = found?.[0];
  return row && { isNew: (inserted?.length ?? 0) > 0, adjustment: readAdjustment(row) };
}

/** Reads one adjustment; undefined when the customer has none of that id. */
export async function getAdjustment(
  database: Database,
  customerId: string,
  adjustmentId: string,
): Promise<StoredAdjustment | undefined> {
  const [row] = await database.query(
    `select ${COLUMNS} from adjustments where customer_id = $1 and adjustment_id = $2`,
    [customerId, adjustmentId],
  );
  return row && readAdjustment(row);
}

/** A customer's adjustments from newest to oldest, after the one that `after` names. */
export async function listAdjustments(
  database: Database,
  customerId: string,
  limit: number,
  after: { timeMs: number; id: string } | undefined,
): Promise<StoredAdjustment[]> {
  const rows = await database.query(
    `
select ${COLUMNS} from adjustments
where customer_id = $1
  and (created_at, adjustment_id) < (coalesce(to_timestamp($2::bigint / 1000.0), 'infinity'), $3)
order by created_at desc, adjustment_id desc limit $4`,
    [customerId, after?.timeMs ?? null, after?.id ?? "", limit],
  );
  return rows.map(readAdjustment);
}

function readAdjustment(row: Row): StoredAdjustment {
  const quantity = parseDecimal(column(row, "quantity"));
  invariant(quantity !== undefined, "an adjustment's quantity is a decimal");
  return {
    customerId: column(row, "customer_id"),
    adjustmentId: column(row, "adjustment_id"),
    metricName: column(row, "metric_name"),
    quantity: formatScaled(quantity.coefficient, quantity.scale),
    atMs: timeColumn(row, "at_ms"),
    reason: column(row, "reason"),
    createdAtMs: timeColumn(row, "created_ms"),
    createdBy: column(row, "created_by"),
  };
}
