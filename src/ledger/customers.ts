import type { Customer, CustomerSettings } from "../domain/customer.ts";
import type { Period } from "../domain/period.ts";
import { EVENT_PATH_TIMEOUT_MS, type Database, type Row, type Statement } from "./database.ts";
import { changePlan, forgetIdleChange, restartPlan } from "./customer-plans.ts";
import { column, timeColumn } from "./row.ts";

const COLUMNS = `customer_id, settings::text, (extract(epoch from created_at) * 1000)::bigint::text as created_ms`;

/**
 * Replaces a customer's whole document, and sees to its periods in the same transaction.
 *
 * A new customer's first period is the current one, or the one before when it has usage there, be it by an adjustment
 * alone. A customer who comes back after its last period has ended gets the time away as one closed period without an
 * invoice. Answers whether the customer was unknown, or deleted, before.
 */
export async function putCustomer(
  database: Database,
  customerId: string,
  settings: CustomerSettings,
  nowMs: number,
  periods: { current: Period; before: Period },
): Promise<boolean> {
  const { current, before } = periods;
  const [known] = await database.transaction([
    {
      text: "select 1 from customers where customer_id = $1 and deleted_at is null for update",
      params: [customerId],
    },
    closeTimeAway(customerId, current.startMs, nowMs),
    restartPlan(customerId, current.startMs, nowMs),
    upsertCustomer(customerId, settings, nowMs),
    changePlan(customerId, settings, nowMs),
    forgetIdleChange(customerId),
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
  ]);
  return (known?.length ?? 0) === 0;
}

function upsertCustomer(customerId: string, settings: CustomerSettings, nowMs: number): Statement {
  return {
    text: `
insert into customers (customer_id, settings, created_at, updated_at)
values ($1, $2::jsonb, to_timestamp($3::bigint / 1000.0), to_timestamp($3::bigint / 1000.0))
on conflict (customer_id) do update
set settings = excluded.settings, updated_at = excluded.updated_at, deleted_at = null`,
    params: [customerId, JSON.stringify(settings), nowMs],
  };
}

/** From the end of a deleted customer's last period to the start of the current one; nothing for any other. */
function closeTimeAway(customerId: string, currentStartMs: number, nowMs: number): Statement {
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

/** Reads a customer; undefined when unknown or deleted. */
export async function getCustomer(database: Database, customerId: string): Promise<Customer | undefined> {
  const [row] = await database.query(
    `select ${COLUMNS} from customers where customer_id = $1 and deleted_at is null`,
    [customerId],
  );
  return row && readCustomer(row);
}

/** Customers from newest to oldest, after the one that `after` names. */
export async function listCustomers(
  database: Database,
  limit: number,
  after: { timeMs: number; id: string } | undefined,
): Promise<Customer[]> {
  const rows = await database.query(
    `
select ${COLUMNS} from customers
where deleted_at is null and (created_at, customer_id) < (coalesce(to_timestamp($1::bigint / 1000.0), 'infinity'), $2)
order by created_at desc, customer_id desc limit $3`,
    [after?.timeMs ?? null, after?.id ?? "", limit],
  );
  return rows.map(readCustomer);
}

/** Forgets a customer's document and rules of alerts; its ledger stays. Answers false when there was none. */
export async function deleteCustomer(
  database: Database,
  customerId: string,
  nowMs: number,
): Promise<boolean> {
  const rows = await database.query(
    `
with deleted as (
  update customers set deleted_at = to_timestamp($2::bigint / 1000.0)
  where customer_id = $1 and deleted_at is null returning customer_id
), forgotten as (
  delete from alert_rules using deleted where alert_rules.customer_id = deleted.customer_id
)
select 1 from deleted`,
    [customerId, nowMs],
  );
  return rows.length > 0;
}

/** Those of the customers that were put and not deleted. */
export async function existingCustomers(
  database: Database,
  customerIds: readonly string[],
): Promise<string[]> {
  const rows = await database.query(
    `
select customer_id from customers
where customer_id = any (array(select jsonb_array_elements_text($1::jsonb))) and deleted_at is null`,
    [JSON.stringify(customerIds)],
    EVENT_PATH_TIMEOUT_MS,
  );
  return rows.map((row) => column(row, "customer_id"));
}

function readCustomer(row: Row): Customer {
  return {
    customerId: column(row, "customer_id"),
    settings: JSON.parse(column(row, "settings")) as CustomerSettings,
    createdAtMs: timeColumn(row, "created_ms"),
  };
}
