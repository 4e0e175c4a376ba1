// A product's Worker with Cloudflare's types; test/e2e/package.test.ts compiles it beside the installed package.
import { ofSentBody } from "edgemeter/body";
import { meter } from "edgemeter/hono";
import { serviceBinding, withMeter, type MeterBinding } from "edgemeter/worker";
import { Hono } from "hono";

interface Env {
  METER: MeterBinding;
  PAGES: KVNamespace;
}

export default withMeter(
  {
    async fetch(request, env, ctx) {
      ctx.passThroughOnException();
      return new Response(await env.PAGES.get(request.cf?.colo ?? "any"));
    },
    async scheduled(controller) {
      controller.noRetry();
    },
  } satisfies ExportedHandler<Env>,
  {
    customer: ({ request }) => request.headers.get("x-customer"),
    metricName: "api_calls",
    transport: ({ env }) => serviceBinding(env.METER),
  },
) satisfies ExportedHandler<Env>;

/** Handlers whose type says only that they are some: `fetch` may be absent. */
const declared: ExportedHandler<Env, string> = {
  fetch: () => new Response("fine"),
  queue: async (batch) => batch.ackAll(),
};

export const ofDeclared: ExportedHandler<Env, string> = withMeter(declared, {
  customer: ({ request }) => request.cf?.colo,
  metricName: "bytes_sent",
  value: ofSentBody(({ bytes }) => bytes),
  transport: ({ env, ctx }) => {
    ctx?.waitUntil(Promise.resolve());
    return serviceBinding(env.METER);
  },
});

/** The binding as Cloudflare's types have it. */
interface Fetching {
  METER: Fetcher;
}

export const ofApp = withMeter(new Hono<{ Bindings: Fetching }>(), {
  customer: ({ request }) => request.headers.get("x-customer"),
  metricName: "api_calls",
  transport: ({ env }) => serviceBinding(env.METER),
}) satisfies ExportedHandler<Fetching>;

export const app = new Hono<{ Bindings: Fetching }>().use(
  meter<{ Bindings: Fetching }>({
    customer: (c) => c.req.header("x-customer"),
    metricName: "bytes_sent",
    value: ofSentBody(({ bytes }) => bytes),
    transport: (c) => serviceBinding(c.env.METER),
  }),
);

withMeter(declared, {
  customer: () => null,
  metricName: "api_calls",
  // @ts-expect-error -- no such binding
  transport: ({ env }) => serviceBinding(env.ABSENT),
});

withMeter(declared, {
  customer: () => null,
  metricName: "api_calls",
  // @ts-expect-error -- a function is no quantity: that is what ofSentBody is for
  value: () => () => 1,
  transport: ({ env }) => serviceBinding(env.METER),
});
