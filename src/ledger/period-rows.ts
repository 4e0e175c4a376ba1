import type { Period } from "../domain/period.ts";
import type { Database, Statement } from "./database.ts";
import { column } from "./row.ts";

/** How long before a customer's last period ends the next one is there: whoever reads just after the turn finds it. */
export const PERIODS_AHEAD_MS = 172_800_000;
/** Most periods that one statement adds to a customer. */
const MAX_ADDED = 1200;

/** True of a customer's last period when another follows it: a deleted customer's last is the one in which it was deleted. */
const GOES_ON = "(deleted_at is null or deleted_at >= period_end)";

/**
 * Customers whose last period ends by `untilMs` and is followed by another, the first to end first, at most `limit`.
 *
 * No period of theirs is closed before the next is there.
 */
export async function customersToExtend(
  database: Database,
  untilMs: number,
  limit: number,
): Promise<string[]> {
  const rows = await database.query(
    `
select customer_id from billing_periods join customers using (customer_id)
where closed_at is null and period_end <= to_timestamp($1::bigint / 1000.0)
  and not exists (
    select 1 from billing_periods later
    where later.customer_id = billing_periods.customer_id and later.period_start >= billing_periods.period_end)
  and ${GOES_ON}
order by period_end, customer_id limit $2`,
    [untilMs, limit],
  );
  return rows.map((row) => column(row, "customer_id"));
}

/**
 * Adds to customers the periods that follow their last ones, until the last ends after `untilMs`, each by the anchor day of
 * the customer's document.
 *
 * May be repeated and run at once: whatever changes a customer's periods holds the customer's row.
 */
export async function extendPeriods(
  database: Database,
  customerIds: readonly string[],
  untilMs: number,
): Promise<void> {
  const ids = JSON.stringify(customerIds);
  await database.transaction([
    {
      text: `
select 1 from customers where customer_id = any (array(select jsonb_array_elements_text($1::jsonb)))
order by customer_id for no key update`,
      params: [ids],
    },
    extension(ids, untilMs),
  ]);
}

/** Adds one customer's periods; to be run where the customer's row is held. */
export function extendCustomer(customerId: string, untilMs: number): Statement {
  return extension(JSON.stringify([customerId]), untilMs);
}

function extension(customerIds: string, untilMs: number): Statement {
  return {
    text: `
with recursive last as (
  select customer_id, deleted_at, anchor_day_of(settings) as anchor_day, (
    select max(period_end) from billing_periods where billing_periods.customer_id = customers.customer_id) as period_end
  from customers where customer_id = any (array(select jsonb_array_elements_text($1::jsonb)))
), added as (
  select customer_id, deleted_at, anchor_day, period_end as period_start, next_anchor(period_end, anchor_day) as period_end,
    1 as position
  from last where period_end <= to_timestamp($2::bigint / 1000.0) and ${GOES_ON}
  union all
  select customer_id, deleted_at, anchor_day, period_end, next_anchor(period_end, anchor_day), position + 1
  from added where period_end <= to_timestamp($2::bigint / 1000.0) and ${GOES_ON} and position < ${MAX_ADDED}
)
insert into billing_periods (customer_id, period_start, period_end)
select customer_id, period_start, period_end from added order by customer_id, period_start
on conflict do nothing`,
    params: [customerIds, untilMs],
  };
}

/**
 * Lets the anchor day of the customer's document hold from the end of the running period on: the period that was added
 * ahead ends by it. To be run where the customer's row is held, after it was changed.
 */
export function realignNext(customerId: string, nowMs: number): Statement[] {
  const ahead = `customer_id = $1 and period_start > to_timestamp($2::bigint / 1000.0) and not exists (
    select 1 from billing_periods as later
    where later.customer_id = $1 and later.period_start >= billing_periods.period_start and later.closed_at is not null)`;
  const params = [customerId, nowMs];
  return [
    {
      // Of more than one the later ones follow another day, too.
      text: `
delete from billing_periods where ${ahead} and exists (
  select 1 from billing_periods as first join customers using (customer_id)
  where customer_id = $1 and first.period_start > to_timestamp($2::bigint / 1000.0)
    and first.period_start < billing_periods.period_start
    and first.period_end <> next_anchor(first.period_start, anchor_day_of(settings)))`,
      params,
    },
    {
      text: `
update billing_periods set period_end = next_anchor(period_start, anchor_day_of(settings))
from customers
where billing_periods.${ahead} and customers.customer_id = billing_periods.customer_id
  and period_end <> next_anchor(period_start, anchor_day_of(settings)) and not exists (
    select 1 from billing_periods as later where later.customer_id = $1 and later.period_start > billing_periods.period_start)`,
      params,
    },
  ];
}

