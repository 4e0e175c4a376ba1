import type { CustomerPeriod } from "./billing-periods.ts";
import type { Database } from "./database.ts";
import { column } from "./row.ts";

/** A day's usage of one series, in the meter's unit. */
export interface UsageDay {
  day: string;
  metricName: string;
  dimensions: Record<string, string>;
  aggregation: string;
  value: string;
}

/** A correction that a period's totals contain. */
export interface PeriodAdjustment {
  adjustmentId: string;
  metricName: string;
  quantity: string;
  at: string;
  reason: string;
}

/** What a period's totals were summed up from: its days, at most `limit` of them, the first first. */
export async function readUsageDays(
  database: Database,
  { customerId, startMs, endMs }: CustomerPeriod,
  limit: number,
): Promise<UsageDay[]> {
  const rows = await database.query(
    `
select day::text, metric_name, dimensions::text, aggregation, value::text from usage_daily
where customer_id = $1 and day >= (to_timestamp($2::bigint / 1000.0) at time zone 'UTC')::date
  and day < (to_timestamp($3::bigint / 1000.0) at time zone 'UTC')::date
order by day, series limit $4`,
    [customerId, startMs, endMs, limit],
  );
  return rows.map((row) => ({
    day: column(row, "day"),
    metricName: column(row, "metric_name"),
    dimensions: JSON.parse(column(row, "dimensions")) as Record<string, string>,
    aggregation: column(row, "aggregation"),
    value: column(row, "value"),
  }));
}

/** A period's adjustments, at most `limit` of them, the first first. */
export async function readPeriodAdjustments(
  database: Database,
  { customerId, startMs, endMs }: CustomerPeriod,
  limit: number,
): Promise<PeriodAdjustment[]> {
  const rows = await database.query(
    `
select adjustment_id, metric_name, quantity::text, reason,
  to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at_text
from adjustments
where customer_id = $1 and at >= to_timestamp($2::bigint / 1000.0) and at < to_timestamp($3::bigint / 1000.0)
order by at, adjustment_id limit $4`,
    [customerId, startMs, endMs, limit],
  );
  return rows.map((row) => ({
    adjustmentId: column(row, "adjustment_id"),
    metricName: column(row, "metric_name"),
    quantity: column(row, "quantity"),
    at: column(row, "at_text"),
    reason: column(row, "reason"),
  }));
}
