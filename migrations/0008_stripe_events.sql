-- Stripe's events that were heeded: one that comes again changes nothing.
create table stripe_events (
  event_id text primary key,
  type text not null,
  invoice_id text not null,
  stripe_invoice_id text not null,
  -- Stripe's time of the event.
  created_at timestamptz not null,
  received_at timestamptz not null
);
create index stripe_events_oldest on stripe_events (received_at);

-- Invoices that are to be void, or are: written before anything is asked of Stripe.
create table invoice_voids (
  invoice_id text primary key references invoices,
  reason text not null,
  -- 'stripe' when it was voided or deleted there.
  requested_by text not null,
  requested_at timestamptz not null,
  -- Whether the period is to be invoiced again, and by which invoice it was.
  reissue boolean not null,
  replacement_id text unique references invoices,
  -- When all that was asked for was done; until then each run goes on with it.
  settled_at timestamptz,
  failed_at timestamptz
);
create index invoice_voids_pending on invoice_voids (failed_at nulls first, requested_at, invoice_id)
  where settled_at is null;

alter table invoice_steps drop constraint invoice_steps_step_check;
alter table invoice_steps add constraint invoice_steps_step_check
  check (step in ('create', 'add_lines', 'finalize', 'void'));

-- When an invoice was last compared with Stripe's.
alter table invoices add column checked_at timestamptz;
create index invoices_to_check on invoices (checked_at nulls first, invoice_id)
  where stripe_invoice_id is not null and status not in ('draft', 'blocked');

-- How far back the search for invoices that only Stripe has has come.
create table stripe_sweeps (
  name text primary key,
  created_before timestamptz not null
);

alter table integrity_findings drop constraint integrity_findings_kind_check;
alter table integrity_findings add constraint integrity_findings_kind_check
  check (kind in ('days', 'counters', 'invoices', 'stripe_invoices'));
