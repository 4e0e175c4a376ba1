import { fillUsage, LEDGER_CUSTOMERS, LEDGER_SERIES } from "../../bench/flush/usage-ledger.ts";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { periodContaining } from "../../src/domain/period.ts";
import { withMonthBefore, type LedgerFixture } from "./ledger-fixture.ts";

/** The moment at which the filled ledger stands. */
export const FILLED_MS = Date.parse("2026-11-23T12:20:00Z");
export const FILLED_MONTH = periodContaining(FILLED_MS);
export const { before: MONTH_BEFORE } = withMonthBefore(FILLED_MONTH);

const NOW = `'2026-11-23T12:20Z'::timestamptz`;

const METRICS = `(array[${LEDGER_SERIES.map(({ metricName }) => `'${metricName}'`).join(", ")}])`;

/**
 * The `n`th customer: one every two hours, so that the 9,001st is there for more than two years. Every seventh has a budget,
 * every eleventh prices of its own.
 */
const CUSTOMERS = `
insert into customers (customer_id, settings, created_at, updated_at, deleted_at)
select 'cus_' || n, jsonb_build_object('name', 'Customer ' || n, 'plan', 'plan_' || n % 5, 'stripeCustomerId', 'cus_S' || n)
    || case when n % 7 = 0 then '{"budget":"500"}' else '{}' end::jsonb
    || case when n % 11 = 0 then jsonb_build_object('prices', jsonb_build_array(jsonb_build_object('metricName', 'm_' || n % 5)))
      else '{}' end,
  ${NOW} - n * interval '2 hours', ${NOW} - interval '1 hour',
  case when n % 50 = 0 then ${NOW} - n * interval '1 hour' end
from generate_series(1, ${LEDGER_CUSTOMERS}) as n;
insert into customer_plans (customer_id, effective_from, plan, prices, is_start)
select customer_id, date_trunc('hour', created_at, 'UTC'), settings ->> 'plan', settings -> 'prices', true from customers
union all
select 'cus_' || n, '2026-11-10T12:00Z', 'plan_' || n % 3, null, false from generate_series(1, ${LEDGER_CUSTOMERS}) as n where n % 7 = 0`;

/** What is left of 35 customers' usage of more than a year ago, by hours and days. */
const OLD_USAGE = `
insert into usage_records (customer_id, window_start, epoch, series, metric_name, dimensions, aggregation, value,
  version, flushed_at)
select 'cus_' || n, hour, 'e', sha256(metric_name::bytea), metric_name, '{}', 'sum', 1, 1, hour + interval '1 hour'
from generate_series('2025-09-01T00:00Z'::timestamptz, '2025-09-10T23:00Z', '1 hour') as hour,
  generate_series(9001, 9035) as n, unnest(${METRICS}) as metric_name;
insert into usage_daily (customer_id, day, series, metric_name, dimensions, aggregation, value)
select customer_id, (window_start at time zone 'UTC')::date, series, min(metric_name), '{}', 'sum', sum(value)
from usage_records where window_start < '2026-01-01' group by 1, 2, 3`;

/**
 * The months of each customer, of which one of 200 waits to be closed; invoices of the last two, and of the old
 * hours. One of four customers has no Stripe: its invoices stay drafts.
 */
