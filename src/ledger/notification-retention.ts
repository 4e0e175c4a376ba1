import type { Database } from "./database.ts";

/** Rows that were removed. */
export interface PrunedNotifications {
  attempts: number;
  deliveries: number;
  notifications: number;
  endpoints: number;
}

/**
 * Forgets what was told before a moment, and how it was delivered, the oldest first; at most `limit` of each kind.
 *
 * What is still to be delivered stays, with its notification.
 */
export async function pruneNotifications(
  database: Database,
  beforeMs: number,
  limit: number,
): Promise<PrunedNotifications> {
  const params = [beforeMs, limit];
  const before = "to_timestamp($1::bigint / 1000.0)";
  const [attempts, deliveries, notifications, endpoints] = await database.transaction([
    {
      text: `
delete from delivery_attempts where ctid = any (array(
  select ctid from delivery_attempts where attempted_at < ${before} order by attempted_at limit $2))
returning 1`,
      params,
    },
    {
      text: `
delete from deliveries where ctid = any (array(
  select ctid from deliveries where notified_at < ${before} and due_at is null order by notified_at limit $2))
returning 1`,
      params,
    },
    {
      text: `
delete from notifications where ctid = any (array(
  select ctid from notifications where created_at < ${before} and addressed_at is not null
    and (select 1 from deliveries where deliveries.notification_id = notifications.notification_id limit 1) is null
  order by created_at limit $2))
returning 1`,
      params,
    },
    {
      text: `
delete from webhook_endpoints where ctid = any (array(
  select ctid from webhook_endpoints where deleted_at < ${before} order by deleted_at limit $2))
returning 1`,
      params,
    },
  ]);
  return {
    attempts: attempts?.length ?? 0,
    deliveries: deliveries?.length ?? 0,
    notifications: notifications?.length ?? 0,
    endpoints: endpoints?.length ?? 0,
  };
}
