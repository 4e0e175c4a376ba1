import { Hono } from "hono";
import { announceDue } from "../../counters/due.ts";
import type { Deps } from "../../deps.ts";
import { readBytes } from "../body.ts";
import { ApiProblem } from "../problem.ts";

/** `/webhooks/stripe`: Stripe's signed events; what is answered other than 200 comes again, for days. */
export function stripeWebhookRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.post("/webhooks/stripe", async (context) => {
    const { stripeWebhookSecret: secret } = deps;
    if (secret === undefined) {
      deps.log({ level: "error", event: "stripe_webhook_secret_missing" });
      throw new ApiProblem(
        "misconfigured",
        "set the secret STRIPE_WEBHOOK_SECRET to the endpoint's signing secret; Stripe sends the event again",
      );
    }
    const body = await readBytes(context.req.raw);
    const signature = context.req.header("stripe-signature");
    const [{ verifyEvent }, { readInvoiceEvent, receiveEvent }, stripe] = await Promise.all([
      import("../../invoicing/verify-event.ts"),
      import("../../invoicing/receive-event.ts"),
      deps.stripe(),
    ]);
    const nowMs = deps.now();
    const event =
      signature === undefined ? undefined : await verifyEvent(stripe, secret, body, signature, nowMs);
    if (event === undefined) {
      throw new ApiProblem(
        "invalid_signature",
        "the header Stripe-Signature is not of this body, of this endpoint's secret and of the last five minutes",
      );
    }
    const news = readInvoiceEvent(event);
    const verdict = news === undefined ? "ignored" : await receiveEvent(deps.database, news, nowMs);
    if (verdict === "moved" || verdict === "kept") {
      // What it has to tell, the next tick sends.
      await announceDue(deps.redis, deps.randomId());
    }
    return context.json({ received: true, verdict });
  });

  return routes;
}
