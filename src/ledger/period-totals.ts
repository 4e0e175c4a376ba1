import type { MetricTotal } from "../rating/quantities.ts";

/**
 * A common table expression `planned`: of each row of `chosen` (customer_id, period_start, period_end) also `changes`, what
 * prices the period as JSON; `cuts`, the moments at which that changed inside, in order; `plans`, the names among them as JSON,
 * null for the default; and `started_at`, the customer's start.
 * `pricedAs` is an SQL expression over `chosen`: whose plans count, null for nobody's.
 */
export function plannedFor(pricedAs = "chosen.customer_id"): string {
  return `
planned as materialized (
  select chosen.*, changed.changes, changed.cuts, changed.plans, started.started_at
  from chosen cross join lateral (
    select min(effective_from) as first, max(effective_from) filter (where effective_from <= period_start) as held
    from customer_plans where customer_plans.customer_id = ${pricedAs}
  ) as known cross join lateral (
    select coalesce(jsonb_agg(jsonb_build_object('fromMs', (extract(epoch from effective_from) * 1000)::bigint,
        'planName', plan, 'prices', prices) order by effective_from), '[]') as changes,
      coalesce((array_agg(effective_from order by effective_from))[2:], '{}') as cuts,
      coalesce(jsonb_agg(distinct plan), '[]') as plans
    from customer_plans
    where customer_plans.customer_id = ${pricedAs} and effective_from >= coalesce(known.held, '-infinity')
      and (effective_from < period_end or effective_from = known.first)
      and (ended_at is null or ended_at >= period_start)
  ) as changed cross join lateral (
    select coalesce(max(effective_from), known.first) as started_at from customer_plans
    where customer_plans.customer_id = ${pricedAs} and is_start and effective_from < period_end
  ) as started
)`;
}

/** Totals of one customer of `planned`, part by part; a day that belongs to two parts is read by the hour. */
export const TOTALS = `
  with cut_days as (
    select distinct (cut at time zone 'UTC')::date as day from unnest(cuts) as cut
    where cut <> date_trunc('day', cut, 'UTC')
  ), used as (
    select day::timestamp at time zone 'UTC' as at, metric_name, aggregation, value, last_at from usage_daily
    where customer_id = planned.customer_id and day >= (period_start at time zone 'UTC')::date
      and day < (period_end at time zone 'UTC')::date and day not in (select day from cut_days)
    union all
    select window_start, metric_name, aggregation, value, last_at from cut_days join usage_records
      on customer_id = planned.customer_id and window_start >= cut_days.day::timestamp at time zone 'UTC'
        and window_start < (cut_days.day + 1)::timestamp at time zone 'UTC'
  ), totals as (
    select width_bucket(at, cuts) as part, metric_name,
      case aggregation when 'max' then max(value) when 'min' then min(value)
        when 'last' then (array_agg(value order by last_at desc, value desc))[1] else sum(value) end as value
    from used group by part, metric_name, aggregation
  ), adjusted as (
    select width_bucket(at, cuts) as part, metric_name, sum(quantity) as quantity
    from adjustments
    where customer_id = planned.customer_id and at >= period_start and at < period_end group by part, metric_name
  )
  select coalesce(jsonb_agg(jsonb_build_object('part', part, 'metricName', metric_name,
    'value', (coalesce(totals.value, 0) + coalesce(quantity, 0))::text)), '[]') as totals
  from totals full join adjusted using (part, metric_name)`;

/** Totals by part, from the JSON of a statement. */
export function partTotals(text: string, changes: number): MetricTotal[][] {
  const totals = JSON.parse(text) as (MetricTotal & { part: number })[];
  return Array.from({ length: Math.max(1, changes) }, (_, index) =>
    totals.filter(({ part }) => part === index).map(({ metricName, value }) => ({ metricName, value })),
  );
}
