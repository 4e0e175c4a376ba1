import type { Database, Row, Statement } from "./database.ts";
import { EMAIL_TARGET } from "./delivery-making.ts";
import { column, timeColumn, timeOrNull } from "./row.ts";

export interface ClaimTerms {
  /** Fresh for each run. */
  claimId: string;
  nowMs: number;
  /** When another run may take what this one has not settled. */
  leaseEndMs: number;
  /** Most deliveries, in all and of one target. */
  limit: number;
  perTarget: number;
  /** Targets after this word come first, so that each run may begin elsewhere. */
  beginAfter: string;
}

/** A delivery that a run has taken, with all that it needs to try it. */
export interface ClaimedDelivery {
  notificationId: string;
  target: string;
  type: string;
  customerId: string | null;
  createdMs: number;
  /** JSON. */
  data: string;
  /** This one included. */
  attempts: number;
  giveUpMs: number;
  /** Undefined for an e-mail. */
  endpoint: ClaimedEndpoint | undefined;
  /** The customer's, for an e-mail; null where it has none any more. */
  recipient: { address: string; name: string | null } | null;
}

export interface ClaimedEndpoint {
  url: string;
  /** Encrypted; undefined when the endpoint was deleted. */
  secret: string | undefined;
  previous: { secret: string; validUntilMs: number } | null;
  isDisabled: boolean;
  isSlow: boolean;
}

/** Most targets that one claim looks at in each direction from where it begins. */
const MAX_TARGETS = 1000;

/** Targets with something pending, one look into the index each: after `$5` up to the last, or from the first up to `$5`. */
function targetsFrom(name: string, isWrapped: boolean): string {
  const start = isWrapped ? "target > '' and target <= $5" : "target > $5";
  return `${name} as (
  (select target, 1 as place from deliveries where due_at is not null and ${start} order by target limit 1)
  union all
  select later.target, place + 1 from ${name} cross join lateral (
    select target from deliveries where due_at is not null and target > ${name}.target ${isWrapped ? "and target <= $5" : ""}
    order by target limit 1
  ) as later where place < ${MAX_TARGETS}
)`;
}

const CLAIM = `
with recursive ${targetsFrom("after", false)}, ${targetsFrom("before", true)}, targets as (
  select target, place from after union all select target, place + ${MAX_TARGETS} from before order by place
), taken as materialized (
  select due.notification_id, due.target from targets cross join lateral (
    select notification_id, target from deliveries
    where deliveries.target = targets.target and due_at <= to_timestamp($2::bigint / 1000.0)
    order by due_at limit $6 for update skip locked
  ) as due limit $4
), claimed as (
  update deliveries set claim_id = $1, due_at = to_timestamp($3::bigint / 1000.0), attempts = attempts + 1 from taken
  where deliveries.notification_id = taken.notification_id and deliveries.target = taken.target
  returning deliveries.*
)
select notification_id, target, type, claimed.attempts::text, notifications.customer_id, data::text,
  (extract(epoch from notified_at) * 1000)::bigint::text as created_ms,
  (extract(epoch from give_up_at) * 1000)::bigint::text as give_up_ms,
  url, secret, previous_secret, (extract(epoch from previous_valid_until) * 1000)::bigint::text as previous_valid_until_ms,
  (disabled_at is not null)::text as is_disabled, (slow_since is not null)::text as is_slow,
  settings ->> 'email' as address, settings ->> 'name' as name
from claimed join notifications using (notification_id)
left join webhook_endpoints on endpoint_id = target
left join customers on target = '${EMAIL_TARGET}' and customers.customer_id = notifications.customer_id
  and customers.deleted_at is null
order by target, notified_at, notification_id`;

/**
 * Takes deliveries that are due, each for this run alone until its lease ends, and counts an attempt of each.
 *
 * Every target has an equal part, so that none with many waits before another.
 */
export async function claimDeliveries(database: Database, terms: ClaimTerms): Promise<ClaimedDelivery[]> {
  const { claimId, nowMs, leaseEndMs, limit, perTarget, beginAfter } = terms;
  const rows = await database.query(CLAIM, [claimId, nowMs, leaseEndMs, limit, beginAfter, perTarget]);
  return rows.map(readClaimed);
}

function readClaimed(row: Row): ClaimedDelivery {
  const address = row["address"] ?? null;
  const previous = row["previous_secret"] ?? null;
  const url = row["url"] ?? null;
  return {
    notificationId: column(row, "notification_id"),
    target: column(row, "target"),
    type: column(row, "type"),
    customerId: row["customer_id"] ?? null,
    createdMs: timeColumn(row, "created_ms"),
    data: column(row, "data"),
    attempts: Number(column(row, "attempts")),
    giveUpMs: timeColumn(row, "give_up_ms"),
    endpoint:
      url === null
        ? undefined
        : {
            url,
            secret: row["secret"] ?? undefined,
            previous:
              previous === null
                ? null
                : { secret: previous, validUntilMs: timeColumn(row, "previous_valid_until_ms") },
            isDisabled: row["is_disabled"] === "true",
            isSlow: row["is_slow"] === "true",
          },
    recipient: address === null ? null : { address, name: row["name"] ?? null },
  };
}

/** What is kept of an attempt. */
export interface AttemptRecord {
  attemptedMs: number;
  durationMs: number;
  status: number | null;
  failure: string | null;
  response: string | null;
}

/** What follows from an attempt. */
export type Settlement =
  | { state: "delivered" }
  | { state: "pending"; dueMs: number }
  | { state: "failed"; disables: boolean };

