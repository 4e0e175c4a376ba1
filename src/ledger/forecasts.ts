import type { Database } from "./database.ts";
import { column, timeColumn } from "./row.ts";

/** What a metric came to on one UTC day, over all of its series. */
export interface MetricDay {
  dayMs: number;
  metricName: string;
  /** In the meter's unit. */
  value: string;
}

/** A forecast of a customer's running period, in minor units. */
export interface StoredForecast {
  customerId: string;
  periodStartMs: number;
  currency: string;
  lowMinor: bigint;
  projectedMinor: bigint;
  highMinor: bigint;
}

/** Customers with a budget whose period was not forecast on the day of `nowMs` yet (UTC), in the order of their ids. */
export async function customersToForecast(
  database: Database,
  nowMs: number,
  afterId: string,
  limit: number,
): Promise<string[]> {
  const rows = await database.query(
    `
select customer_id from customers
where deleted_at is null and settings ? 'budget' and customer_id > $2 and not exists (
  select 1 from budget_forecasts
  where budget_forecasts.customer_id = customers.customer_id
    and checked_on >= (to_timestamp($1::bigint / 1000.0) at time zone 'UTC')::date offset 0)
order by customer_id limit $3`,
    [nowMs, afterId, limit],
  );
  return rows.map((row) => column(row, "customer_id"));
}

/** Sums and counts of customers by metric and day, from the day of `fromMs` on (UTC). */
export async function readMetricDays(
  database: Database,
  customerIds: readonly string[],
  fromMs: number,
): Promise<Map<string, MetricDay[]>> {
  const rows = await database.query(
    `
select asked.customer_id, days.days::text
from jsonb_array_elements_text($1::jsonb) as asked (customer_id) cross join lateral (
  select coalesce(jsonb_agg(jsonb_build_object('dayMs', (extract(epoch from day) * 1000)::bigint,
    'metricName', metric_name, 'value', value::text)), '[]') as days
  from (
    select day, metric_name, sum(value) as value from usage_daily
    where customer_id = asked.customer_id and day >= (to_timestamp($2::bigint / 1000.0) at time zone 'UTC')::date
      and aggregation in ('sum', 'count')
    group by day, metric_name) as summed
) as days`,
    [JSON.stringify(customerIds), fromMs],
  );
  return new Map(
    rows.map((row) => [column(row, "customer_id"), JSON.parse(column(row, "days")) as MetricDay[]]),
  );
}

/** Keeps the forecasts of customers, in place of those before; a customer without one is noted as looked at. */
export async function putForecasts(
  database: Database,
  forecasts: readonly StoredForecast[],
  nowMs: number,
): Promise<void> {
  const rows = forecasts.map((forecast) => ({
    customer_id: forecast.customerId,
    start_ms: forecast.periodStartMs,
    currency: forecast.currency,
    low: forecast.lowMinor.toString(),
    projected: forecast.projectedMinor.toString(),
    high: forecast.highMinor.toString(),
  }));
  await database.query(
    `
insert into budget_forecasts (customer_id, checked_on, period_start, currency, low_minor, projected_minor, high_minor, checked_at)
select customer_id, (to_timestamp($2::bigint / 1000.0) at time zone 'UTC')::date, to_timestamp(start_ms / 1000.0), currency, low,
  projected, high, to_timestamp($2::bigint / 1000.0)
from jsonb_to_recordset($1::jsonb) as page (customer_id text, start_ms bigint, currency text, low numeric, projected numeric,
  high numeric)
where exists (select 1 from customers where customers.customer_id = page.customer_id offset 0)
order by customer_id
on conflict (customer_id) do update set checked_on = excluded.checked_on, period_start = excluded.period_start,
  currency = excluded.currency, low_minor = excluded.low_minor, projected_minor = excluded.projected_minor,
  high_minor = excluded.high_minor, checked_at = excluded.checked_at
where budget_forecasts.checked_at <= excluded.checked_at`,
    [JSON.stringify(rows), nowMs],
  );
}

/** The last forecast of a customer; undefined when none was made. */
export async function getForecast(
  database: Database,
  customerId: string,
): Promise<(StoredForecast & { checkedAtMs: number }) | undefined> {
  const [row] = await database.query(
    `
select currency, low_minor::text, projected_minor::text, high_minor::text,
  (extract(epoch from period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from checked_at) * 1000)::bigint::text as checked_ms
from budget_forecasts where customer_id = $1`,
    [customerId],
  );
  return (
    row && {
      customerId,
      periodStartMs: timeColumn(row, "start_ms"),
      currency: column(row, "currency"),
      lowMinor: BigInt(column(row, "low_minor")),
      projectedMinor: BigInt(column(row, "projected_minor")),
      highMinor: BigInt(column(row, "high_minor")),
      checkedAtMs: timeColumn(row, "checked_ms"),
    }
  );
}
