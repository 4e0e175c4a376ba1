import type { Bucket } from "../domain/bucket.ts";
import type { CustomerSettings } from "../domain/customer.ts";
import type { Lifetime, PlanChange } from "../rating/plan-parts.ts";
import type { MetricTotal } from "../rating/quantities.ts";
import { bucketRows, USAGE_COLUMNS } from "./bucket-rows.ts";
import { versionInForce } from "./catalog-versions.ts";
import type { Database } from "./database.ts";
import { partTotals } from "./period-totals.ts";
import { timeOrNull } from "./row.ts";

/** Which of a customer's periods is meant: the one whose start lies in the range and whose end is past a moment. */
export interface PeriodChoice {
  startFromMs: number;
  startToMs: number;
  endAfterMs: number;
  /** Taken when the customer has no such period. */
  otherwise: { startMs: number; endMs: number };
  /** The present, epoch ms: what is published later does not price yet. */
  nowMs: number;
}

export interface UsageReading {
  /** The customer document, also a deleted customer's; undefined for one that was never put. */
  settings: CustomerSettings | undefined;
  isDeleted: boolean;
  period: { startMs: number; endMs: number };
  /** False when the period is only the one asked for otherwise. */
  hasPeriod: boolean;
  /** What prices the period: the plan in force at its start, or the customer's first, then each change inside. */
  changes: PlanChange[];
  lifetime: Lifetime;
  /** What the period is priced by; undefined when no version has the plans. */
  catalog: { version: number; publishedAtMs: number } | undefined;
  /** Totals of each part between changes, in order. */
  totals: MetricTotal[][];
}

const IN_FORCE = versionInForce(
  { start: "period.period_start", end: "period.period_end", now: "to_timestamp($8::bigint / 1000.0)" },
  `(select coalesce(jsonb_agg(distinct changes.plan), '[]') from changes)`,
);

