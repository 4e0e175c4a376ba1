import { createScheduledController } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { inject } from "vitest";
import worker from "../../src/index.ts";

export const ADMIN = "em_admin_local";
export const INGEST = "em_ingest_local";
export const READ = "em_read_local";

export interface Answer {
  status: number;
  headers: Headers;
  // Whatever the Worker answers: tests assert what is in it.
  body: any; // eslint-disable-line typescript/no-explicit-any
}

/** Sends one request to the Worker; a string body goes as it is, everything else as JSON. */
export async function call(
  method: string,
  path: string,
  key: string | undefined,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await exports.default.fetch(`http://edgemeter.test${path}`, {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Fires a cron trigger and waits for its handler. */
export async function trigger(cron: "* * * * *" | "17 * * * *", scheduledMs: number): Promise<void> {
  const controller = createScheduledController({ cron, scheduledTime: new Date(scheduledMs) });
  await worker.scheduled(controller, env);
}

/** Start of the calendar month (UTC) after the one that contains the moment. */
export function nextMonthMs(timeMs: number): number {
  const date = new Date(timeMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

/** Creates a customer in the local Stripe. */
export async function stripeCustomer(name: string): Promise<string> {
  return (await stripeCall("POST", "/v1/customers", `name=${encodeURIComponent(name)}`)).id;
}

/** Asks the local Stripe. */
// eslint-disable-next-line typescript/no-explicit-any -- whatever Stripe answers
export async function stripeCall(method: string, path: string, form?: string): Promise<any> {
  const response = await fetch(`${inject("controls").stripeUrl}${path}`, {
    method,
    headers: { authorization: "Bearer sk_test_local", "content-type": "application/x-www-form-urlencoded" },
    ...(form !== undefined && { body: form }),
  });
  return response.json();
}
