import type { AlertKind, AlertRule, Measure } from "../domain/alert-rule.ts";
import type { Database, Row } from "./database.ts";
import { column, timeColumn } from "./row.ts";

/** An alert that is to be written down, and what is told of it. */
export interface NewAlert {
  alertId: string;
  customerId: string;
  ruleId: string;
  kind: AlertKind;
  /** Empty where the rule is of no metric. */
  metricName: string;
  measure: Measure;
  threshold: string;
  period: { startMs: number; endMs: number };
  current: string;
  whole: string | null;
  currency: string | null;
  /** Type and data of the notification that tells it, if it is the highest of its rule that is new. */
  type: string;
  data: Record<string, unknown>;
}

/** An alert as it fired. */
export interface Alert extends Omit<NewAlert, "type" | "data"> {
  firedAtMs: number;
}

const INSERT = `
with page as (
  select * from jsonb_to_recordset($1::jsonb) as page (alert_id text, customer_id text, rule_id text, kind text,
    metric_name text, measure text, threshold numeric, start_ms bigint, end_ms bigint, current numeric, whole numeric,
    currency text, type text, data jsonb)
), inserted as (
  insert into alerts (alert_id, customer_id, rule_id, kind, metric_name, measure, threshold, period_start, period_end, current,
    whole, currency, fired_at)
  select alert_id, customer_id, rule_id, kind, metric_name, measure, threshold, to_timestamp(start_ms / 1000.0),
    to_timestamp(end_ms / 1000.0), current, whole, currency, to_timestamp($2::bigint / 1000.0)
  -- In one order, whoever inserts: two runs at once wait for each other instead of both being stopped.
  from page order by customer_id, start_ms, rule_id, metric_name, measure, threshold
  on conflict do nothing
  returning alert_id
), told as (
  select distinct on (customer_id, start_ms, rule_id, metric_name, measure) alert_id, customer_id, type, data
  from page join inserted using (alert_id)
  order by customer_id, start_ms, rule_id, metric_name, measure, threshold desc
), notified as (
  insert into notifications (notification_id, type, subject, customer_id, data, created_at)
  select 'ntf_' || gen_random_uuid(), type, 'alert:' || alert_id, customer_id, data, to_timestamp($2::bigint / 1000.0)
  from told on conflict (subject) do nothing
  returning 1
)
select (select count(*) from inserted)::text as fired, (select count(*) from notified)::text as told`;

/**
 * Writes alerts down, each at most once in its period; of those of one rule that are new together one notification, in the same
 * statement, tells the highest. Answers how many were new and how many are told.
 */
export async function insertAlerts(
  database: Database,
  alerts: readonly NewAlert[],
  nowMs: number,
): Promise<{ fired: number; told: number }> {
  const page = alerts.map((alert) => ({
    alert_id: alert.alertId,
    customer_id: alert.customerId,
    rule_id: alert.ruleId,
    kind: alert.kind,
    metric_name: alert.metricName,
    measure: alert.measure,
    threshold: alert.threshold,
    start_ms: alert.period.startMs,
    end_ms: alert.period.endMs,
    current: alert.current,
    whole: alert.whole,
    currency: alert.currency,
    type: alert.type,
    data: alert.data,
  }));
  const [row] = await database.query(INSERT, [JSON.stringify(page), nowMs]);
  return { fired: Number(row?.["fired"] ?? 0), told: Number(row?.["told"] ?? 0) };
}

/** Alerts from newest to oldest, after the one that `after` names. */
export async function listAlerts(
  database: Database,
  filter: { customerId?: string | undefined; fromMs?: number | undefined },
  limit: number,
  after: { timeMs: number; id: string } | undefined,
): Promise<Alert[]> {
  const rows = await database.query(
    `
select alert_id, customer_id, rule_id, kind, metric_name, measure, threshold::text, current::text, whole::text, currency,
  (extract(epoch from period_start) * 1000)::bigint::text as start_ms,
  (extract(epoch from period_end) * 1000)::bigint::text as end_ms,
  (extract(epoch from fired_at) * 1000)::bigint::text as fired_ms
from alerts
where (fired_at, alert_id) < (coalesce(to_timestamp($1::bigint / 1000.0), 'infinity'), $2)
  and ($3::text is null or customer_id = $3)
  and ($4::bigint is null or fired_at >= to_timestamp($4::bigint / 1000.0))
order by fired_at desc, alert_id desc limit $5`,
    [after?.timeMs ?? null, after?.id ?? "", filter.customerId ?? null, filter.fromMs ?? null, limit],
  );
  return rows.map(readAlert);
}

function readAlert(row: Row): Alert {
  return {
    alertId: column(row, "alert_id"),
    customerId: column(row, "customer_id"),
    ruleId: column(row, "rule_id"),
    kind: column(row, "kind") as AlertKind,
    metricName: column(row, "metric_name"),
    measure: column(row, "measure") as Measure,
    threshold: column(row, "threshold"),
    period: { startMs: timeColumn(row, "start_ms"), endMs: timeColumn(row, "end_ms") },
    current: column(row, "current"),
    whole: row["whole"] ?? null,
    currency: row["currency"] ?? null,
    firedAtMs: timeColumn(row, "fired_ms"),
  };
}

/** Replaces a customer's own rules; false when the customer was never put, or is deleted. */
export async function putAlertRules(
  database: Database,
  customerId: string,
  rules: readonly AlertRule[],
  nowMs: number,
): Promise<boolean> {
  const rows = await database.query(
    `
insert into alert_rules (customer_id, rules, updated_at)
select customer_id, $2::jsonb, to_timestamp($3::bigint / 1000.0) from customers
where customer_id = $1 and deleted_at is null
on conflict (customer_id) do update set rules = excluded.rules, updated_at = excluded.updated_at
returning 1`,
    [customerId, JSON.stringify(rules), nowMs],
  );
  return rows.length > 0;
}

/** A customer's own rules; undefined when it was never put, or is deleted. */
export async function getAlertRules(
  database: Database,
  customerId: string,
): Promise<AlertRule[] | undefined> {
  const [row] = await database.query(
    `
select coalesce((select rules from alert_rules where alert_rules.customer_id = customers.customer_id), '[]')::text as rules
from customers where customer_id = $1 and deleted_at is null`,
    [customerId],
  );
  return row && (JSON.parse(column(row, "rules")) as AlertRule[]);
}
