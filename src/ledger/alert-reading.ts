import type { AlertRule } from "../domain/alert-rule.ts";
import type { PeriodUsage } from "../rating/rate-period.ts";
import { versionInForce } from "./catalog-versions.ts";
import type { Database, Row } from "./database.ts";
import { partTotals, plannedFor, TOTALS } from "./period-totals.ts";
import { column, timeColumn, timeOrNull } from "./row.ts";

/** A customer's period as alerts are checked by it. */
export interface AlertReading extends PeriodUsage {
  customerId: string;
  /** In major units; null without one, and for a deleted customer. */
  budget: string | null;
  /** The customer's own rules; a deleted customer has none. */
  rules: AlertRule[];
  /** Alerts that the period has had, as {@link alertKey} writes them. */
  fired: ReadonlySet<string>;
  /** What the period is priced by; undefined when no version has its plans. */
  catalogVersion: { version: number; publishedAtMs: number } | undefined;
}

/** One customer and a moment of the period that is meant. */
export interface CustomerMoment {
  customerId: string;
  timeMs: number;
}

const IN_FORCE = versionInForce(
  { start: "combos.period_start", end: "combos.period_end", now: "to_timestamp($2::bigint / 1000.0)" },
  "combos.plans",
);

const READ = `
with asked as (
  select distinct customer_id, to_timestamp(time_ms / 1000.0) as moment
  from jsonb_to_recordset($1::jsonb) as asked (customer_id text, time_ms bigint)
), chosen as materialized (
  select distinct asked.customer_id,
    -- What comes after a deleted customer's last period is an unknown customer's.
    case when own.period_start is not null or not exists (
      select 1 from customers where customers.customer_id = asked.customer_id and deleted_at is not null
    ) then asked.customer_id end as priced_as,
    coalesce(own.period_start, date_trunc('month', moment, 'UTC')) as period_start,
    coalesce(own.period_end, (date_trunc('month', moment at time zone 'UTC') + interval '1 month') at time zone 'UTC') as period_end
  from asked left join lateral (
    select period_start, period_end, closed_at from billing_periods
    where billing_periods.customer_id = asked.customer_id and period_start <= moment and period_end > moment limit 1
  ) as own on true
  -- A period that is closed is billed: nothing of it can be warned of any more.
  where own.closed_at is null
), ${plannedFor("chosen.priced_as")}, combos as materialized (
  select distinct period_start, period_end, plans from planned
), priced as materialized (
  select combos.*, version, published_at from combos left join catalog_versions on version = ${IN_FORCE}
)
select planned.customer_id, changes::text, totals::text,
  (extract(epoch from planned.period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from planned.period_end) * 1000)::bigint::text as end_ms,
  (extract(epoch from started_at) * 1000)::bigint::text as started_ms,
  case when priced_as is not null then (extract(epoch from coalesce(
    (select ended_at from customer_plans where customer_plans.customer_id = planned.customer_id
      and effective_from < planned.period_end order by effective_from desc limit 1),
    known.deleted_at)) * 1000)::bigint end::text as ended_ms,
  case when known.deleted_at is null then known.settings ->> 'budget' end as budget,
  coalesce(own.rules, '[]')::text as rules, fired.fired::text,
  priced.version::text as catalog_version, (extract(epoch from priced.published_at) * 1000)::bigint::text as published_ms
from planned cross join lateral (${TOTALS}) as summed
  cross join lateral (
    select coalesce(jsonb_agg(jsonb_build_array(rule_id, metric_name, measure, threshold::text)), '[]') as fired from alerts
    where alerts.customer_id = planned.customer_id and alerts.period_start = planned.period_start) as fired
  left join lateral (
    select settings, deleted_at from customers where customers.customer_id = planned.customer_id limit 1) as known on true
  left join lateral (
    select rules from alert_rules where alert_rules.customer_id = planned.customer_id limit 1) as own on known.deleted_at is null
  join priced on priced.period_start = planned.period_start and priced.period_end = planned.period_end
    and priced.plans = planned.plans`;

/**
 * Reads the periods that contain the moments, unless they are closed, as far as the ledger has their usage; where a customer has
 * none, the calendar month. One statement.
 */
export async function readForAlerts(
  database: Database,
  moments: readonly CustomerMoment[],
  nowMs: number,
): Promise<AlertReading[]> {
  const asked = moments.map(({ customerId, timeMs }) => ({ customer_id: customerId, time_ms: timeMs }));
  const rows = await database.query(READ, [JSON.stringify(asked), nowMs]);
  return rows.map(readRow);
}

function readRow(row: Row): AlertReading {
  const changes = JSON.parse(column(row, "changes")) as PeriodUsage["changes"];
  const fired = JSON.parse(column(row, "fired")) as [string, string, string, string][];
  const version = row["catalog_version"] ?? null;
  return {
    customerId: column(row, "customer_id"),
    period: { startMs: timeColumn(row, "start_ms"), endMs: timeColumn(row, "end_ms") },
    changes,
    lifetime: { startedMs: timeOrNull(row, "started_ms"), endedMs: timeOrNull(row, "ended_ms") },
    totals: partTotals(column(row, "totals"), changes.length),
    budget: row["budget"] ?? null,
    rules: JSON.parse(column(row, "rules")) as AlertRule[],
    fired: new Set(fired.map((key) => JSON.stringify(key))),
    catalogVersion:
      version === null
        ? undefined
        : { version: Number(version), publishedAtMs: timeColumn(row, "published_ms") },
  };
}

/** Names an alert within its customer's period. */
export function alertKey(ruleId: string, metricName: string, measure: string, threshold: string): string {
  return JSON.stringify([ruleId, metricName, measure, threshold]);
}
