import type { Lifetime, PlanChange } from "../rating/plan-parts.ts";
import type { MetricTotal } from "../rating/quantities.ts";
import type { BilledLine, TrueUp } from "../rating/true-up.ts";
import type { CustomerPeriod } from "./billing-periods.ts";
import type { Database, Statement } from "./database.ts";
import { partTotals, TOTALS } from "./period-totals.ts";

/** How many closed periods before it a period's invoice trues up. */
export const TRUED_UP_PERIODS = 3;

/** What `billing_periods as closed` has to have been: of time away there is no invoice. */
const INVOICED = "";
/** A void invoice bills nothing: the period before it is in reach instead. */
const BILLED = "and invoices.status <> 'void'";

/** The periods that the invoice of a customer's period trues up; the first two are SQL expressions. */
function reachOf(customerId: string, periodStart: string, invoiced = BILLED): string {
  return `
    select closed.period_start, closed.period_end from billing_periods as closed
    where closed.customer_id = ${customerId} and closed.period_start < ${periodStart} and closed.closed_at is not null and exists (
      select 1 from invoices
      where invoices.customer_id = closed.customer_id and invoices.period_start = closed.period_start ${invoiced} offset 0)
    order by closed.period_start desc limit ${TRUED_UP_PERIODS}`;
}

/** Invoices, not void, that have lines of a period of `reach`. */
function billedBy(customerId: string): string {
  return `
    invoices.customer_id = ${customerId} and invoices.status <> 'void' and invoices.period_start >= reach.period_start
      and (invoices.period_start = reach.period_start or exists (
        select 1 from invoice_lines
        where invoice_lines.invoice_id = invoices.invoice_id and true_up_of = reach.period_start offset 0))`;
}

/**
 * A scalar subquery of type text: what the bill of a customer's period rests on beside usage. Of the period, and of those that
 * it trues up: how many adjustments there are, and by which invoices it was billed. Both arguments are SQL expressions.
 */
export function basisOf(customerId: string, periodStart: string): string {
  return `
(select jsonb_agg(jsonb_build_array(extract(epoch from reach.period_start)::bigint, (
    select count(*) from adjustments
    where adjustments.customer_id = ${customerId} and at >= reach.period_start and at < reach.period_end), (
    select coalesce(jsonb_agg(invoice_id order by invoice_id), '[]') from invoices where ${billedBy(customerId)}))
  order by reach.period_start)::text
from (
  (${reachOf(customerId, periodStart)})
  union all
  select own.period_start, own.period_end from billing_periods as own
  where own.customer_id = ${customerId} and own.period_start = ${periodStart}) as reach)`;
}

/** Holds a period, and those that its invoice trues up, until the transaction ends: whoever bills or adjusts them waits. */
export function lockReach(customerId: string, startMs: number): Statement {
  return {
    text: `
select 1 from billing_periods
where customer_id = $1 and period_start <= to_timestamp($2::bigint / 1000.0) and period_start >= coalesce((
  select min(period_start) from (${reachOf("$1", "to_timestamp($2::bigint / 1000.0)")}) as reach),
  to_timestamp($2::bigint / 1000.0))
order by period_start for update`,
    params: [customerId, startMs],
  };
}

/** What a period's bill rests on beside its own usage. */
export interface Closing {
  /** Whether the period has an invoice that is not void. */
  isBilled: boolean;
  /** To be given to the close: it is not done when this has changed by then. */
  basis: string;
  /** The closed periods before it, the first first, with what the ledger says of them now and what they were billed. */
  reach: (TrueUp & { currency: string })[];
  /** What invoices of later periods have corrected the period by, while it had another invoice. */
  corrected: (BilledLine & { currency: string })[];
}

