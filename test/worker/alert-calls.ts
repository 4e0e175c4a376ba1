import { expect } from "vitest";
import { askLedger, record } from "./played-time.ts";
import { ADMIN, call, READ, trigger } from "./worker-api.ts";

/** Puts a customer, known or not. */
export async function putCustomer(customerId: string, settings: object = {}): Promise<void> {
  const { status } = await call("PUT", `/v1/customers/${customerId}`, ADMIN, settings);
  expect([200, 201]).toContain(status);
}

/** Puts a customer's rules of alerts. */
export function putRules(customerId: string, rules: unknown, key = ADMIN) {
  return call("PUT", `/v1/customers/${customerId}/alert-rules`, key, { rules });
}

/** Counts, and lets the minute's cron come. */
export async function used(customerId: string, value: number, metricName = "api_calls"): Promise<void> {
  await record(customerId, metricName, value);
  await trigger("* * * * *", Date.now());
}

/** A customer's alerts as `rule metric threshold`, the newest first; of one moment in order. */
export async function alertsOf(customerId: string): Promise<string[]> {
  const { body } = await call("GET", `/v1/alerts?customerId=${customerId}`, READ);
  return (body.data as Record<string, string | null>[])
    .map(({ rule, metric, threshold }) => [rule, metric ?? [], threshold].flat().join(" "))
    .toSorted();
}

/** A notification, as the ledger has it. */
export interface Told {
  type: string;
  data: { threshold: number | string };
}

/** What a customer was told, the oldest first. */
export async function toldTo(customerId: string): Promise<Told[]> {
  const rows = await askLedger(
    "select type, data::text as data from notifications where customer_id = $1 order by created_at, type",
    [customerId],
  );
  return rows.map((row) => ({
    type: row["type"] ?? "",
    data: JSON.parse(row["data"] ?? "null") as Told["data"],
  }));
}

/** Words of {@link alertsOf} for the default rule of included calls. */
export const usage = (...percents: number[]) =>
  percents.map((percent) => `default_usage api_calls ${percent}`);