export interface SettledDelivery {
  notificationId: string;
  target: string;
  claimId: string;
  /** Null when there was no attempt. */
  attempt: AttemptRecord | null;
  /** Why it is not delivered. */
  failure: string | null;
  settlement: Settlement;
  /** Told when it has changed. */
  isSlow: boolean | undefined;
}

/**
 * Keeps an attempt and what follows from it.
 *
 * What was delivered is, whoever has taken it meanwhile; everything else is only said by the run whose claim still stands.
 */
export async function settleDelivery(
  database: Database,
  settled: SettledDelivery,
  nowMs: number,
): Promise<void> {
  // The endpoint before its deliveries, as everyone has it: two who lock both in turn would wait for each other.
  await database.transaction([
    ...endpointChanges(settled, nowMs),
    ...(settled.attempt === null ? [] : [logAttempt(settled, settled.attempt)]),
    settlementOf(settled, nowMs),
    ...(settled.settlement.state === "failed" && settled.settlement.disables
      ? [giveUpWaiting(settled.target, nowMs)]
      : []),
  ]);
}

function endpointChanges({ target, isSlow, settlement }: SettledDelivery, nowMs: number): Statement[] {
  const changes: Statement[] = [];
  if (isSlow !== undefined) {
    changes.push({
      text: `
update webhook_endpoints set slow_since = case when $2::boolean then to_timestamp($3::bigint / 1000.0) end
where endpoint_id = $1 and (slow_since is not null) <> $2::boolean`,
      params: [target, String(isSlow), nowMs],
    });
  }
  if (settlement.state === "failed" && settlement.disables) {
    changes.push({
      text: `
update webhook_endpoints set disabled_at = to_timestamp($2::bigint / 1000.0), disabled_reason = 'gone'
where endpoint_id = $1 and disabled_at is null and deleted_at is null`,
      params: [target, nowMs],
    });
  }
  return changes;
}

function logAttempt({ notificationId, target }: SettledDelivery, attempt: AttemptRecord): Statement {
  const { attemptedMs, durationMs, status, failure, response } = attempt;
  return {
    text: `
insert into delivery_attempts (notification_id, target, attempted_at, duration_ms, status, failure, response)
values ($1, $2, to_timestamp($3::bigint / 1000.0), $4::integer, $5::integer, $6, $7)`,
    params: [notificationId, target, attemptedMs, durationMs, status, failure, response],
  };
}

function settlementOf(settled: SettledDelivery, nowMs: number): Statement {
  const { notificationId, target, claimId, attempt, failure, settlement } = settled;
  const dueMs = settlement.state === "pending" ? settlement.dueMs : null;
  return {
    text: `
update deliveries set state = $4, due_at = to_timestamp($5::bigint / 1000.0), claim_id = null, status = $6::integer,
  failure = $7, settled_at = case when $5::bigint is null then to_timestamp($8::bigint / 1000.0) end
where notification_id = $1 and target = $2 and ($4 = 'delivered' or (claim_id = $3 and state = 'pending'))`,
    params: [
      notificationId,
      target,
      claimId,
      settlement.state,
      dueMs,
      attempt?.status ?? null,
      failure,
      nowMs,
    ],
  };
}

/** What waits for an endpoint that takes nothing any more. */
function giveUpWaiting(target: string, nowMs: number): Statement {
  return {
    text: `
update deliveries set state = 'failed', failure = 'endpoint_disabled', due_at = null, claim_id = null,
  settled_at = to_timestamp($2::bigint / 1000.0)
where target = $1 and due_at is not null`,
    params: [target, nowMs],
  };
}

/** A delivery that was claimed and not tried. */
export interface ReleasedDelivery {
  notificationId: string;
  target: string;
  dueMs: number;
  failure: string;
}

/** Gives back what was claimed and not tried, without counting an attempt; what is too old fails. */
export async function releaseDeliveries(
  database: Database,
  claimId: string,
  released: readonly ReleasedDelivery[],
  nowMs: number,
): Promise<void> {
  await database.query(
    `
update deliveries set claim_id = null, attempts = attempts - 1,
  state = case when page.due_at > give_up_at then 'failed' else 'pending' end,
  due_at = case when page.due_at > give_up_at then null else page.due_at end,
  settled_at = case when page.due_at > give_up_at then to_timestamp($3::bigint / 1000.0) end,
  failure = case when page.due_at > give_up_at then page.failure else deliveries.failure end
from (
  select "notificationId" as notification_id, target, to_timestamp("dueMs" / 1000.0) as due_at, failure
  from jsonb_to_recordset($2::jsonb) as page ("notificationId" text, target text, "dueMs" bigint, failure text)
) as page
where deliveries.notification_id = page.notification_id and deliveries.target = page.target and claim_id = $1`,
    [claimId, JSON.stringify(released), nowMs],
  );
}

/** When the next delivery is due, epoch ms; 0 when a notification is to be addressed, Infinity when nothing waits. */
export async function nextDue(database: Database): Promise<number> {
  const [row] = await database.query(
    `
select (select 0 from notifications where addressed_at is null order by created_at limit 1)::text as unaddressed,
  (extract(epoch from (select due_at from deliveries where due_at is not null order by due_at limit 1)) * 1000)::bigint::text
    as due_ms`,
    [],
  );
  if (row === undefined || (row["unaddressed"] ?? null) !== null) {
    return 0;
  }
  return timeOrNull(row, "due_ms") ?? Infinity;
}