const READ = `
with reach as materialized (${reachOf("$1", "to_timestamp($2::bigint / 1000.0)")}
), planned as materialized (
  -- Priced as it was: by the version, the plans and the customer's days that its invoice has kept.
  select $1::text as customer_id, reach.period_start, reach.period_end, catalog_version, currency, snapshot -> 'usage' as usage, (
      select coalesce(array_agg(to_timestamp((change ->> 'fromMs')::bigint / 1000.0) order by position), '{}')
      from jsonb_array_elements(snapshot -> 'usage' -> 'changes') with ordinality as changes (change, position)
      where position > 1) as cuts
  from reach cross join lateral (
    select catalog_version, currency, snapshot from invoices
    where invoices.customer_id = $1 and invoices.period_start = reach.period_start and status <> 'void' limit 1) as own
  where snapshot ? 'usage'
)
select ${basisOf("$1", "to_timestamp($2::bigint / 1000.0)")} as basis, exists (
    select 1 from invoices
    where customer_id = $1 and period_start = to_timestamp($2::bigint / 1000.0) and status <> 'void')::text as is_billed, (
  select coalesce(jsonb_agg(jsonb_build_object('catalogVersion', catalog_version, 'currency', currency, 'usage', usage,
      'totals', totals::text, 'billed', billed) order by planned.period_start), '[]')
  from planned cross join lateral (${TOTALS}) as summed cross join lateral (
    select coalesce(jsonb_agg(jsonb_build_object('ref', line_ref, 'metricName', metric_name, 'description', description,
      'quantity', quantity::text, 'amountMinor', amount_minor::text) order by position), '[]') as billed
    from (
      select line_ref, min(metric_name) as metric_name, sum(quantity) as quantity, sum(amount_minor) as amount_minor,
        (array_agg(lines.description order by true_up_of nulls first, invoice_id, position))[1] as description,
        min(position) as position
      from (
        select invoice_lines.*, regexp_replace(ref, '^true_up:[^:]*:', '') as line_ref
        from planned as reach cross join lateral (
          select invoice_id, invoices.period_start from invoices where ${billedBy("$1")}) as billing
          cross join lateral (
            select * from invoice_lines where invoice_lines.invoice_id = billing.invoice_id
              and (true_up_of = reach.period_start or billing.period_start = reach.period_start and true_up_of is null)) as invoice_lines
        where reach.period_start = planned.period_start) as lines
      group by line_ref) as by_ref) as billed_lines
)::text as reach, (
  -- There is none unless the period was billed before, by what is void now.
  select coalesce(jsonb_agg(jsonb_build_object('currency', currency, 'ref', line_ref, 'metricName', metric_name,
    'description', description, 'quantity', quantity::text, 'amountMinor', amount_minor::text) order by line_ref), '[]')
  from (
    select currency, regexp_replace(ref, '^true_up:[^:]*:', '') as line_ref, min(metric_name) as metric_name,
      min(description) as description, sum(quantity) as quantity, sum(amount_minor) as amount_minor
    from (
      select invoice_id, currency from invoices
      where customer_id = $1 and period_start > to_timestamp($2::bigint / 1000.0) and status <> 'void') as later
      cross join lateral (
        select * from invoice_lines
        where invoice_lines.invoice_id = later.invoice_id and true_up_of = to_timestamp($2::bigint / 1000.0)
        offset 0) as lines
    group by currency, line_ref) as by_ref
)::text as corrected`;

/** Reads what the bill of a customer's period rests on beside its own usage, in one statement. To be read before that. */
export async function readClosing(
  database: Database,
  { customerId, startMs }: CustomerPeriod,
): Promise<Closing> {
  const [row] = await database.query(READ, [customerId, startMs]);
  const reach = JSON.parse(row?.["reach"] ?? "[]") as StoredReach[];
  return {
    isBilled: row?.["is_billed"] === "true",
    basis: row?.["basis"] ?? "",
    reach: reach.map(({ catalogVersion, currency, usage, totals, billed }) => ({
      catalogVersion,
      currency,
      usage: { ...usage, totals: partTotals(totals, usage.changes.length) },
      billed,
    })),
    corrected: JSON.parse(row?.["corrected"] ?? "[]") as Closing["corrected"],
  };
}

interface StoredReach {
  catalogVersion: number;
  currency: string;
  usage: {
    period: { startMs: number; endMs: number };
    changes: PlanChange[];
    lifetime: Lifetime;
    totals: MetricTotal[][];
  };
  totals: string;
  billed: BilledLine[];
}

/**
 * True of a row of `billing_periods as held`, which is closed, that the next of its customer's closes trues up: `$1` is the
 * customer. A period that is yet to be added counts, as long as the customer is there; so does one whose invoice is void, for it
 * may be invoiced again.
 */
export const WILL_BE_TRUED_UP = `(exists (
    select 1 from invoices
    where invoices.customer_id = $1 and invoices.period_start = held.period_start and status <> 'void' and snapshot ? 'usage')
  and (exists (select 1 from customers where customer_id = $1 and deleted_at is null) or exists (
    select 1 from billing_periods as open
    where open.customer_id = $1 and open.closed_at is null and open.period_start > held.period_start))
  and held.period_start in (
    select reach.period_start from (${reachOf(
      "$1",
      `coalesce((select min(open.period_start) from billing_periods as open
        where open.customer_id = $1 and open.closed_at is null and open.period_start > held.period_start), 'infinity')`,
      INVOICED,
    )}) as reach))`;
