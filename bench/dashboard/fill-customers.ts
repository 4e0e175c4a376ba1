import type { Ask } from "../flush/usage-ledger.ts";

/** Customers `cus_1` and on, put at the start of last month, with a running period. */
const STATEMENTS = [
  `insert into customers (customer_id, settings, created_at, updated_at)
select 'cus_' || n, jsonb_build_object('name', 'Customer ' || n, 'plan', 'payg', 'budget', '500'),
  now() - n * interval '1 minute', now() from generate_series(1, $1::int) as n on conflict do nothing`,
  `insert into customer_plans (customer_id, effective_from, plan, prices, is_start)
select 'cus_' || n, date_trunc('month', now(), 'UTC') - interval '1 month', 'payg', null, true
from generate_series(1, $1::int) as n on conflict do nothing`,
  `insert into billing_periods (customer_id, period_start, period_end)
select 'cus_' || n, date_trunc('month', now(), 'UTC'), date_trunc('month', now(), 'UTC') + interval '1 month'
from generate_series(1, $1::int) as n on conflict do nothing`,
];

/** Makes so many customers of a ledger that has their usage. */
export async function fillCustomers(ask: Ask, customers: number): Promise<void> {
  for (const statement of STATEMENTS) {
    await ask(statement, [customers]);
  }
  await ask("analyze", []);
}
