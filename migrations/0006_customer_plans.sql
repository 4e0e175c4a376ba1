-- What each customer is priced by, and since which full hour: the plan, null for the catalog's default, and prices of its
-- own. A row is replaced within its hour and never changed after it.
create table customer_plans (
  customer_id text not null references customers,
  effective_from timestamptz not null,
  plan text,
  prices jsonb,
  -- The customer started here: base fees and spends are charged from this day on.
  is_start boolean not null default false,
  -- The customer was deleted then, and came back only after that period: to this day they are charged. Of the present end
  -- the customer's own row tells.
  ended_at timestamptz,
  primary key (customer_id, effective_from)
);

insert into customer_plans (customer_id, effective_from, plan, is_start)
select customer_id, date_trunc('hour', created_at, 'UTC'), settings ->> 'plan', true from customers;

create index customer_plans_named on customer_plans (plan, effective_from desc) where plan is not null;
create index customer_plans_own_prices on customer_plans using gin (prices jsonb_path_ops) where prices is not null;
create index customer_plans_priced on customer_plans (effective_from desc) where prices is not null;

-- The periods of a month, whoever's.
create index billing_periods_started on billing_periods (period_start, customer_id);
