import type { Database } from "../../src/ledger/database.ts";
import { insertEndpoint, type NewWebhookEndpoint } from "../../src/ledger/webhook-endpoints.ts";
import { insertNotification, type Notification } from "../../src/ledger/notifications.ts";

/** Has something told, as its transaction would; each subject once. */
export async function tell(
  database: Database,
  subject: string,
  nowMs: number,
  changes: Partial<Notification> = {},
): Promise<void> {
  const { text, params } = insertNotification(
    { type: "usage.threshold_reached", customerId: "cus_acme", data: {}, ...changes, subject },
    nowMs,
  );
  await database.query(text, params);
}

/** Keeps an endpoint whose secret is not sealed: for what sends nothing. */
export async function endpoint(
  database: Database,
  name: string,
  changes: Partial<NewWebhookEndpoint> = {},
  nowMs = 1000,
): Promise<void> {
  await insertEndpoint(
    database,
    {
      endpointId: `whe_${name}`,
      url: `https://example.com/${name}`,
      types: null,
      customerId: null,
      secret: "sealed",
      ...changes,
    },
    nowMs,
  );
}
