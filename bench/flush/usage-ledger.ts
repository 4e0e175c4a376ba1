import { formatSeries, type Series } from "../../src/domain/series.ts";
import { DAY_MS, HOUR_MS, isoTime } from "../../src/domain/window.ts";

/** A statement of a ledger that is filled; answers rows as text. */
export type Ask = (text: string, params: (string | number)[]) => Promise<Record<string, string | null>[]>;

/** Each customer's series: one of each meter of the demo catalog. */
export const LEDGER_SERIES: readonly Series[] = [
  { metricName: "api_calls", aggregation: "sum", scale: 0, dimensions: { region: "eu" } },
  { metricName: "storage_gb", aggregation: "max", scale: 3, dimensions: {} },
  { metricName: "compute_seconds", aggregation: "sum", scale: 3, dimensions: {} },
  { metricName: "seats", aggregation: "max", scale: 0, dimensions: {} },
];

/** Customers of a ledger of full size: 3.6 million day rows and 1.92 million hour rows. */
export const LEDGER_CUSTOMERS = 10_000;
/** Days that usage goes back. */
export const LEDGER_DAYS = 90;
/** Hours that are kept of it. */
export const LEDGER_HOURS = 48;

const COLUMNS = "customer_id, series, metric_name, dimensions, aggregation, value";
/** `$2` customers, `$3` series; in the order in which a flush writes them, so that a customer's rows lie apart. */
const EACH_SERIES = `from generate_series(1, $2::int) as n,
  jsonb_to_recordset($3::jsonb) as s (text text, metric_name text, dimensions jsonb, aggregation text)
order by n, s.text`;
const SELECTED = `'cus_' || n, sha256(convert_to(s.text, 'UTF8')), s.metric_name, s.dimensions, s.aggregation`;

const DAY = `
insert into usage_daily (day, ${COLUMNS})
select $1::date, ${SELECTED}, case s.aggregation when 'sum' then 24 else 1 end ${EACH_SERIES}`;
const HOUR = `
insert into usage_records (window_start, epoch, version, flushed_at, ${COLUMNS})
select $1::timestamptz, 'e', 1, $1::timestamptz + interval '1 hour', ${SELECTED}, 1 ${EACH_SERIES}`;

/** Gives so many customers, `cus_1` and on, usage up to the hour and the day that hold a moment. */
export async function fillUsage(
  ask: Ask,
  customers: number,
  nowMs: number,
  progress: (line: string) => void,
): Promise<void> {
  const series = JSON.stringify(
    LEDGER_SERIES.map((named) => ({
      text: formatSeries(named),
      metric_name: named.metricName,
      dimensions: named.dimensions,
      aggregation: named.aggregation,
    })),
  );
  const insert = async (statement: string, stepMs: number, steps: number): Promise<void> => {
    for (let back = steps - 1; back >= 0; back -= 1) {
      await ask(statement, [isoTime(nowMs - (nowMs % stepMs) - back * stepMs), customers, series]);
    }
  };
  await withoutIndexes(ask, async () => {
    progress(`usage: ${LEDGER_DAYS} days of ${customers.toLocaleString("en")} customers`);
    await insert(DAY, DAY_MS, LEDGER_DAYS);
    progress(`usage: ${LEDGER_HOURS} hours of ${customers.toLocaleString("en")} customers`);
    await insert(HOUR, HOUR_MS, LEDGER_HOURS);
    progress("usage: indexes");
  });
  await ask("analyze usage_daily", []);
  await ask("analyze usage_records", []);
}

/** Takes the indexes of usage away meanwhile: made of all rows at once they cost half. */
async function withoutIndexes(ask: Ask, fill: () => Promise<void>): Promise<void> {
  const indexes = await ask(
    `select tablename, indexname, indexdef,
      (select contype::text from pg_constraint where conname = indexname and contype = 'p') as key
    from pg_indexes where schemaname = 'public' and tablename in ('usage_daily', 'usage_records')`,
    [],
  );
  for (const { tablename, indexname, key } of indexes) {
    await ask(
      key === "p" ? `alter table ${tablename} drop constraint ${indexname}` : `drop index ${indexname}`,
      [],
    );
  }
  await fill();
  for (const { tablename, indexname, indexdef, key } of indexes) {
    await ask(indexdef ?? "", []);
    if (key === "p") {
      await ask(`alter table ${tablename} add primary key using index ${indexname}`, []);
    }
  }
}
