import type { Database } from "./database.ts";
import { column } from "./row.ts";

/** Whether a customer's document still counts: it is there, or its last period is not closed. `offset 0` keeps all periods from being read at once. */
const COUNTS = `(customers.deleted_at is null or exists (
    select 1 from billing_periods
    where billing_periods.customer_id = customers.customer_id and billing_periods.closed_at is null offset 0))`;

/**
 * Whether a change of plan prices a period that is not closed: none that came after it does so from its start, and the
 * customer was not deleted before that start.
 */
const PRICES_OPEN_PERIOD = `exists (
    select 1 from billing_periods as running
    where running.customer_id = customer_plans.customer_id and running.closed_at is null
      and (customer_plans.ended_at is null or customer_plans.ended_at >= running.period_start) and not exists (
      select 1 from customer_plans as later
      where later.customer_id = running.customer_id and later.effective_from > customer_plans.effective_from
        and later.effective_from <= running.period_start) offset 0)`;

/** Where plans are named. */
interface PlanSource {
  /** What is read. */
  relation: string;
  /** The plan's name, with an index that begins with it. */
  plan: string;
  /** Whether a row counts. */
  counts: string;
  /** Brings rows that count to the front, by that same index. */
  order: string;
}

const CURRENT_PLANS: PlanSource = {
  relation: "customers",
  plan: "settings ->> 'plan'",
  counts: COUNTS,
  order: "deleted_at nulls first",
};
const PLANS_TO_BILL: PlanSource = {
  relation: "customer_plans",
  plan: "plan",
  counts: PRICES_OPEN_PERIOD,
  order: "effective_from desc",
};

/**
 * The plans that customers are on by name, also deleted ones whose last period is not closed.
 *
 * Each name is one look-up in an index, and the customers who are there come first in it.
 */
export async function plansInUse(database: Database): Promise<string[]> {
  return plansNamed(database, CURRENT_PLANS);
}

/** The plans that a period which is not closed is priced by, also in a part of it that is over. */
export async function plansToBill(database: Database): Promise<string[]> {
  return plansNamed(database, PLANS_TO_BILL);
}

async function plansNamed(database: Database, source: PlanSource): Promise<string[]> {
  const rows = await database.query(`${plansNamedIn(source)} order by plan limit 1000`, []);
  return rows.map((row) => column(row, "plan"));
}

function plansNamedIn({ relation, plan, counts, order }: PlanSource): string {
  return `(
with recursive named (plan) as (
  (select ${plan} from ${relation} where ${plan} is not null order by ${plan} limit 1)
  union all
  select next.plan from named cross join lateral (
    select ${plan} as plan from ${relation} where ${plan} > named.plan order by ${plan} limit 1) as next
)
select named.plan from named cross join lateral (
  select 1 from ${relation} where ${plan} = named.plan and ${counts} order by ${order} limit 1) as found
)`;
}

/**
 * Those of the meters that customers have own prices for, also deleted ones whose last period is not closed, and those that
 * a part of such a period is priced by.
 */
export async function ownPricedMeters(database: Database, meterNames: readonly string[]): Promise<string[]> {
  const rows = await database.query(
    `
select asked.name from jsonb_array_elements_text($1::jsonb) as asked (name) cross join lateral (
  select 1 from customers
  where settings ? 'prices' and ${COUNTS}
    and settings -> 'prices' @> jsonb_build_array(jsonb_build_object('metricName', asked.name))
  union all
  select 1 from customer_plans
  where prices is not null and ${PRICES_OPEN_PERIOD}
    and prices @> jsonb_build_array(jsonb_build_object('metricName', asked.name))
  limit 1) as found
order by asked.name`,
    [JSON.stringify(meterNames)],
  );
  return rows.map((row) => column(row, "name"));
}

/**
 * A customer with amounts in the catalog's currency: in its document, or in prices of its own that a part of a period which is
 * not closed is priced by; undefined when there is none.
 */
export async function customerInCurrency(database: Database): Promise<string | undefined> {
  const [row] = await database.query(
    `
(select customer_id from customers where (settings ? 'budget' or settings ? 'prices') and ${COUNTS}
  order by deleted_at nulls first limit 1)
union all
(select customer_id from customer_plans where prices is not null and ${PRICES_OPEN_PERIOD}
  order by effective_from desc limit 1)
limit 1`,
    [],
  );
  return row && column(row, "customer_id");
}