const INVOICES = `
insert into billing_periods (customer_id, period_start, period_end, closed_at, failed_at)
select customer_id, month, month + interval '1 month',
  case when month < '2026-11-01' and (month < '2026-10-01' or n % 200 <> 7) then month + interval '1 month 1 day' end,
  case when n % 400 = 7 and month = '2026-10-01' then ${NOW} - interval '1 hour' end
from generate_series('2024-08-01T00:00Z'::timestamptz, '2026-11-01', '1 month') as month, customers,
  lateral (select substr(customer_id, 5)::integer as n) as number
where created_at < month + interval '1 month' and (deleted_at is null or deleted_at >= month);
insert into invoices (invoice_id, number, customer_id, period_start, period_end, status, currency, catalog_version, snapshot,
  subtotal_minor, total_minor, stripe_invoice_id, created_at, updated_at)
select 'inv_' || n, 'EM-' || n, customer_id, period_start, period_end,
  case when n % 200 < 8 then (array['draft', 'in_review', 'blocked', 'void', 'uncollectible', 'zero', 'open', 'open'])[n % 200 + 1]
    when n % 4 = 3 then 'draft' else 'paid' end,
  'usd', 1, jsonb_build_object('plan', 'plan_1', 'daysUntilDue', null, 'collectionMethod', 'send_invoice', 'stripeCustomerId',
    case when n % 4 <> 3 then 'cus_S' || n end),
  1200, 1200, case when n % 4 <> 3 then 'in_' || n end, closed_at, closed_at
from (
  select row_number() over (order by period_start, customer_id) as n, * from billing_periods
  where closed_at is not null and (period_start >= '2026-09-01' or customer_id ~ '^cus_90[0-3].$' and period_start = '2025-09-01')
) as closed;
insert into invoice_lines (invoice_id, position, ref, metric_name, description, quantity, amount_minor, tiers)
select invoice_id, position, 'ref_' || position, 'm_' || position, 'Calls: 400 of them', 400, 400, '[]'
from invoices, generate_series(1, 3) as position;
insert into invoice_steps (invoice_id, step, idempotency_key, started_at, finished_at, outcome)
select invoice_id, step, invoice_id || step, created_at, created_at, '{"stripeInvoiceId": "in_1"}'
from invoices, unnest(array['create', 'add_lines', 'finalize']) as step where status <> 'draft';
insert into invoice_voids (invoice_id, reason, requested_by, requested_at, reissue, settled_at)
select invoice_id, 'Wrong price', 'admin', created_at, false, created_at from invoices where status = 'void'
union all
select 'inv_old_' || n, 'Wrong price', 'admin', '2026-01-01T00:00Z', false, '2026-01-01T00:00Z' from generate_series(1, 5000) as n;
insert into stripe_events (event_id, type, invoice_id, stripe_invoice_id, created_at, received_at)
select 'evt_' || kind || invoice_id, 'invoice.' || kind, invoice_id, stripe_invoice_id, at, at
from invoices, unnest(array['finalized', 'paid']) as kind,
  lateral (select case when created_at > '2026-10-20' then created_at else ${NOW} - interval '70 days' end as at) as times
where stripe_invoice_id is not null;
insert into adjustments (customer_id, adjustment_id, metric_name, quantity, at, reason, created_at, created_by)
select 'cus_' || n % 2000, 'adj_' || n, ${METRICS}[n % 4 + 1], -1, at, 'Counted twice', at + interval '1 hour', 'admin'
from generate_series(1, 20000) as n, lateral (select ${NOW} - n * interval '6 minutes' as at) as times`;

/**
 * Every fourth customer has rules of its own; alerts of half of all periods since a year, and of a month of unknown customers:
 * three thresholds of two rules each. One of two budgets is forecast today.
 */
const ALERTS = `
insert into alert_rules (customer_id, rules, updated_at)
select 'cus_' || n, jsonb_build_array(jsonb_build_object('id', 'own', 'kind', 'spend', 'enabled', true, 'thresholds',
  jsonb_build_array('100'))), ${NOW} from generate_series(1, 10000) as n where n % 4 = 0;
insert into alerts (alert_id, customer_id, rule_id, kind, metric_name, measure, threshold, period_start, period_end, current, whole,
  fired_at)
select 'alt_' || row_number() over (), customer_id, rule_id, 'usage', 'm_1', 'percent', threshold, period_start, period_end, 95, 100,
  period_start + interval '20 days' + threshold * interval '1 minute'
from (
  select customer_id, period_start, period_end from billing_periods
  where period_start >= '2025-12-01' and length(customer_id) % 2 = 0
  union all
  select 'unknown_' || n, '2026-11-01', '2026-12-01' from generate_series(1, 2000) as n
) as months, unnest(array['default_usage', 'own']) as rule_id, unnest(array[80, 90, 100]) as threshold;
insert into budget_forecasts (customer_id, checked_on, period_start, currency, low_minor, projected_minor, high_minor, checked_at)
select customer_id, (at at time zone 'UTC')::date, '2026-11-01', 'usd', 40000, 50000, 60000, at
from customers, lateral (select ${NOW} - (1 + substr(customer_id, 5)::integer % 2) * interval '12 hours 30 minutes' as at) as times
where settings ? 'budget'`;

