import { Metering, type MeterOptions } from "./metering.ts";

export type { Transport } from "./attempt.ts";
export type { UsageBatch } from "./batch.ts";
export type { LostUsage } from "./batcher.ts";
export type { MeterOptions } from "./metering.ts";
export type { Quantity } from "./quantity.ts";
export type { SentBody } from "./sent-body.ts";
export { serviceBinding, type MeterBinding } from "./transport.ts";
export type { Metadata, UsageRow } from "./usage-row.ts";

/** What lets a request go on after its response; a Worker's execution context. */
export interface Lifetime {
  waitUntil: (task: Promise<unknown>) => void;
}

/** What the callbacks of `withMeter` are given. */
export interface MeteredCall<Incoming = Request, Bindings = unknown> {
  request: Incoming;
  env: Bindings;
  ctx: Lifetime;
  /** When the request came, epoch ms. */
  startedMs: number;
}

type FetchHandler<Incoming, Bindings, Context> = (
  request: Incoming,
  env: Bindings,
  ctx: Context,
) => Response | Promise<Response>;

/**
 * Puts metering around a Worker's handlers: `fetch` is metered as `meter` of `edgemeter/hono` does it, the others stay.
 *
 * A handler that throws is not billed, and throws on unchanged.
 */
export function withMeter<
  Incoming extends Request,
  Bindings,
  Context extends Lifetime,
  Handlers extends { fetch: FetchHandler<Incoming, Bindings, Context> },
>(
  handlers: Handlers & { fetch: FetchHandler<Incoming, Bindings, Context> },
  options: MeterOptions<MeteredCall<Incoming, Bindings>>,
): { fetch: (request: Incoming, env: Bindings, ctx: Context) => Promise<Response> } & Handlers {
  const metering = new Metering(options);
  return {
    ...handlers,
    fetch: async (request: Incoming, env: Bindings, ctx: Context) => {
      const startedMs = Date.now();
      const answer = await handlers.fetch(request, env, ctx);
      const { response, task } = metering.meter({ request, env, ctx, startedMs }, request.method, answer);
      if (task !== undefined) {
        ctx.waitUntil(task);
      }
      return response;
    },
  };
}
