import type { Meter } from "../domain/meter.ts";
import type { Period } from "../domain/period.ts";
import type { Catalog } from "../rating/catalog.ts";
import type {
  Effective,
  PublicationTerms,
  PublishedVersion,
  VersionSummary,
} from "../rating/catalog-version.ts";
import { LedgerError, type Database, type Row } from "./database.ts";
import { column, timeColumn } from "./row.ts";

const SUMMARY = `catalog_versions.version, published_by, reason, effective,
  (extract(epoch from published_at) * 1000)::bigint::text as published_ms`;
const COLUMNS = `${SUMMARY}, document::text`;

/** The version published last; undefined before the first. */
export async function latestCatalog(
  database: Database,
  timeoutMs?: number,
): Promise<PublishedVersion | undefined> {
  const [row] = await database.query(
    `select ${COLUMNS} from catalog_versions order by version desc limit 1`,
    [],
    timeoutMs,
  );
  return row && readVersion(row);
}

/** Reads one version; undefined when there is none of that number. */
export async function getCatalogVersion(
  database: Database,
  version: number,
): Promise<PublishedVersion | undefined> {
  const [row] = await database.query(`select ${COLUMNS} from catalog_versions where version = $1`, [version]);
  return row && readVersion(row);
}

/** Versions from newest to oldest, those before `before` when it is given; without their documents. */
export async function listCatalogVersions(
  database: Database,
  limit: number,
  before: number | undefined,
): Promise<VersionSummary[]> {
  const rows = await database.query(
    `
select ${SUMMARY} from catalog_versions where $1::bigint is null or version < $1::bigint
order by catalog_versions.version desc limit $2`,
    [before ?? null, limit],
  );
  return rows.map(readSummary);
}

/**
 * A scalar subquery for other statements: the version that prices a period, null before the first is published.
 *
 * Its bounds and the present are SQL expressions of type timestamptz, `planNames` one of type jsonb, an array of the plans
 * that the version must have, null standing for the default plan; columns in them are qualified. The rule: of what was
 * published by the period's end, and by now, the highest number, without those for the next period that came after this
 * one's start; if there is none, the first ever. Has that not all the plans, the first after it that has: a customer can be
 * put on a plan that was published after the period's end and before its close.
 */
export function versionInForce(
  { start, end, now }: { start: string; end: string; now: string },
  planNames?: string,
): string {
  const inForce = `
(select coalesce(max(published.version) filter (where published.published_at <= least(${end}, ${now})
    and (published.effective = 'now' or published.published_at <= ${start})), min(published.version))
  from catalog_versions as published)`;
  return planNames === undefined
    ? inForce
    : `
(select having_plans.version from catalog_versions as having_plans
  where having_plans.version >= ${inForce} and having_plans.document -> 'plans' @> (
    select coalesce(jsonb_agg(jsonb_build_object('name', named.plan)), '[]')
    from jsonb_array_elements_text(${planNames}) as named (plan) where named.plan is not null)
  order by having_plans.version limit 1)`;
}

const IN_FORCE = versionInForce(
  {
    start: "to_timestamp($1::bigint / 1000.0)",
    end: "to_timestamp($2::bigint / 1000.0)",
    now: "to_timestamp($3::bigint / 1000.0)",
  },
  "$4::jsonb",
);

/** The version that prices a period, as {@link versionInForce} has it; undefined in `planNames` is the default plan. */
export async function catalogInForce(
  database: Database,
  { startMs, endMs }: Period,
  nowMs: number,
  planNames: readonly (string | undefined)[],
): Promise<PublishedVersion | undefined> {
  const [row] = await database.query(
    `select ${COLUMNS} from catalog_versions where catalog_versions.version = ${IN_FORCE}`,
    [startMs, endMs, nowMs, JSON.stringify(planNames)],
  );
  return row && readVersion(row);
}

/**
 * Adds the version after `previous`, in force at once unless the terms say otherwise.
 *
 * False when that one is there already: somebody else published meanwhile.
 */
export async function insertCatalog(
  database: Database,
  previous: number,
  catalog: Catalog,
  nowMs: number,
  publishedBy: string,
  terms: Partial<Omit<PublicationTerms, "publishedBy">> = {},
): Promise<boolean> {
  try {
    await database.query(
      `
insert into catalog_versions (version, document, published_at, published_by, reason, effective)
values ($1, $2::jsonb, to_timestamp($3::bigint / 1000.0), $4, $5, $6)`,
      [
        previous + 1,
        JSON.stringify(catalog),
        nowMs,
        publishedBy,
        terms.reason ?? null,
        terms.effective ?? "now",
      ],
    );
    return true;
  } catch (error) {
    if (error instanceof LedgerError && error.constraint === "catalog_versions_pkey") {
      return false;
    }
    throw error;
  }
}

function readVersion(row: Row): PublishedVersion {
  return { ...readSummary(row), catalog: JSON.parse(column(row, "document")) as Catalog };
}

function readSummary(row: Row): VersionSummary {
  return {
    version: Number(column(row, "version")),
    publishedAtMs: timeColumn(row, "published_ms"),
    publishedBy: column(row, "published_by"),
    reason: row["reason"] ?? undefined,
    effective: column(row, "effective") as Effective,
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
