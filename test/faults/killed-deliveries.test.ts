import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localKeys } from "../../local/stores.ts";
import { CUTS, killAt } from "../support/kill-at.ts";
import { startMeter, type RunningMeter } from "../support/running-meter.ts";
import { startReceiver, verified, type WebhookReceiver } from "../support/webhook-receiver.ts";

const MINUTE_MS = 60_000;
const MINUTE_CRON = "* * * * *";
/** What a dead run has taken comes free after five minutes. */
const LATER_MS = 6 * MINUTE_MS;

let meter: RunningMeter;
let receiver: WebhookReceiver;
let secret: string;
let told = 0;

beforeAll(async () => {
  [meter, receiver] = await Promise.all([startMeter(), startReceiver()]);
  const made = await meter.send("POST", "/v1/webhook-endpoints", { url: receiver.url });
  secret = String((made?.body as Record<string, unknown> | undefined)?.["secret"]);
});
afterAll(() => Promise.all([meter.stop(), receiver.stop()]));

/** Has something told that Redis hears nothing of, and Redis forget what it knows. Answers its id. */
async function tell(): Promise<string> {
  told += 1;
  const id = `ntf_killed_${told}`;
  await meter.database.query(
    `insert into notifications (notification_id, type, subject, data, created_at)
     values ($1, 'operations.redis_reset', $1, '{"kind": "emptied"}', now())`,
    [id],
  );
  await fetch(meter.stores.upstash.url, {
    method: "POST",
    headers: { authorization: `Bearer ${localKeys.upstashToken}` },
    body: JSON.stringify(["DEL", "due"]),
  });
  return id;
}

async function stateOf(id: string): Promise<unknown[]> {
  const { rows } = await meter.database.query("select state from deliveries where notification_id = $1", [
    id,
  ]);
  return rows.map(({ state }: { state: string }) => state);
}

describe.each(CUTS)("the Worker is killed at a request that is %s", (cut) => {
  test.each(["upstash", "neon"] as const)(
    "deliveries, at each request to %s: delivered by a run after it, under its id, twice at most",
    async (store) => {
      let cuts = 0;
      for (let isCut = true; isCut; cuts += 1) {
        const id = await tell();
        const nowMs = Date.now();
        isCut = await killAt(
          meter,
          meter.stores[store],
          cuts,
          cut,
          () => meter.trigger(MINUTE_CRON, nowMs),
          async () =>
            (await meter.trigger(MINUTE_CRON, nowMs + LATER_MS)) &&
            (await meter.trigger(MINUTE_CRON, nowMs + 2 * LATER_MS)),
        );
        const received = receiver.received.filter((one) => one.id === id);
        expect(await stateOf(id), `cut at request ${cuts}`).toEqual(["delivered"]);
        expect(received.length, `cut at request ${cuts}`).toBeGreaterThanOrEqual(1);
        expect(received.length, `cut at request ${cuts}`).toBeLessThanOrEqual(2);
        expect(new Set(received.map(({ body }) => body)).size).toBe(1);
        expect(verified(secret, received[0]!)).toMatchObject({ data: { kind: "emptied" } });
      }
      // What is due, keep when something is next; what is due, address, claim, settle, what is next, job run.
      expect(cuts - 1).toBeGreaterThanOrEqual(store === "upstash" ? 3 : 6);
    },
  );
});
