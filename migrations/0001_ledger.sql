-- The ledger. Quantities are in the meter's unit, amounts in minor units of the currency; both exact numeric.

create table customers (
  customer_id text primary key,
  settings jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz
);

-- Immutable: a published version is never updated.
create table catalog_versions (
  version integer primary key,
  document jsonb not null,
  published_at timestamptz not null,
  published_by text not null
);

-- One row per customer, UTC hour, epoch of the Redis bucket and series. Values are absolute for their epoch;
-- a row is only ever replaced by one with a higher version of the same bucket.
create table usage_records (
  customer_id text not null,
  window_start timestamptz not null,
  epoch text not null,
  series bytea not null,
  metric_name text not null,
  dimensions jsonb not null,
  aggregation text not null check (aggregation in ('sum', 'count', 'max', 'min', 'last')),
  value numeric not null,
  last_at timestamptz,
  version bigint not null,
  flushed_at timestamptz not null,
  primary key (customer_id, window_start, epoch, series),
  check ((aggregation = 'last') = (last_at is not null))
);

-- Each period starts where the customer's last one ended.
create table billing_periods (
  customer_id text not null references customers,
  period_start timestamptz not null,
  period_end timestamptz not null,
  closed_at timestamptz,
  -- When closing it last failed: it then waits behind the others.
  failed_at timestamptz,
  primary key (customer_id, period_start),
  unique (customer_id, period_end),
  check (period_end > period_start)
);
create index billing_periods_due on billing_periods (period_end, customer_id) where closed_at is null;

create sequence invoice_numbers;

create table invoices (
  invoice_id text primary key,
  number text not null unique,
  customer_id text not null,
  period_start timestamptz not null,
  period_end timestamptz not null,
  status text not null
    check (status in ('draft', 'in_review', 'open', 'paid', 'void', 'uncollectible', 'zero', 'blocked')),
  currency text not null,
  catalog_version integer not null references catalog_versions,
  -- Everything that is sent to Stripe is computed from this and the lines, never from today's settings.
  snapshot jsonb not null,
  subtotal_minor numeric not null,
  total_minor numeric not null,
  stripe_invoice_id text unique,
  -- When sending it last failed: it then waits behind the others.
  failed_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  foreign key (customer_id, period_start) references billing_periods
);
create unique index invoices_one_per_period on invoices (customer_id, period_start) where status <> 'void';
create index invoices_newest on invoices (created_at desc, invoice_id desc);
create index invoices_unsent on invoices (created_at) where status = 'draft';

create table invoice_lines (
  invoice_id text not null references invoices,
  position integer not null,
  ref text not null,
  metric_name text,
  description text not null,
  quantity numeric not null,
  amount_minor numeric not null,
  tiers jsonb not null,
  primary key (invoice_id, position),
  unique (invoice_id, ref)
);

-- A step is written down before it is tried and again when its outcome is known.
create table invoice_steps (
  invoice_id text not null references invoices,
  step text not null check (step in ('create', 'add_lines', 'finalize')),
  idempotency_key text not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  outcome jsonb,
  primary key (invoice_id, step)
);

create table job_runs (
  run_id bigint generated always as identity primary key,
  job text not null,
  scheduled_at timestamptz not null,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  outcome jsonb not null
);
create index job_runs_newest on job_runs (started_at desc, run_id desc);
