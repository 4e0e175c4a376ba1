/**
 * Names of a table's metrics, each by one look-up in its index: a part of a `with recursive`, named `<table>_metrics`.
 *
 * With them a range of times is found by the index that begins with the metric.
 */
export function metricsIn(table: "usage_records" | "usage_daily"): string {
  return `${table}_metrics (metric_name) as (
  (select metric_name from ${table} order by metric_name limit 1)
  union all
  select (select metric_name from ${table} where metric_name > known.metric_name order by metric_name limit 1)
  from ${table}_metrics as known where known.metric_name is not null
)`;
}

/** Start of a date in UTC. */
export function startOf(day: string): string {
  return `((${day})::timestamp at time zone 'UTC')`;
}

/** True for the hours of one customer and day. */
export function hoursOf(customerId: string, day: string): string {
  return `usage_records.customer_id = ${customerId} and usage_records.window_start >= ${startOf(day)}
    and usage_records.window_start < ${startOf(`${day} + 1`)}`;
}

/**
 * What `columns` are of the hours that a condition on a row before it names, by an index whatever the planner expects of
 * that row: `offset 0` keeps it from reading all hours at once. Comes after `cross join lateral`.
 */
export function foundHours(columns: string, condition: string): string {
  return `(select ${columns} from usage_records where ${condition} offset 0) as hours`;
}

/**
 * Computes the days that `compared` (customer_id, day) names from their hours, and finds the series that are not so in
 * `usage_daily`: parts of a `with`, the last named `differing`.
 *
 * All is seen at one moment: hours and days change together. Not the way in which a flush adds days up.
 */
export const DIFFERING_DAYS = `placed as (
  select compared.customer_id, compared.day, series, metric_name, dimensions, aggregation, value, last_at,
    rank() over (partition by compared.customer_id, compared.day, series order by last_at desc) as place
  from compared cross join lateral ${foundHours(
    "series, metric_name, dimensions, aggregation, value, last_at",
    hoursOf("compared.customer_id", "compared.day"),
  )}
), recomputed as (
  select customer_id, day, series, max(metric_name) as metric_name, (array_agg(dimensions))[1] as dimensions,
    max(aggregation) as aggregation, max(last_at) as last_at,
    case max(aggregation) when 'max' then max(value) when 'min' then min(value)
      when 'last' then max(value) filter (where place = 1) else sum(value) end as value
  from placed group by customer_id, day, series
), held as (
  select usage_daily.* from compared join usage_daily using (customer_id, day)
), differing as (
  select customer_id, day, series, coalesce(recomputed.metric_name, held.metric_name) as metric_name,
    coalesce(recomputed.dimensions, held.dimensions) as dimensions, recomputed.value as hours_value,
    held.value as day_value, recomputed.last_at as hours_last_at, held.last_at as day_last_at
  from recomputed full join held using (customer_id, day, series)
  where (recomputed.metric_name, recomputed.dimensions, recomputed.aggregation, recomputed.value, recomputed.last_at)
    is distinct from (held.metric_name, held.dimensions, held.aggregation, held.value, held.last_at)
)`;
