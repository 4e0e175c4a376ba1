import { inject, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { createDatabase, type Parameter, type Row } from "../../src/ledger/database.ts";
import { ADMIN, call, INGEST, trigger } from "./worker-api.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const began = new Date();

/** Start of a month (UTC), counted from the one in which the tests run; those to come are played. */
export function month(ahead: number): number {
  return Date.UTC(began.getUTCFullYear(), began.getUTCMonth() + ahead);
}

/** A month's name as `period=` takes it. */
export function monthName(ahead: number): string {
  return new Date(month(ahead)).toISOString().slice(0, 7);
}

/** A month's period as an invoice shows it. */
export function periodOf(ahead: number): { start: string; end: string } {
  return { start: new Date(month(ahead)).toISOString(), end: new Date(month(ahead + 1)).toISOString() };
}

/** Lets the Worker's clock stand at a moment: day (from 1) and hour of a month. */
export function playAt(ahead: number, day: number, hour = 0, extraMs = 0): number {
  const nowMs = month(ahead) + (day - 1) * DAY_MS + hour * HOUR_MS + extraMs;
  vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
  return nowMs;
}

/** Runs the hourly cron when the month before is due. */
export async function closeMonthBefore(ahead: number): Promise<void> {
  await trigger("17 * * * *", playAt(ahead, 2, 1));
}

/** Flushes what other tests have left, also at moments yet to be played. */
export async function flushAll(): Promise<void> {
  await trigger("* * * * *", month(24));
}

/** A base fee, or that and what else a plan says. */
export type PlanFee = string | { baseFee?: string; prices?: object[]; minSpend?: string; maxSpend?: string };

/** Publishes the demo catalog with further plans: a base fee, or a base fee and prices; at once, or under other terms. */
export async function publishPlans(
  fees: Record<string, PlanFee>,
  terms: { effective?: "now" | "nextPeriod" } = {},
): Promise<{ status: number; version: number }> {
  const plans = Object.entries(fees).map(([name, fee]) => ({
    name,
    displayName: name,
    ...(typeof fee === "string" ? { baseFee: fee } : fee),
  }));
  const document = { ...demoCatalog, plans: [...demoCatalog.plans, ...plans], ...terms };
  const { status, body } = await call("PUT", "/v1/catalog", ADMIN, document);
  return { status, version: body.version };
}

/** Records one event now. */
export async function record(customerId: string, metricName: string, value: number): Promise<void> {
  const { body } = await call("POST", "/v1/events", INGEST, { customerId, metricName, value });
  if (body.recorded !== 1) {
    throw new Error(`the event of ${customerId} was not recorded: ${JSON.stringify(body)}`);
  }
}

/**
 * Takes all customers off their plans and own prices, and forgets that they ever were on any: other files publish
 * catalogs without them, also while what was used by them is still to be billed.
 */
export async function forgetPlans(): Promise<void> {
  await askLedger("update customers set settings = settings - 'plan' - 'prices' - 'budget'", []);
  await askLedger("delete from customer_plans", []);
}

/** Minor units of a whole month's amount for some of its days, rounded half up: computed apart from the product. */
export function partOf(wholeMinor: number, days: number, ahead: number): number {
  return Math.floor((2 * wholeMinor * days + daysOf(ahead)) / (2 * daysOf(ahead)));
}

/** Days of a month. */
export function daysOf(ahead: number): number {
  return (month(ahead + 1) - month(ahead)) / DAY_MS;
}

/** Cents as documents show them. */
export function dollars(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
}

/** Asks Postgres, past the Worker. */
export function askLedger(text: string, params: Parameter[]): Promise<Row[]> {
  const bindings = inject("bindings");
  return createDatabase(bindings["DATABASE_URL"] ?? "", bindings["NEON_FETCH_ENDPOINT"]).query(text, params);
}
