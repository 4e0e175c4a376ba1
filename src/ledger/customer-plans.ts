import type { CustomerSettings } from "../domain/customer.ts";
import { hourStart } from "../domain/window.ts";
import type { Statement } from "./database.ts";

/**
 * Writes down that a deleted customer comes back after its last period has ended: when it ended, and that it starts anew.
 * To be run before the customer's row is changed; does nothing for any other.
 */
export function restartPlan(customerId: string, currentStartMs: number, nowMs: number): Statement {
  return {
    text: `
with gone as (
  select customer_id, settings, deleted_at from customers
  where customer_id = $1 and deleted_at is not null and to_timestamp($2::bigint / 1000.0) >= (
    select max(period_end) from billing_periods where customer_id = $1)
), ended as (
  update customer_plans set ended_at = deleted_at from gone
  where customer_plans.customer_id = $1 and effective_from = (
    select max(effective_from) from customer_plans where customer_id = $1)
)
insert into customer_plans (customer_id, effective_from, plan, prices, is_start)
select customer_id, to_timestamp($3::bigint / 1000.0), settings ->> 'plan', settings -> 'prices', true from gone
on conflict (customer_id, effective_from) do update set is_start = true`,
    params: [customerId, currentStartMs, hourStart(nowMs)],
  };
}

/**
 * What a customer is priced by from this hour on, unless it is that already; the first row is the customer's start.
 *
 * A clock that is behind the last change writes at that change's hour: history is only ever added to at its end.
 */
export function changePlan(customerId: string, settings: CustomerSettings, nowMs: number): Statement {
  return {
    text: `
insert into customer_plans (customer_id, effective_from, plan, prices, is_start)
select $1, greatest(to_timestamp($2::bigint / 1000.0), latest.effective_from), $3, $4::jsonb,
  latest.effective_from is null
from (select 1) as one left join lateral (
  select effective_from, plan, prices from customer_plans where customer_id = $1
  order by effective_from desc limit 1) as latest on true
where latest.effective_from is null or (latest.plan, latest.prices) is distinct from ($3::text, $4::jsonb)
on conflict (customer_id, effective_from) do update set plan = excluded.plan, prices = excluded.prices`,
    params: [
      customerId,
      hourStart(nowMs),
      settings.plan ?? null,
      settings.prices === undefined ? null : JSON.stringify(settings.prices),
    ],
  };
}

/** Removes a last change that has been taken back within its hour: what did not change starts no tiers anew. */
export function forgetIdleChange(customerId: string): Statement {
  return {
    text: `
delete from customer_plans as last using (
  select effective_from, is_start,
    (plan, prices) is not distinct from (lag(plan) over history, lag(prices) over history) and count(*) over history > 1
      as is_idle
  from customer_plans where customer_id = $1 window history as (order by effective_from)
  order by effective_from desc limit 1) as newest
where last.customer_id = $1 and last.effective_from = newest.effective_from and newest.is_idle and not newest.is_start`,
    params: [customerId],
  };
}
