import type { ApiKey, Scope } from "../domain/access.ts";
import { SCOPES } from "../domain/access.ts";
import { invariant } from "../domain/invariant.ts";
import type { Database, Row } from "./database.ts";
import { column, timeColumn, timeOrNull } from "./row.ts";

/** A key as it is made. */
export interface NewApiKey {
  keyId: string;
  /** SHA-256 of its text, in hex. */
  sha256: string;
  prefix: string;
  scope: Scope;
  name: string;
  createdBy: string;
  expiresMs: number | null;
}

/** A key as it is listed. */
export interface ListedApiKey extends ApiKey {
  prefix: string;
  name: string;
  createdMs: number;
  createdBy: string;
}

/** Most keys at once that are not revoked. */
export const MAX_API_KEYS = 1000;

/** Any number that is always the same, and not another lock's. */
const ADVISORY_LOCK = 5_823_412_912;

function ms(name: string): string {
  return `(extract(epoch from ${name}) * 1000)::bigint::text`;
}

const IN_FORCE = `key_id, scope, ${ms("expires_at")} as expires_ms, ${ms("revoked_at")} as revoked_ms,
  ${ms("last_used_at")} as last_used_ms`;
const LISTED = `${IN_FORCE}, prefix, name, created_by, ${ms("created_at")} as created_ms`;

/** Keeps a key; undefined when there are as many as may be. */
export async function insertApiKey(
  database: Database,
  { keyId, sha256, prefix, scope, name, createdBy, expiresMs }: NewApiKey,
  nowMs: number,
): Promise<ListedApiKey | undefined> {
  const [, rows] = await database.transaction([
    // As its own first statement: what counts them has to see those of the one before.
    { text: "select pg_advisory_xact_lock($1)", params: [ADVISORY_LOCK] },
    {
      text: `
insert into api_keys (key_id, sha256, prefix, scope, name, created_by, expires_at, created_at)
select $1, $2, $3, $4, $5, $6, to_timestamp($7::bigint / 1000.0), to_timestamp($8::bigint / 1000.0)
where (select 1 from api_keys where created_at <= 'infinity' and revoked_at is null
  order by created_at desc, key_id desc offset ${MAX_API_KEYS - 1} limit 1) is null
returning ${LISTED}`,
      params: [keyId, sha256, prefix, scope, name, createdBy, expiresMs, nowMs],
    },
  ]);
  const row = rows?.[0];
  return row && readListed(row);
}

/** Finds a key by the SHA-256 of its text, in hex; waits no longer than `timeoutMs`. */
export async function findApiKey(
  database: Database,
  sha256: string,
  timeoutMs: number,
): Promise<ApiKey | undefined> {
  const [row] = await database.query(
    `select ${IN_FORCE} from api_keys where sha256 = $1`,
    [sha256],
    timeoutMs,
  );
  return row && readKey(row);
}

/** Keys from newest to oldest, revoked ones among them, after the one that `after` names. */
export async function listApiKeys(
  database: Database,
  limit: number,
  after: { timeMs: number; id: string } | undefined,
): Promise<ListedApiKey[]> {
  const rows = await database.query(
    `
select ${LISTED} from api_keys
where (created_at, key_id) < (coalesce(to_timestamp($1::bigint / 1000.0), 'infinity'), $2)
order by created_at desc, key_id desc limit $3`,
    [after?.timeMs ?? null, after?.id ?? "", limit],
  );
  return rows.map(readListed);
}

/** Revokes a key, once and for all; answers its SHA-256 also when it was revoked before, undefined when there is none. */
export async function revokeApiKey(
  database: Database,
  keyId: string,
  nowMs: number,
): Promise<string | undefined> {
  const [row] = await database.query(
    `
update api_keys set revoked_at = coalesce(revoked_at, to_timestamp($2::bigint / 1000.0)) where key_id = $1
returning sha256`,
    [keyId, nowMs],
  );
  return row && column(row, "sha256");
}

/** Notes the hour in which a key was used, unless a later one is noted. */
export async function noteKeyUse(
  database: Database,
  keyId: string,
  hourMs: number,
  timeoutMs: number,
): Promise<void> {
  await database.query(
    `
update api_keys set last_used_at = to_timestamp($2::bigint / 1000.0)
where key_id = $1 and (last_used_at is null or last_used_at < to_timestamp($2::bigint / 1000.0))`,
    [keyId, hourMs],
    timeoutMs,
  );
}

function readKey(row: Row): ApiKey {
  const scope = SCOPES.find((known) => known === row["scope"]);
  invariant(scope !== undefined, "a key has one of the scopes");
  return {
    keyId: column(row, "key_id"),
    scope,
    expiresMs: timeOrNull(row, "expires_ms"),
    revokedMs: timeOrNull(row, "revoked_ms"),
    lastUsedMs: timeOrNull(row, "last_used_ms"),
  };
}

function readListed(row: Row): ListedApiKey {
  return {
    ...readKey(row),
    prefix: column(row, "prefix"),
    name: column(row, "name"),
    createdMs: timeColumn(row, "created_ms"),
    createdBy: column(row, "created_by"),
  };
}
