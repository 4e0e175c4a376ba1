import { Metering, type MeterOptions } from "./metering.ts";

export type { Transport } from "./attempt.ts";
export type { UsageBatch } from "./batch.ts";
export type { LostUsage } from "./batcher.ts";
export type { LaterQuantity, MeterOptions } from "./metering.ts";
export type { Quantity } from "./quantity.ts";
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
  /** Absent where the handler is called without one. */
  ctx: Lifetime | undefined;
  /** When the request came, epoch ms. */
  startedMs: number;
}

/** Any handler of requests; what it takes is told by its own type. */
type FetchHandler = (request: never, env: never, ctx: never) => Response | Promise<Response>;
type Called = (...taken: unknown[]) => Response | Promise<Response>;
type Taken<Handlers extends { fetch?: FetchHandler }> = Parameters<NonNullable<Handlers["fetch"]>>;

/** Hono's type says that there may be no bindings, or none of them. */
type Bound<Env> = Env extends undefined ? never : object extends Env ? never : Env;
type BindingsOf<Env> = [Bound<Env>] extends [never] ? Env : Bound<Env>;
type CallOf<Handlers extends { fetch?: FetchHandler }> = MeteredCall<
  Taken<Handlers>[0],
  BindingsOf<Taken<Handlers>[1]>
>;

/**
 * Puts metering around a Worker's handlers: `fetch` is metered as `meter` of `edgemeter/hono` does it, the others stay.
 *
 * A handler that throws is not billed, and throws on unchanged.
 */
export function withMeter<Handlers extends { fetch?: FetchHandler }>(
  handlers: Handlers,
  options: MeterOptions<CallOf<Handlers>>,
): Omit<Handlers, "fetch"> & { fetch: (...taken: Taken<Handlers>) => Promise<Response> } {
  const metering = new Metering(options);
  return {
    ...handlers,
    fetch: async (...taken: Taken<Handlers>) => {
      const startedMs = Date.now();
      const [request, env, ctx] = taken as unknown as [Request, unknown, Lifetime | undefined];
      const answer = await (handlers.fetch as unknown as Called).call(handlers, request, env, ctx);
      const call = { request, env, ctx, startedMs } as CallOf<Handlers>;
      const { response, task } = metering.meter(call, request.method, answer);
      if (task !== undefined) {
        ctx?.waitUntil(task);
      }
      return response;
    },
  };
}
