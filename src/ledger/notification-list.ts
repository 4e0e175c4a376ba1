import { isoTime } from "../domain/window.ts";
import type { Database, Row } from "./database.ts";
import { column, timeColumn, timeOrNull } from "./row.ts";

export const DELIVERY_STATES = ["pending", "delivered", "failed"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** How far telling one target has come. */
export interface DeliveryRow {
  target: string;
  state: DeliveryState;
  attempts: number;
  nextAttemptAt: string | null;
  status: number | null;
  failure: string | null;
  settledAt: string | null;
}

export interface NotificationRow {
  notificationId: string;
  type: string;
  customerId: string | null;
  createdMs: number;
  data: Record<string, unknown>;
  /** When its deliveries were made; null when that is still to come. */
  addressedMs: number | null;
  deliveries: DeliveryRow[];
}

export interface NotificationFilter {
  customerId?: string | undefined;
  type?: string | undefined;
  /** Those with a delivery in this state. */
  state?: DeliveryState | undefined;
}

/** Milliseconds as they are, where JSON would make a text of its own of a time. */
const DELIVERIES = `(
  select coalesce(jsonb_agg(jsonb_build_object('target', target, 'state', state, 'attempts', attempts, 'status', status,
    'failure', failure, 'dueMs', (extract(epoch from due_at) * 1000)::bigint,
    'settledMs', (extract(epoch from settled_at) * 1000)::bigint) order by target), '[]')
  from deliveries where deliveries.notification_id = told.notification_id)::text as deliveries`;

const COLUMNS = `notification_id, type, customer_id, data::text, (extract(epoch from created_at) * 1000)::bigint::text as created_ms,
  (extract(epoch from addressed_at) * 1000)::bigint::text as addressed_ms, ${DELIVERIES}`;

/** Notifications from newest to oldest, after the one that `after` names. */
export async function listNotifications(
  database: Database,
  { customerId, type, state }: NotificationFilter,
  limit: number,
  after: { timeMs: number; id: string } | undefined,
): Promise<NotificationRow[]> {
  const before = "(coalesce(to_timestamp($1::bigint / 1000.0), 'infinity'), $2)";
  // One that has a state is found by its deliveries, of which few are pending or failed; `offset 0` keeps their order.
  const source =
    state === undefined
      ? "notifications as told"
      : `(
  select distinct on (notified_at, notification_id) notified_at, notification_id as found_id from deliveries
  where state = $6 and (notified_at, notification_id) < ${before}
  order by notified_at desc, notification_id desc
) as found cross join lateral (select * from notifications where notification_id = found_id offset 0) as told`;
  const rows = await database.query(
    `
select ${COLUMNS} from ${source}
where (created_at, notification_id) < ${before}
  and ${customerId === undefined ? "$4::text is null" : "customer_id = $4"}
  and ${type === undefined ? "$5::text is null" : "type = $5"} ${state === undefined ? "and $6::text is null" : ""}
order by ${state === undefined ? "created_at" : "notified_at"} desc, ${state === undefined ? "notification_id" : "found_id"} desc
limit $3`,
    [after?.timeMs ?? null, after?.id ?? "", limit, customerId ?? null, type ?? null, state ?? null],
  );
  return rows.map(readNotification);
}

/** Reads one notification; undefined when there is none. */
export async function getNotification(
  database: Database,
  notificationId: string,
): Promise<NotificationRow | undefined> {
  const [row] = await database.query(
    `select ${COLUMNS} from notifications as told where notification_id = $1`,
    [notificationId],
  );
  return row && readNotification(row);
}

/** An attempt as it is shown. */
export interface AttemptRow {
  target: string;
  at: string;
  durationMs: number;
  status: number | null;
  failure: string | null;
  response: string | null;
}

/** The newest attempts of a notification's deliveries, newest first. */
export async function listAttempts(
  database: Database,
  notificationId: string,
  limit: number,
): Promise<AttemptRow[]> {
  const rows = await database.query(
    `
select target, (extract(epoch from attempted_at) * 1000)::bigint::text as at_ms, duration_ms::text, status::text, failure, response
from delivery_attempts where notification_id = $1 order by attempt_id desc limit $2`,
    [notificationId, limit],
  );
  return rows.map((row) => ({
    target: column(row, "target"),
    at: isoTime(timeColumn(row, "at_ms")),
    durationMs: Number(column(row, "duration_ms")),
    status: (row["status"] ?? null) === null ? null : Number(row["status"]),
    failure: row["failure"] ?? null,
    response: row["response"] ?? null,
  }));
}

interface DeliveryJson extends Omit<DeliveryRow, "nextAttemptAt" | "settledAt"> {
  dueMs: number | null;
  settledMs: number | null;
}

function readNotification(row: Row): NotificationRow {
  const deliveries = JSON.parse(column(row, "deliveries")) as DeliveryJson[];
  return {
    notificationId: column(row, "notification_id"),
    type: column(row, "type"),
    customerId: row["customer_id"] ?? null,
    createdMs: timeColumn(row, "created_ms"),
    data: JSON.parse(column(row, "data")) as Record<string, unknown>,
    addressedMs: timeOrNull(row, "addressed_ms"),
    deliveries: deliveries.map(({ dueMs, settledMs, ...delivery }) => ({
      ...delivery,
      nextAttemptAt: dueMs === null ? null : isoTime(dueMs),
      settledAt: settledMs === null ? null : isoTime(settledMs),
    })),
  };
}
