import type { Database, Row } from "./database.ts";
import { column, timeColumn, timeOrNull } from "./row.ts";

/** An endpoint as it is made; its secret is encrypted. */
export interface NewWebhookEndpoint {
  endpointId: string;
  url: string;
  /** Null: all. */
  types: readonly string[] | null;
  /** Null: of every customer, and of the deployment itself. */
  customerId: string | null;
  secret: string;
}

/** An endpoint without its secrets. */
export interface WebhookEndpoint extends Omit<NewWebhookEndpoint, "secret"> {
  createdMs: number;
  /** Until when the secret before this one signs too. */
  previousValidUntilMs: number | null;
  disabledMs: number | null;
  disabledReason: string | null;
  /** Since when it gives no answer, or a late one. */
  slowSinceMs: number | null;
}

/** What an endpoint's messages are signed with, encrypted. */
export interface EndpointSecrets {
  secret: string;
  previous: { secret: string; validUntilMs: number } | null;
}

/** Most endpoints at once: in all, of one customer, and without one, which are told of everything. */
export const MAX_ENDPOINTS = { inAll: 10_000, ofCustomer: 10, ofDeployment: 50 } as const;

/** Any number that is always the same, and not another lock's. */
const ADVISORY_LOCK = 5_823_412_911;

/** Time columns are null as often as not. */
function ms(expression: string): string {
  return `(extract(epoch from ${expression}) * 1000)::bigint::text`;
}

const COLUMNS = `endpoint_id, url, to_jsonb(types)::text as types, customer_id, disabled_reason,
  ${ms("created_at")} as created_ms, ${ms("previous_valid_until")} as previous_valid_until_ms,
  ${ms("disabled_at")} as disabled_ms, ${ms("slow_since")} as slow_since_ms`;

/** True while there are fewer endpoints than the limit that a condition finds; looks no further than to the limit. */
function areFewer(condition: string, limit: number): string {
  return `(select 1 from webhook_endpoints where ${condition} and deleted_at is null
    order by created_at desc, endpoint_id desc offset ${limit - 1} limit 1) is null`;
}

/** Keeps an endpoint; undefined when there are as many as may be. */
export async function insertEndpoint(
  database: Database,
  { endpointId, url, types, customerId, secret }: NewWebhookEndpoint,
  nowMs: number,
): Promise<WebhookEndpoint | undefined> {
  const { inAll, ofCustomer, ofDeployment } = MAX_ENDPOINTS;
  const [, rows] = await database.transaction([
    // As its own first statement: what counts them has to see those of the one before.
    { text: "select pg_advisory_xact_lock($1)", params: [ADVISORY_LOCK] },
    {
      text: `
insert into webhook_endpoints (endpoint_id, url, types, customer_id, secret, created_at)
select $1, $2, case when $3::jsonb is not null then array(select jsonb_array_elements_text($3::jsonb)) end, $4, $5,
  to_timestamp($6::bigint / 1000.0)
where ${areFewer("created_at <= 'infinity'", inAll)}
  and ($4::text is null or ${areFewer("customer_id = $4", ofCustomer)})
  and ($4::text is not null or ${areFewer("customer_id is null", ofDeployment)})
returning ${COLUMNS}`,
      params: [endpointId, url, types && JSON.stringify(types), customerId, secret, nowMs],
    },
  ]);
  const row = rows?.[0];
  return row && readEndpoint(row);
}

/** Reads an endpoint; undefined when there is none, or it was deleted. */
export async function getEndpoint(
  database: Database,
  endpointId: string,
): Promise<(WebhookEndpoint & EndpointSecrets) | undefined> {
  const [row] = await database.query(
    `select ${COLUMNS}, secret, previous_secret from webhook_endpoints where endpoint_id = $1 and deleted_at is null`,
    [endpointId],
  );
  return row && { ...readEndpoint(row), ...readSecrets(row) };
}

/** Endpoints from newest to oldest, of one customer or of all, after the one that `after` names. */
export async function listEndpoints(
  database: Database,
  customerId: string | undefined,
  limit: number,
  after: { timeMs: number; id: string } | undefined,
): Promise<WebhookEndpoint[]> {
  const rows = await database.query(
    `
select ${COLUMNS} from webhook_endpoints
where ${customerId === undefined ? "$4::text is null" : "customer_id = $4"} and deleted_at is null
  and (created_at, endpoint_id) < (coalesce(to_timestamp($1::bigint / 1000.0), 'infinity'), $2)
order by created_at desc, endpoint_id desc limit $3`,
    [after?.timeMs ?? null, after?.id ?? "", limit, customerId ?? null],
  );
  return rows.map(readEndpoint);
}

/**
 * Puts a secret in place of the current one, which goes on to sign until a moment; undefined when there is no such endpoint.
 *
 * What was the previous one by then signs no more.
 */
export async function rotateSecret(
  database: Database,
  endpointId: string,
  secret: string,
  previousValidUntilMs: number,
): Promise<WebhookEndpoint | undefined> {
  const [row] = await database.query(
    `
update webhook_endpoints set previous_secret = secret, previous_valid_until = to_timestamp($3::bigint / 1000.0), secret = $2
where endpoint_id = $1 and deleted_at is null returning ${COLUMNS}`,
    [endpointId, secret, previousValidUntilMs],
  );
  return row && readEndpoint(row);
}

/** Lets an endpoint take part again, from the next notification on; undefined when there is none. */
export async function enableEndpoint(
  database: Database,
  endpointId: string,
): Promise<WebhookEndpoint | undefined> {
  const [row] = await database.query(
    `
update webhook_endpoints set disabled_at = null, disabled_reason = null, slow_since = null
where endpoint_id = $1 and deleted_at is null returning ${COLUMNS}`,
    [endpointId],
  );
  return row && readEndpoint(row);
}

/** Forgets an endpoint with its secrets, and gives up what waits for it; answers false when there was none. */
export async function deleteEndpoint(
  database: Database,
  endpointId: string,
  nowMs: number,
): Promise<boolean> {
  const [rows] = await database.transaction([
    {
      text: `
update webhook_endpoints set deleted_at = to_timestamp($2::bigint / 1000.0), secret = null, previous_secret = null,
  previous_valid_until = null
where endpoint_id = $1 and deleted_at is null returning 1`,
      params: [endpointId, nowMs],
    },
    {
      text: `
update deliveries set state = 'failed', failure = 'endpoint_deleted', due_at = null, claim_id = null,
  settled_at = to_timestamp($2::bigint / 1000.0)
where target = $1 and due_at is not null and exists (select 1 from webhook_endpoints where endpoint_id = $1)`,
      params: [endpointId, nowMs],
    },
  ]);
  return (rows?.length ?? 0) > 0;
}

function readEndpoint(row: Row): WebhookEndpoint {
  const types = row["types"] ?? null;
  return {
    endpointId: column(row, "endpoint_id"),
    url: column(row, "url"),
    types: types === null ? null : (JSON.parse(types) as string[]),
    customerId: row["customer_id"] ?? null,
    createdMs: timeColumn(row, "created_ms"),
    previousValidUntilMs: timeOrNull(row, "previous_valid_until_ms"),
    disabledMs: timeOrNull(row, "disabled_ms"),
    disabledReason: row["disabled_reason"] ?? null,
    slowSinceMs: timeOrNull(row, "slow_since_ms"),
  };
}

function readSecrets(row: Row): EndpointSecrets {
  const previous = row["previous_secret"] ?? null;
  return {
    secret: column(row, "secret"),
    previous:
      previous === null
        ? null
        : { secret: previous, validUntilMs: timeColumn(row, "previous_valid_until_ms") },
  };
}
