import { CUSTOMER_TYPES } from "../domain/notification-type.ts";
import type { Database } from "./database.ts";
import { column } from "./row.ts";

/** The target of what is sent by e-mail; every other target is an endpoint's id. */
export const EMAIL_TARGET = "email";

/** What deliveries are made for. */
export interface DeliveryTerms {
  nowMs: number;
  /** What is not delivered by then is given up. */
  giveUpMs: number;
  /** Whether customers with an address are written to. */
  hasEmail: boolean;
}

/**
 * Who is told of each notification in `told`: parameters `$1` types for customers, as JSON, and `$2` whether e-mail is sent.
 *
 * An endpoint of a customer matches by that customer's id alone, and only types for customers.
 */
const MATCHED = `matched as (
  select told.notification_id, told.created_at, target.target from told cross join lateral (
    select endpoint_id as target from webhook_endpoints
    where customer_id is null and deleted_at is null and disabled_at is null and (types is null or told.type = any (types))
    union all
    select endpoint_id from webhook_endpoints
    where customer_id = told.customer_id and deleted_at is null and disabled_at is null
      and $1::jsonb ? told.type and (types is null or told.type = any (types))
    union all
    select '${EMAIL_TARGET}' from customers
    where customer_id = told.customer_id and deleted_at is null and settings ->> 'email' is not null
      and $1::jsonb ? told.type and $2::boolean
  ) as target
)`;

const INSERTED = `
insert into deliveries as held (notification_id, target, state, due_at, give_up_at, notified_at)
select notification_id, target, 'pending', to_timestamp($3::bigint / 1000.0), to_timestamp($4::bigint / 1000.0), created_at
from matched`;

function termParameters({ hasEmail, nowMs, giveUpMs }: DeliveryTerms): [string, string, number, number] {
  return [JSON.stringify(CUSTOMER_TYPES), String(hasEmail), nowMs, giveUpMs];
}

/**
 * Makes the deliveries of notifications that have none yet, the oldest first; answers how many notifications that were.
 *
 * In one statement, so that each is addressed once, whatever runs at once. A notification that nobody takes is done with.
 */
export async function addressNotifications(
  database: Database,
  terms: DeliveryTerms,
  limit: number,
): Promise<number> {
  const rows = await database.query(
    `
with unaddressed as materialized (
  select notification_id from notifications where addressed_at is null
  order by created_at, notification_id limit $5 for update skip locked
), told as (
  update notifications set addressed_at = to_timestamp($3::bigint / 1000.0) from unaddressed
  where notifications.notification_id = unaddressed.notification_id
  returning notifications.notification_id, type, customer_id, created_at
), ${MATCHED}, made as (${INSERTED} on conflict do nothing)
select 1 from told`,
    [...termParameters(terms), limit],
  );
  return rows.length;
}

/** Whom to tell again; without either, all. */
export interface RedeliveryChoice {
  endpointId?: string | undefined;
  kind?: "webhook" | "email" | undefined;
}

/**
 * Orders a notification to be delivered again, at once: to those who would be told of it now.
 *
 * What a run is at already is left to it. Answers the targets.
 */
export async function redeliver(
  database: Database,
  notificationId: string,
  terms: DeliveryTerms,
  { endpointId, kind }: RedeliveryChoice,
): Promise<string[]> {
  const rows = await database.query(
    `
with told as (
  select notification_id, type, customer_id, created_at from notifications where notification_id = $5
), ${MATCHED}
${INSERTED} where ($6::text is null or target = $6) and ($7::text is null or (target = '${EMAIL_TARGET}') = ($7 = 'email'))
on conflict (notification_id, target) do update set state = 'pending', attempts = 0, due_at = excluded.due_at,
  give_up_at = excluded.give_up_at, settled_at = null
where held.claim_id is null
returning held.target`,
    [...termParameters(terms), notificationId, endpointId ?? null, kind ?? null],
  );
  return rows.map((row) => column(row, "target"));
}
