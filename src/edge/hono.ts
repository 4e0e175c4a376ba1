import type { Context, Env, MiddlewareHandler } from "hono";
import { isBillable } from "./billable.ts";
import { asError, deliver } from "./delivery.ts";
import { wireValue, type UsageEvent } from "./event.ts";
import type { Transport } from "./transport.ts";

/** How a product's requests are metered; the callbacks run after the handler and must not read the response's body. */
export interface MeterOptions<E extends Env> {
  /** Whose usage it is; null: not metered. */
  customer: (c: Context<E>) => string | null;
  metricName: string;
  /** How much the request counts; 1 when absent. */
  value?: (c: Context<E>, response: Response) => number | string | bigint;
  /** The dimensions of the event. */
  metadata?: (c: Context<E>, response: Response) => UsageEvent["metadata"];
  /** Whether the response is paid for; below 400 when absent. */
  billable?: (response: Response) => boolean;
  /** The way to the meter, or how to find it in the request's bindings. */
  transport: Transport | ((c: Context<E>) => Transport);
  /** Told of usage that is not counted, without events where a callback threw; logs one line when absent. */
  onLost?: (events: UsageEvent[], error: Error) => void | Promise<void>;
  /** The event's time in epoch ms. */
  now?: () => number;
  randomId?: () => string;
}

/**
 * Counts each billable request of a customer once, after its response is on the way.
 *
 * Never delays, changes or breaks the request: usage that cannot be delivered goes to `onLost`. A handler that
 * throws is not billed.
 */
export function meter<E extends Env = Env>(options: MeterOptions<E>): MiddlewareHandler<E> {
  return async function meterRequest(c, next) {
    await next();
    // Hono turns a thrown error into a response and leaves it here.
    if (c.error === undefined) {
      afterResponse(c, meterResponse(c, c.res, options));
    }
  };
}

async function meterResponse<E extends Env>(
  c: Context<E>,
  response: Response,
  options: MeterOptions<E>,
): Promise<void> {
  let events: UsageEvent[] = [];
  try {
    const event = eventOf(c, response, options);
    if (event === null) {
      return;
    }
    events = [event];
    const transport = typeof options.transport === "function" ? options.transport(c) : options.transport;
    const losses = await deliver(events, transport);
    await Promise.all(losses.map((loss) => report(loss.events, loss.error, options)));
  } catch (thrown) {
    await report(events, asError(thrown), options);
  }
}

function eventOf<E extends Env>(
  c: Context<E>,
  response: Response,
  options: MeterOptions<E>,
): UsageEvent | null {
  if (!(options.billable ?? isBillable)(response)) {
    return null;
  }
  const customerId = options.customer(c);
  if (customerId === null) {
    return null;
  }
  const metadata = options.metadata?.(c, response);
  return {
    id: options.randomId?.() ?? crypto.randomUUID(),
    customerId,
    metricName: options.metricName,
    value: wireValue(options.value?.(c, response) ?? 1),
    timestamp: new Date(options.now?.() ?? Date.now()).toISOString(),
    ...(metadata !== undefined && { metadata }),
  };
}

async function report<E extends Env>(
  events: UsageEvent[],
  error: Error,
  options: MeterOptions<E>,
): Promise<void> {
  try {
    await (options.onLost ?? logLost)(events, error);
  } catch (thrown) {
    logLost(events, asError(thrown));
  }
}

function logLost(events: UsageEvent[], error: Error): void {
  // oxlint-disable-next-line no-console -- the product's log is the last place where lost usage can be seen
  console.error(JSON.stringify({ message: "usage lost", error: error.message, events }));
}

function afterResponse(c: Context, task: Promise<void>): void {
  try {
    c.executionCtx.waitUntil(task);
  } catch {
    // No execution context outside Workers: the task, which never rejects, just runs on.
  }
}
