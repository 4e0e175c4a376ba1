import type { Meter } from "../domain/meter.ts";
import type { Catalog, CatalogVersion } from "../rating/catalog.ts";
import { LedgerError, type Database, type Row } from "./database.ts";
import { column, timeColumn } from "./row.ts";

const COLUMNS = `catalog_versions.version, document::text, (extract(epoch from published_at) * 1000)::bigint::text as published_ms`;

/** The version published last; undefined before the first. */
export async function latestCatalog(
  database: Database,
  timeoutMs?: number,
): Promise<CatalogVersion | undefined> {
  const [row] = await database.query(
    `select ${COLUMNS} from catalog_versions order by version desc limit 1`,
    [],
    timeoutMs,
  );
  return row && readVersion(row);
}

/**
 * The version in force at a moment: the last published by then, or the first there ever was.
 *
 * With a plan that this version does not have, the first later one that has it: a customer can be put on a plan that was
 * published after the period's end and before its close.
 */
export async function catalogInForce(
  database: Database,
  atMs: number,
  planName?: string,
): Promise<CatalogVersion | undefined> {
  const [row] = await database.query(
    `
with moment as (
  select coalesce(max(version) filter (where published_at <= to_timestamp($1::bigint / 1000.0)), min(version)) as version
  from catalog_versions
)
select ${COLUMNS} from catalog_versions
where version >= (select version from moment)
  and ($2::text is null or document -> 'plans' @> jsonb_build_array(jsonb_build_object('name', $2::text)))
order by catalog_versions.version limit 1`,
    [atMs, planName ?? null],
  );
  return row && readVersion(row);
}

/** Adds the version after `previous`; false when that one is there already: somebody else published meanwhile. */
export async function insertCatalog(
  database: Database,
  previous: number,
  catalog: Catalog,
  nowMs: number,
  publishedBy: string,
): Promise<boolean> {
  try {
    await database.query(
      `
insert into catalog_versions (version, document, published_at, published_by)
values ($1, $2::jsonb, to_timestamp($3::bigint / 1000.0), $4)`,
      [previous + 1, JSON.stringify(catalog), nowMs, publishedBy],
    );
    return true;
  } catch (error) {
    if (error instanceof LedgerError && error.constraint === "catalog_versions_pkey") {
      return false;
    }
    throw error;
  }
}

function readVersion(row: Row): CatalogVersion {
  return {
    version: Number(column(row, "version")),
    catalog: JSON.parse(column(row, "document")) as Catalog,
    publishedAtMs: timeColumn(row, "published_ms"),
  };
}

/** Every meter ever published, as it was first. */
export async function publishedMeters(database: Database): Promise<Meter[]> {
  const rows = await database.query(
    `
select distinct on (meter ->> 'name') meter::text
from catalog_versions, jsonb_array_elements(document -> 'meters') as meter
order by meter ->> 'name', version`,
    [],
  );
  return rows.map((row) => JSON.parse(column(row, "meter")) as Meter);
}

/**
 * The plans that customers are on by name, also deleted ones whose last period is not closed.
 *
 * Each name is one look-up in an index, and the customers who are there come first in it. `offset 0` keeps all periods from
 * being read at once.
 */
export async function plansInUse(database: Database): Promise<string[]> {
  const rows = await database.query(
    `
with recursive named (plan) as (
  (select settings ->> 'plan' from customers where settings ->> 'plan' is not null order by settings ->> 'plan' limit 1)
  union all
  select next.plan from named cross join lateral (
    select settings ->> 'plan' as plan from customers
    where settings ->> 'plan' > named.plan order by settings ->> 'plan' limit 1) as next
)
select plan from named cross join lateral (
  select 1 from customers
  where settings ->> 'plan' = named.plan and (deleted_at is null or exists (
    select 1 from billing_periods
    where billing_periods.customer_id = customers.customer_id and closed_at is null offset 0))
  order by deleted_at nulls first limit 1) as found
order by plan limit 1000`,
    [],
  );
  return rows.map((row) => column(row, "plan"));
}
