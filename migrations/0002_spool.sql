-- Batches that the counters could not take, under the ids they were given at receipt. Replayed for a day, then kept.
create table spool (
  spool_id text primary key,
  received_at timestamptz not null,
  customer_ids text[] not null,
  measurements integer not null,
  groups jsonb not null,
  -- When a replay was last refused: it then waits behind the others.
  failed_at timestamptz
);
create index spool_oldest on spool (received_at, spool_id);
create index spool_customers on spool using gin (customer_ids);
