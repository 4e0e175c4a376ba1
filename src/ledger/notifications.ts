import type { Statement } from "./database.ts";

/** Something to be told; its type is one of the API's. */
export interface Notification {
  type: string;
  /** Two of one subject are one. */
  subject: string;
  customerId: string | null;
  data: Record<string, unknown>;
}

/** Keeps what is to be told, once; belongs into the transaction of what it tells. */
export function insertNotification(
  { type, subject, customerId, data }: Notification,
  nowMs: number,
): Statement {
  return {
    text: `
insert into notifications (notification_id, type, subject, customer_id, data, created_at)
values ('ntf_' || gen_random_uuid(), $1, $2, $3, $4::jsonb, to_timestamp($5::bigint / 1000.0))
on conflict (subject) do nothing`,
    params: [type, subject, customerId, JSON.stringify(data), nowMs],
  };
}
