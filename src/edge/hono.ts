import type { Context, Env, MiddlewareHandler } from "hono";
import { Metering, type MeterOptions } from "./metering.ts";

export type { Transport } from "./attempt.ts";
export type { UsageBatch } from "./batch.ts";
export type { LostUsage } from "./batcher.ts";
export type { LaterQuantity, MeterOptions } from "./metering.ts";
export type { Quantity } from "./quantity.ts";
export { serviceBinding, type MeterBinding } from "./transport.ts";
export type { Metadata, UsageRow } from "./usage-row.ts";

/**
 * Meters each billable request of a customer once, after its response is on the way.
 *
 * Never delays, changes or breaks the request: usage that cannot be delivered goes to `onLost`. A handler that throws is
 * not billed.
 */
export function meter<E extends Env = Env>(options: MeterOptions<Context<E>>): MiddlewareHandler<E> {
  const metering = new Metering(options);
  return async function meterRequest(c, next) {
    await next();
    // Hono turns a thrown error into a response and leaves it here.
    if (c.error !== undefined) {
      return;
    }
    const { response, task } = metering.meter(c, c.req.method, c.res);
    if (response !== c.res) {
      // Hono would merge the headers of both.
      c.res = undefined;
      c.res = response;
    }
    if (task !== undefined) {
      stayFor(c, task);
    }
  };
}

function stayFor(c: Context, task: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(task);
  } catch {
    // No execution context outside Workers: the task, which never rejects, just runs on.
  }
}
