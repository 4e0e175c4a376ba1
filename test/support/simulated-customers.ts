import { demoCatalog } from "../../local/demo-catalog.ts";
import type { Database, Parameter, Row } from "../../src/ledger/database.ts";
import { catalogSchema } from "../../src/rating/catalog.ts";
import type { LedgerFixture } from "./ledger-fixture.ts";

export const NOVEMBER = { startMs: Date.parse("2026-11-01T00:00Z"), endMs: Date.parse("2026-12-01T00:00Z") };

/**
 * Customers `1…size` of November: 4 metrics on each of its 30 days. Of ten one changes from `flat99` to `payg` at noon of the
 * 10th, whose hours are there, and of twenty one has a price of its own.
 */
const FILL = [
  `insert into catalog_versions (version, document, published_at, published_by)
   values (1, $1::jsonb, '2026-10-01T00:00Z', 'test')`,
  `insert into customers (customer_id, settings, created_at, updated_at)
   select 'c' || lpad(n::text, 6, '0'), '{}', '2026-10-01T00:00Z', '2026-10-01T00:00Z' from generate_series(1, $1::int) as n`,
  `insert into customer_plans (customer_id, effective_from, plan, prices, is_start)
   select customer_id, '2026-10-01T00:00Z'::timestamptz, case when n % 2 = 0 then 'flat99' else 'payg' end,
     case when n % 20 = 1 then '[{"metricName":"seats","model":"perUnit","unitPrice":"1000"}]'::jsonb end, true
   from customers, lateral (select substr(customer_id, 2)::int as n) as number where $1::int > 0
   union all
   select customer_id, '2026-11-10T12:00Z', 'payg', null, false
   from customers where substr(customer_id, 2)::int % 10 = 0`,
  `insert into billing_periods (customer_id, period_start, period_end)
   select customer_id, '2026-11-01T00:00Z', '2026-12-01T00:00Z' from customers where $1::int > 0`,
  `insert into usage_daily (customer_id, day, series, metric_name, dimensions, aggregation, value)
   select customer_id, '2026-11-01'::date + day, sha256(metric::bytea), metric, '{}', aggregation, 1000 + day
   from customers, generate_series(0, 29) as day,
     (values ('api_calls', 'sum'), ('storage_gb', 'max'), ('compute_seconds', 'sum'), ('seats', 'max')) as meters (metric, aggregation)
   where $1::int > 0`,
  `insert into usage_records (customer_id, window_start, epoch, series, metric_name, dimensions, aggregation, value, version,
     flushed_at)
   select customer_id, hour, 'e', series, metric_name, '{}', aggregation,
     case aggregation when 'sum' then case when hour = '2026-11-10T12:00Z' then value else 0 end else value end, 1, hour
   from usage_daily, generate_series('2026-11-10T11:00Z'::timestamptz, '2026-11-10T12:00Z', '1 hour') as hour
   where day = '2026-11-10' and substr(customer_id, 2)::int % 10 = 0 and $1::int > 0`,
  "analyze",
];

/** Fills an empty ledger with customers, and a published demo catalog. */
export async function fillCustomers({ raw }: LedgerFixture, size: number): Promise<void> {
  for (const [index, text] of FILL.entries()) {
    await raw(
      text,
      index === 0 ? [JSON.stringify(catalogSchema.parse(demoCatalog))] : text === "analyze" ? [] : [size],
    );
  }
}

/** The product's access, which keeps what was asked and answered, with the time that each answer took. */
export function recorded(database: Database): {
  database: Database;
  calls: { text: string; rows: Row[]; ms: number }[];
} {
  const calls: { text: string; rows: Row[]; ms: number }[] = [];
  const query = async (text: string, params: Parameter[]): Promise<Row[]> => {
    const began = performance.now();
    const rows = await database.query(text, params);
    calls.push({ text, rows, ms: performance.now() - began });
    return rows;
  };
  return { database: { ...database, query }, calls };
}