const READ_USAGE = `
with asked as (
  select period_start, period_end, true as is_row from billing_periods
  where customer_id = $1 and period_start >= to_timestamp($2::bigint / 1000.0)
    and period_start <= to_timestamp($3::bigint / 1000.0) and period_end > to_timestamp($4::bigint / 1000.0)
  order by period_start limit 1
), period as (
  select * from asked
  union all
  select to_timestamp($5::bigint / 1000.0), to_timestamp($6::bigint / 1000.0), false
  where not exists (select 1 from asked)
), first as (
  select min(effective_from) as first_plan from customer_plans where customer_id = $1
), changes as (
  select effective_from, plan, prices, row_number() over (order by effective_from) as part
  from customer_plans, period, first
  where customer_id = $1 and effective_from >= coalesce((
      select max(effective_from) from customer_plans where customer_id = $1 and effective_from <= period_start), '-infinity')
    -- The customer's first reaches back to usage that came before it.
    and (effective_from < period_end or effective_from = first_plan)
    -- What a customer had before it was deleted and came back: its return reaches back as its first does.
    and (ended_at is null or ended_at >= period_start)
), cuts as (
  select effective_from as cut from changes where part > 1
), cut_days as (
  -- Days that belong to two parts are read by the hour.
  select distinct (cut at time zone 'UTC')::date as day from cuts
  where cut <> date_trunc('day', cut, 'UTC')
), page as (
  select epoch, sha256(convert_to(series, 'UTF8')) as series, metric_name, aggregation, value, version,
    to_timestamp(hour_ms / 1000.0) as window_start, to_timestamp(at_ms / 1000.0) as last_at
  from jsonb_to_recordset($7::jsonb) as page (${USAGE_COLUMNS})
), live as (
  select page.window_start as at, page.metric_name, page.aggregation, page.value, page.last_at, held.value as held_value
  from period, page left join usage_records held
    on held.customer_id = $1 and held.window_start = page.window_start and held.epoch = page.epoch
      and held.series = page.series
  where page.window_start >= period_start and page.window_start < period_end
    and (held.version is null or held.version < page.version)
), merged as (
  -- A day holds what is held of an hour: a sum takes the difference, the others merge with what they came from.
  select at, metric_name, aggregation,
    case when aggregation in ('sum', 'count') then value - coalesce(held_value, 0) else value end as value, last_at
  from live
  union all
  select day::timestamp at time zone 'UTC', metric_name, aggregation, value, last_at from usage_daily, period
  where customer_id = $1 and day >= (period_start at time zone 'UTC')::date
    and day < (period_end at time zone 'UTC')::date and day not in (select day from cut_days)
  union all
  select window_start, metric_name, aggregation, value, last_at from cut_days join usage_records
    on customer_id = $1 and window_start >= cut_days.day::timestamp at time zone 'UTC'
      and window_start < (cut_days.day + 1)::timestamp at time zone 'UTC'
), adjusted as (
  select (select count(*) from cuts where cut <= at) as part, metric_name, sum(quantity) as quantity
  from adjustments, period
  where customer_id = $1 and at >= period_start and at < period_end group by part, metric_name
), totals as (
  select part, metric_name, case aggregation when 'max' then max(value) when 'min' then min(value)
    when 'last' then (array_agg(value order by last_at desc, value desc))[1] else sum(value) end as value
  from (select *, (select count(*) from cuts where cut <= at) as part from merged) as parted
  group by part, metric_name, aggregation
), summed as (
  select part, metric_name, coalesce(totals.value, 0) + coalesce(quantity, 0) as value
  from totals full join adjusted using (part, metric_name)
)
select (select settings from customers where customer_id = $1)::text as settings,
  (select deleted_at is not null from customers where customer_id = $1)::text as is_deleted, is_row::text,
  (select (extract(epoch from coalesce(max(effective_from), (select first_plan from first))) * 1000)::bigint
    from customer_plans where customer_id = $1 and is_start and effective_from < period_end)::text as started_ms,
  (extract(epoch from coalesce(
    (select ended_at from customer_plans where customer_id = $1 and effective_from < period_end
      order by effective_from desc limit 1),
    (select deleted_at from customers where customer_id = $1))) * 1000)::bigint::text as ended_ms,
  (select coalesce(jsonb_agg(jsonb_build_object('fromMs', (extract(epoch from effective_from) * 1000)::bigint,
      'planName', plan, 'prices', prices) order by effective_from), '[]') from changes)::text as changes,
  priced.version::text as catalog_version, (extract(epoch from priced.published_at) * 1000)::bigint::text as published_ms,
  (extract(epoch from period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from period_end) * 1000)::bigint::text as end_ms,
  (select coalesce(jsonb_agg(jsonb_build_object('part', part, 'metricName', metric_name, 'value', value::text)), '[]')
    from summed)::text as totals
from period left join catalog_versions as priced on priced.version = ${IN_FORCE}`;

/**
 * Reads a customer's period: the ledger, with `live` buckets in place of what it holds of them unless its own version
 * is newer. One statement; read `live` first, so that nothing can fall between the two.
 */
export async function readUsage(
  database: Database,
  customerId: string,
  choice: PeriodChoice,
  live: readonly Bucket[],
): Promise<UsageReading> {
  const [row] = await database.query(READ_USAGE, [
    customerId,
    choice.startFromMs,
    choice.startToMs,
    choice.endAfterMs,
    choice.otherwise.startMs,
    choice.otherwise.endMs,
    bucketRows(live),
    choice.nowMs,
  ]);
  const changes = JSON.parse(row?.["changes"] ?? "[]") as PlanChange[];
  const version = timeOrNull(row ?? {}, "catalog_version");
  return {
    settings: (JSON.parse(row?.["settings"] ?? "null") as CustomerSettings | null) ?? undefined,
    isDeleted: row?.["is_deleted"] === "true",
    period: { startMs: Number(row?.["start_ms"]), endMs: Number(row?.["end_ms"]) },
    hasPeriod: row?.["is_row"] === "true",
    changes,
    lifetime: { startedMs: timeOrNull(row ?? {}, "started_ms"), endedMs: timeOrNull(row ?? {}, "ended_ms") },
    catalog:
      version === null ? undefined : { version, publishedAtMs: timeOrNull(row ?? {}, "published_ms") ?? 0 },
    totals: partTotals(row?.["totals"] ?? "[]", changes.length),
  };
}