/** Two weeks of scheduled work, and what it told of. */
const WORK = `
insert into flush_shards (shard, born) select shard, 'life-2' from generate_series(0, 15) as shard;
insert into flush_claims (shard, born, number, claim_id, claimed_at)
select n % 16, case when n < 3000 then 'life-1' else 'life-2' end, n / 16, 'claim-' || n, ${NOW} - (30000 - n) * interval '26 seconds'
from generate_series(1, 30000) as n;
insert into job_runs (job, scheduled_at, started_at, finished_at, outcome)
select case when n % 61 = 0 then 'hourly' when n % 9000 = 1 then 'integrity' else 'minute' end, at, at, at + interval '1 second',
  case when n % 61 = 0 then '{"days": {"checked": 9}, "counters": {"checked": 9}}'::jsonb else '{"flush": {"claims": 1}}' end
from generate_series(1, 30000) as n, lateral (select ${NOW} - (30000 - n) * interval '1 minute' as at) as times;
insert into notifications (notification_id, type, subject, customer_id, data, created_at, addressed_at)
select 'ntf_' || n, case when n % 3 = 0 then 'operations.flush_delayed' else 'usage.threshold_reached' end, 'subject:' || n,
  case when n % 3 > 0 then 'cus_' || n % 3000 end, '{"lagSeconds": 400}', at, case when n > 40 then at end
from generate_series(1, 10000) as n, lateral (select ${NOW} - n * interval '15 minutes' as at) as times;
insert into webhook_endpoints (endpoint_id, url, types, customer_id, secret, created_at, deleted_at)
select 'whe_' || n, 'https://example.com/' || n, case when n % 5 = 0 then array['usage.threshold_reached'] end,
  case when n > 30 then 'cus_' || n % 2000 end, case when n % 7 > 0 then 'sealed' end, ${NOW} - n * interval '2 hours',
  case when n % 7 = 0 then ${NOW} - n * interval '1 hour' end
from generate_series(1, 6000) as n;
insert into deliveries (notification_id, target, state, attempts, due_at, give_up_at, settled_at, notified_at)
select 'ntf_' || n, target, state, 1, case when state = 'pending' then at + interval '1 hour' * (n % 100) end,
  at + interval '4 days', case when state <> 'pending' then at + interval '1 minute' end, at
from generate_series(41, 10000) as n,
  lateral (select ${NOW} - n * interval '15 minutes' as at, case when n < 700 and n % 3 = 0 then 'pending' when n % 90 = 0 then 'failed'
    else 'delivered' end as state) as facts,
  lateral (values ('whe_' || n % 30 + 1), ('whe_' || n % 2000 + 31), ('email')) as targets (target);
insert into delivery_attempts (notification_id, target, attempted_at, duration_ms, status, response)
select notification_id, target, notified_at, 80, 200, 'ok' from deliveries;
insert into redis_losses (loss_id, kind, shards, flushed_at, noticed_at, fenced_at)
select 'loss-' || n, 'set_back', array[1], at, at, at
from generate_series(1, 20) as n, lateral (select ${NOW} - n * interval '9 days' as at) as times;
insert into integrity_findings (kind, subject, detail, found_at, seen_at, gone_at)
select case when n % 2 = 0 then 'days' else 'counters' end, json_build_array('cus_' || n / 10, n)::text, '{"differing": 1}', at, at,
  case when n > 20 then at + interval '1 hour' end
from generate_series(1, 2000) as n, lateral (select ${NOW} - n * interval '3 hours' as at) as times;
insert into api_keys (key_id, sha256, prefix, scope, name, created_at, created_by, revoked_at)
select 'key_' || n, encode(sha256(n::text::bytea), 'hex'), 'em_read_' || n, 'read', 'Key ' || n, at, 'ADMIN_KEY',
  case when n > 900 then at + interval '1 day' end
from generate_series(1, 6000) as n, lateral (select ${NOW} - n * interval '3 hours' as at) as times;
insert into spool (spool_id, received_at, customer_ids, measurements, groups, failed_at)
select 'spool-' || n, ${NOW} - n * interval '20 seconds', array['cus_' || n % 300], 5,
  jsonb_build_array(jsonb_build_object('idDigest', repeat('i', 22), 'fingerprint', repeat('f', 12), 'measurements',
    (select jsonb_agg(jsonb_build_object('customerId', 'cus_' || n % 300, 'value', '1', 'timeMs', 1795436400000 + m, 'series',
      '{"metricName": "m_1", "aggregation": "sum", "scale": 0, "dimensions": {"region": "eu"}}'::jsonb))
    from generate_series(1, 5) as m))),
  case when n % 40 = 0 then ${NOW} - interval '1 minute' end
from generate_series(1, 2000) as n`;

/**
 * Puts a large ledger into an empty fixture, the tables that grow as two years of work leave them: 10,000 customers' four
 * series, 90 days of them by the day and two days by the hour. Takes about half a minute.
 */
export async function fillLedger({ raw }: LedgerFixture): Promise<void> {
  // What is known of the tables, and with it a plan, is the same in each run.
  await raw("alter system set autovacuum = off");
  await raw("select pg_reload_conf()");
  // What refers to what is right by the way it is made.
  await raw("set session_replication_role = replica");
  await raw(
    `insert into catalog_versions (version, document, published_at, published_by)
     select n, $1::jsonb, ${NOW} - (21 - n) * interval '30 days', 'admin' from generate_series(1, 20) as n`,
    [JSON.stringify(demoCatalog)],
  );
  await fillUsage(raw, LEDGER_CUSTOMERS, FILLED_MS, () => {});
  for (const statement of [CUSTOMERS, OLD_USAGE, INVOICES, ALERTS, WORK].flatMap((part) => part.split(";"))) {
    await raw(statement);
  }
  await raw("set session_replication_role = origin");
  await raw("analyze");
}
