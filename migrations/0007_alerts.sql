-- Rules of alerts that customers have beside, or in place of, the defaults: the document as it was put.
create table alert_rules (
  customer_id text primary key references customers,
  rules jsonb not null,
  updated_at timestamptz not null
);

-- A threshold that was crossed: this row is the alert, and there is never a second one for it in its period.
create table alerts (
  alert_id text primary key,
  customer_id text not null,
  rule_id text not null,
  kind text not null check (kind in ('usage', 'spend', 'budget', 'forecast')),
  -- '' where the rule is of no metric.
  metric_name text not null,
  measure text not null check (measure in ('percent', 'quantity', 'amount')),
  threshold numeric not null,
  period_start timestamptz not null,
  period_end timestamptz not null,
  -- What it stood at: a quantity in the meter's unit, or an amount in the currency's major unit.
  current numeric not null,
  -- What the threshold is a part of: the included quantity, or the budget.
  whole numeric,
  currency text,
  fired_at timestamptz not null,
  unique (customer_id, period_start, rule_id, metric_name, measure, threshold)
);
create index alerts_newest on alerts (fired_at desc, alert_id desc);
create index alerts_of_customer on alerts (customer_id, fired_at desc, alert_id desc);

-- The last forecast of each customer's running period against its budget; made once a day.
create table budget_forecasts (
  customer_id text primary key references customers,
  checked_on date not null,
  period_start timestamptz not null,
  currency text not null,
  low_minor numeric not null,
  projected_minor numeric not null,
  high_minor numeric not null,
  checked_at timestamptz not null
);
-- Whose forecasts are made: the hourly run reads no other customers.
create index customers_with_budget on customers (customer_id) where deleted_at is null and settings ? 'budget';
