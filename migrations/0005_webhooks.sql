-- Who is told of what, and how far telling it has come.

-- Secrets are encrypted under a key of the Worker's; a deleted endpoint has none.
create table webhook_endpoints (
  endpoint_id text primary key,
  url text not null,
  -- Null: all.
  types text[],
  -- Null: of every customer, and of the deployment itself.
  customer_id text,
  secret text,
  -- Signs beside the current one until then.
  previous_secret text,
  previous_valid_until timestamptz,
  disabled_at timestamptz,
  disabled_reason text check (disabled_reason in ('gone')),
  -- Since when it gives no answer, or a late one.
  slow_since timestamptz,
  created_at timestamptz not null,
  deleted_at timestamptz,
  check ((secret is null) = (deleted_at is not null)),
  check ((previous_secret is null) = (previous_valid_until is null)),
  check ((disabled_at is null) = (disabled_reason is null))
);
create index webhook_endpoints_matched on webhook_endpoints (customer_id) where deleted_at is null;
create index webhook_endpoints_newest on webhook_endpoints (created_at desc, endpoint_id desc) where deleted_at is null;
create index webhook_endpoints_of_customer on webhook_endpoints (customer_id, created_at desc, endpoint_id desc)
  where deleted_at is null;
create index webhook_endpoints_deleted on webhook_endpoints (deleted_at) where deleted_at is not null;

-- When its deliveries were made. What was told before there were any is not sent now.
alter table notifications add column addressed_at timestamptz;
update notifications set addressed_at = created_at;
create index notifications_unaddressed on notifications (created_at, notification_id) where addressed_at is null;
create index notifications_of_customer on notifications (customer_id, created_at desc, notification_id desc);
create index notifications_of_type on notifications (type, created_at desc, notification_id desc);

-- One notification to one endpoint, or by e-mail to its customer.
create table deliveries (
  notification_id text not null references notifications,
  -- An endpoint's id, or 'email'.
  target text not null,
  state text not null check (state in ('pending', 'delivered', 'failed')),
  -- Begun since it was made, or ordered again by hand.
  attempts integer not null default 0,
  -- When it is tried next; while it is being tried, when another run may take it.
  due_at timestamptz,
  -- What is not delivered by then is not tried again.
  give_up_at timestamptz not null,
  -- The run that is at it.
  claim_id text,
  status integer,
  failure text,
  settled_at timestamptz,
  -- The notification's.
  notified_at timestamptz not null,
  primary key (notification_id, target),
  check ((state = 'pending') = (due_at is not null)),
  check ((state = 'pending') = (settled_at is null))
);
-- What is pending, and that alone, is due at some time.
create index deliveries_due on deliveries (target, due_at) where due_at is not null;
create index deliveries_earliest on deliveries (due_at) where due_at is not null;
create index deliveries_of_state on deliveries (state, notified_at desc, notification_id desc);
create index deliveries_oldest on deliveries (notified_at) where due_at is null;

create table delivery_attempts (
  attempt_id bigint generated always as identity primary key,
  notification_id text not null,
  target text not null,
  attempted_at timestamptz not null,
  duration_ms integer not null,
  -- Null: no answer.
  status integer,
  -- Null: delivered.
  failure text,
  -- The beginning of what was answered.
  response text check (octet_length(response) <= 1024),
  foreign key (notification_id, target) references deliveries on delete cascade
);
create index delivery_attempts_of_delivery on delivery_attempts (notification_id, target, attempt_id);
create index delivery_attempts_oldest on delivery_attempts (attempted_at);
