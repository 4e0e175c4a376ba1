-- Days of usage, rolled up from hours by the transaction that changes the hours. In UTC.
create table usage_daily (
  customer_id text not null,
  day date not null,
  series bytea not null,
  metric_name text not null,
  dimensions jsonb not null,
  aggregation text not null check (aggregation in ('sum', 'count', 'max', 'min', 'last')),
  value numeric not null,
  last_at timestamptz,
  primary key (customer_id, day, series),
  check ((aggregation = 'last') = (last_at is not null))
);
create index usage_daily_metric on usage_daily (metric_name, day);
create index usage_records_metric on usage_records (metric_name, window_start);

insert into usage_daily (customer_id, day, series, metric_name, dimensions, aggregation, value, last_at)
select customer_id, (window_start at time zone 'UTC')::date as day, series, min(metric_name),
  (array_agg(dimensions))[1], min(aggregation),
  case min(aggregation) when 'max' then max(value) when 'min' then min(value)
    when 'last' then (array_agg(value order by last_at desc, value desc))[1] else sum(value) end,
  max(last_at)
from usage_records group by customer_id, day, series;

-- The life of Redis that each shard's claims came from last; another one means that Redis was emptied.
create table flush_shards (
  shard integer primary key,
  born text not null,
  -- Claims up to this number are from before a fence: they are not written any more.
  fenced_number bigint not null default 0,
  -- Set when a claim has shown that Redis was set back, until that Redis is fenced: how often it had been fenced by then.
  set_back_at_fences integer
);

-- Claims of buckets that were written. The same number under another claim means that Redis was set back to an older copy.
create table flush_claims (
  shard integer not null,
  born text not null,
  number bigint not null,
  claim_id text not null,
  claimed_at timestamptz not null,
  primary key (shard, born, number)
);
create index flush_claims_oldest on flush_claims (claimed_at);

-- Losses of Redis as they were noticed: what was recorded after `flushed_at` and before `noticed_at` is uncertain.
create table redis_losses (
  loss_id text primary key,
  kind text not null check (kind in ('emptied', 'set_back', 'fenced_by_hand')),
  shards integer[] not null,
  flushed_at timestamptz,
  noticed_at timestamptz not null,
  -- When the counters were fenced; null while that goes on, and where nothing has to be.
  fenced_at timestamptz
);
create index redis_losses_newest on redis_losses (noticed_at desc, loss_id desc);

-- Corrections of usage: never edited, added after merging.
create table adjustments (
  customer_id text not null,
  adjustment_id text not null,
  metric_name text not null,
  quantity numeric not null,
  at timestamptz not null,
  reason text not null,
  created_at timestamptz not null,
  created_by text not null,
  primary key (customer_id, adjustment_id)
);
create index adjustments_at on adjustments (customer_id, at);
create index adjustments_metric on adjustments (metric_name, at);

-- What is to be told; `subject` keeps one thing from being told twice.
create table notifications (
  notification_id text primary key,
  type text not null,
  subject text not null unique,
  customer_id text,
  data jsonb not null,
  created_at timestamptz not null
);
create index notifications_newest on notifications (created_at desc, notification_id desc);

-- What a check found to disagree, until a later check finds it agreed.
create table integrity_findings (
  kind text not null check (kind in ('days', 'counters')),
  subject text not null,
  detail jsonb not null,
  found_at timestamptz not null,
  seen_at timestamptz not null,
  gone_at timestamptz,
  primary key (kind, subject)
);
create index integrity_findings_listed on integrity_findings ((gone_at is not null), found_at desc, kind, subject);
create index integrity_findings_open on integrity_findings (kind, seen_at, subject) where gone_at is null;

-- No request and no scheduled run reads a table from end to end that grows.
create index customers_newest on customers (created_at desc, customer_id desc);
create index customers_plan on customers ((settings ->> 'plan'), deleted_at nulls first);
create index billing_periods_failed on billing_periods (failed_at, period_end, customer_id)
  where closed_at is null and failed_at is not null;
-- Not those of customers without Stripe, who stay drafts.
drop index invoices_unsent;
create index invoices_unsent on invoices (failed_at nulls first, created_at, invoice_id)
  where status = 'draft' and snapshot ->> 'stripeCustomerId' is not null;
create index invoices_of_customer on invoices (customer_id, created_at desc, invoice_id desc);
create index invoices_of_status on invoices (status, created_at desc, invoice_id desc);
create index invoices_of_period on invoices (period_start);
create index job_runs_of_job on job_runs (job, started_at desc, run_id desc);
create index spool_refused on spool (failed_at, received_at, spool_id) where failed_at is not null;
