import type { Meter } from "../domain/meter.ts";
import type { Catalog, CatalogVersion } from "../rating/catalog.ts";
import { LedgerError, type Database, type Row } from "./database.ts";
import { column, timeColumn } from "./row.ts";

const COLUMNS = `version, document::text, (extract(epoch from published_at) * 1000)::bigint::text as published_ms`;

/** The version published last; undefined before the first. */
export async function latestCatalog(database: Database): Promise<CatalogVersion | undefined> {
  const [row] = await database.query(
    `select ${COLUMNS} from catalog_versions order by version desc limit 1`,
    [],
  );
  return row && readVersion(row);
}

/** The version in force at a moment: the last published by then, or the first there ever was. */
export async function catalogInForce(database: Database, atMs: number): Promise<CatalogVersion | undefined> {
  const [row] = await database.query(
    `
select ${COLUMNS} from catalog_versions
order by (published_at <= to_timestamp($1::bigint / 1000.0)) desc,
  case when published_at <= to_timestamp($1::bigint / 1000.0) then -version else version end
limit 1`,
    [atMs],
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

/** The plans that customers are on by name. */
export async function plansInUse(database: Database): Promise<string[]> {
  const rows = await database.query(
    `
select distinct settings ->> 'plan' as plan from customers
where settings ->> 'plan' is not null and deleted_at is null order by 1 limit 1000`,
    [],
  );
  return rows.map((row) => column(row, "plan"));
}
