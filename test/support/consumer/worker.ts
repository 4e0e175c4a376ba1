// A product's Worker with Cloudflare's types; test/e2e/package.test.ts compiles it beside the installed package.
import { serviceBinding, withMeter, type MeterBinding } from "edgemeter/worker";

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