/** Removes what was added ahead to a customer that is deleted now. To be run where the customer's row is held. */
export function removeAhead(customerId: string): Statement {
  return {
    text: `
delete from billing_periods using customers
where billing_periods.customer_id = $1 and customers.customer_id = $1 and period_start > deleted_at and not exists (
  select 1 from billing_periods as later
  where later.customer_id = $1 and later.period_start >= billing_periods.period_start and later.closed_at is not null)`,
    params: [customerId],
  };
}

/**
 * The first periods of a customer that has none: the current one, and the one before when it has usage there, be it by an
 * adjustment alone. One who comes back exactly where time away has ended gets the current one.
 */
export function firstPeriods(
  customerId: string,
  { current, before }: { current: Period; before: Period },
): Statement[] {
  return [
    {
      text: `
insert into billing_periods (customer_id, period_start, period_end)
select $1, to_timestamp($2::bigint / 1000.0), to_timestamp($3::bigint / 1000.0)
where not exists (select 1 from billing_periods where customer_id = $1)
  and (exists (
    select 1 from usage_records where customer_id = $1 and window_start >= to_timestamp($2::bigint / 1000.0)
      and window_start < to_timestamp($3::bigint / 1000.0))
  or exists (
    select 1 from adjustments where customer_id = $1 and at >= to_timestamp($2::bigint / 1000.0)
      and at < to_timestamp($3::bigint / 1000.0) and quantity > 0))
on conflict do nothing`,
      params: [customerId, before.startMs, before.endMs],
    },
    {
      text: `
insert into billing_periods (customer_id, period_start, period_end)
select $1, to_timestamp($2::bigint / 1000.0), to_timestamp($3::bigint / 1000.0)
where coalesce((select max(period_end) from billing_periods where customer_id = $1),
  to_timestamp($2::bigint / 1000.0)) = to_timestamp($2::bigint / 1000.0)
on conflict do nothing`,
      params: [customerId, current.startMs, current.endMs],
    },
  ];
}

/** From the end of a deleted customer's last period to the start of the current one; nothing for any other. */
export function closeTimeAway(customerId: string, currentStartMs: number, nowMs: number): Statement {
  return {
    text: `
insert into billing_periods (customer_id, period_start, period_end, closed_at)
select customer_id, max(period_end), to_timestamp($2::bigint / 1000.0), to_timestamp($3::bigint / 1000.0)
from billing_periods join customers using (customer_id)
where customer_id = $1 and deleted_at is not null
group by customer_id
having max(period_end) < to_timestamp($2::bigint / 1000.0) and max(period_end) > max(deleted_at)
on conflict do nothing`,
    params: [customerId, currentStartMs, nowMs],
  };
}

/**
 * Gives customers put since `sinceMs` the period before their first one when they have usage there.
 *
 * For those who were put shortly after a period's start: late events and the spool may bring usage of it until then.
 */
export async function insertEarlierPeriods(
  database: Database,
  withinMs: number,
  sinceMs: number,
): Promise<void> {
  await database.query(
    `
insert into billing_periods (customer_id, period_start, period_end)
select customer_id, earlier_start, first_start
from customers cross join lateral (
  select min(period_start) as first_start from billing_periods
  where billing_periods.customer_id = customers.customer_id
) as firsts cross join lateral (
  -- A day that has changed since does not shorten it.
  select case when last_anchor(first_start, anchor_day_of(settings)) = first_start
    then last_anchor(first_start - interval '1 millisecond', anchor_day_of(settings))
    else (first_start at time zone 'UTC' - interval '1 month') at time zone 'UTC' end as earlier_start
) as earlier
where created_at >= to_timestamp($2::bigint / 1000.0)
  and created_at < first_start + $1::bigint * interval '1 millisecond'
  and exists (
    select 1 from usage_records
    where usage_records.customer_id = customers.customer_id and window_start < first_start
      and window_start >= earlier_start)
  and created_at >= first_start
order by customer_id
on conflict do nothing`,
    [withinMs, sinceMs],
  );
}
