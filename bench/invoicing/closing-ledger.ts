import type { Period } from "../../src/domain/period.ts";
import { formatSeries } from "../../src/domain/series.ts";
import { DAY_MS } from "../../src/domain/window.ts";
import type { Database } from "../../src/ledger/database.ts";
import { LEDGER_SERIES } from "../flush/usage-ledger.ts";

/** What each metric has on each day of the period: every line of the demo plan comes to more than nothing. */
const PER_DAY: Record<string, number> = {
  api_calls: 20_000,
  storage_gb: 36.25,
  compute_seconds: 5_000,
  seats: 12,
};
/** Days of the period with usage, of each an hour. */
const DAYS = 5;
/** What {@link PER_DAY} comes to by the demo plan: 90.00 of calls, 7.81, 107.00 and 135.00, in cents. */
export const TOTAL_MINOR = 33_981;

/** The `n`th customer that is billed. */
export function closingCustomer(n: number): string {
  return `closing_${n}`;
}

const EACH = `from generate_series(1, $1::int) as n, generate_series(1, ${DAYS}) as day, jsonb_to_recordset($3::jsonb) as s (
  text text, metric_name text, dimensions jsonb, aggregation text, value numeric)`;
const AT = "to_timestamp($2::bigint / 1000.0) + day * interval '24 hours'";

/** Writes customers of ours and Stripe's, a period of each, and its usage by the day and by the hour. */
export async function fillClosingLedger(
  database: Database,
  stripeIds: readonly string[],
  { startMs, endMs }: Period,
): Promise<void> {
  const series = JSON.stringify(
    LEDGER_SERIES.map((one) => ({
      text: formatSeries(one),
      metric_name: one.metricName,
      dimensions: one.dimensions,
      aggregation: one.aggregation,
      value: PER_DAY[one.metricName],
    })),
  );
  const columns = "customer_id, series, metric_name, dimensions, aggregation, value";
  const selected = `'closing_' || n, sha256(convert_to(s.text, 'UTF8')), s.metric_name, s.dimensions, s.aggregation, s.value`;
  const usage = [stripeIds.length, startMs, series];
  await database.query(
    `
insert into customers (customer_id, settings, created_at, updated_at)
select 'closing_' || n, jsonb_build_object('stripeCustomerId', id), to_timestamp($2::bigint / 1000.0), to_timestamp($2::bigint / 1000.0)
from jsonb_array_elements_text($1::jsonb) with ordinality as ids (id, n)`,
    [JSON.stringify(stripeIds), startMs - DAY_MS],
  );
  await database.query(
    `
with plans as (
  insert into customer_plans (customer_id, effective_from, is_start)
  select 'closing_' || n, to_timestamp($2::bigint / 1000.0), true from generate_series(1, $1::int) as n)
insert into billing_periods (customer_id, period_start, period_end)
select 'closing_' || n, to_timestamp($2::bigint / 1000.0), to_timestamp($3::bigint / 1000.0) from generate_series(1, $1::int) as n`,
    [stripeIds.length, startMs, endMs],
  );
  await database.query(
    `insert into usage_daily (day, ${columns}) select ((${AT}) at time zone 'UTC')::date, ${selected} ${EACH}`,
    usage,
  );
  await database.query(
    `insert into usage_records (window_start, epoch, version, flushed_at, ${columns})
select ${AT}, 'e', 1, ${AT} + interval '1 hour', ${selected} ${EACH}`,
    usage,
  );
  for (const table of ["customers", "customer_plans", "billing_periods", "usage_daily", "usage_records"]) {
    await database.query(`analyze ${table}`, []);
  }
}
