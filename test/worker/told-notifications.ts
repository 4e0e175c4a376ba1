import { inject } from "vitest";
import { insertNotification, type Notification } from "../../src/ledger/notifications.ts";
import { askLedger } from "./played-time.ts";
import { call, READ } from "./worker-api.ts";

/** What it says unless a test has it say something else. */
export const TOLD_DATA = {
  customerId: "told-acme",
  metric: "api_calls",
  current: "8000",
  threshold: "80",
  included: "10000",
};

/** Has something told as the ledger does, past the Worker: Redis hears nothing of it. Answers its id. */
export async function tellAt(nowMs: number, changes: Partial<Notification> = {}): Promise<string> {
  const subject = crypto.randomUUID();
  const { text, params } = insertNotification(
    {
      type: "usage.threshold_reached",
      customerId: "told-acme",
      data: TOLD_DATA,
      ...changes,
      subject,
    },
    nowMs,
  );
  await askLedger(text, params);
  const [row] = await askLedger("select notification_id from notifications where subject = $1", [subject]);
  return row?.["notification_id"] ?? "";
}

/** Has Redis forget when something is due, so that the next minute looks. */
export async function forgetDue(): Promise<void> {
  await fetch(inject("controls").upstashUrl, {
    method: "POST",
    headers: { authorization: "Bearer em_upstash_local" },
    body: JSON.stringify(["DEL", "due"]),
  });
}

/** A notification with its attempts, as the Worker shows it. */
// eslint-disable-next-line typescript/no-explicit-any -- whatever it answers
export async function readNotification(id: string): Promise<any> {
  const { status, body } = await call("GET", `/v1/notifications/${id}`, READ);
  if (status !== 200) {
    throw new Error(`no notification: ${JSON.stringify(body)}`);
  }
  return body;
}
