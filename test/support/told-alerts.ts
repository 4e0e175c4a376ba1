import type { Client } from "pg";

/** Alerts as `customer old|new rule threshold`, in order; a second one of the same would be there twice. */
export async function firedAlerts(sql: Client): Promise<string[]> {
  const { rows } = await sql.query<{ words: string }>(`
select concat_ws(' ', customer_id, case when period_start < '2100-04-01' then 'old' else 'new' end, rule_id, threshold) as words
from alerts`);
  return rows.map(({ words }) => words).toSorted();
}

/**
 * What is wrong with the notifications: of the alerts of one customer, period, rule and metric that came in one transaction, one
 * tells the highest, and nothing else is told. Empty when nothing is.
 */
export async function wronglyTold(sql: Client): Promise<unknown[]> {
  const { rows } = await sql.query(`
with groups as (
  select alerts.customer_id, period_start, rule_id, metric_name, measure, alerts.xmin::text as together, max(threshold) as highest,
    array_agg(threshold) filter (where notification_id is not null) as told
  from alerts left join notifications on subject = 'alert:' || alert_id and notifications.xmin = alerts.xmin
  group by 1, 2, 3, 4, 5, 6
)
select customer_id, rule_id, highest::text, told::text from groups where told is distinct from array[highest]
union all
select customer_id, type, subject, null from notifications
where not exists (select 1 from alerts where 'alert:' || alert_id = subject)`);
  return rows;
}
