import type { Context, Next } from "hono";
import type { Product } from "./product.ts";

/** A replayed body is cut here: the demo is about counting, not about moving bytes. */
const MAX_BODY_BYTES = 4096;
/** Statuses whose responses must not have a body. */
const BODILESS = new Set([204, 205, 304]);

/**
 * Answers as an access log says, when the var `REPLAY` is "on"; otherwise lets every request pass.
 *
 * `x-replay-status` is the status (200 to 599), `x-replay-bytes` the size of the body, `x-replay-customer` the
 * percent-encoded customer and `x-replay-weight` the API calls the request counts as.
 */
export async function replay(c: Context<Product>, next: Next): Promise<Response | void> {
  if (c.env.REPLAY !== "on") {
    return next();
  }
  const status = Number(c.req.header("x-replay-status"));
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return c.text("x-replay-status must be 200 to 599", 400);
  }
  const customerId = c.req.header("x-replay-customer");
  if (customerId !== undefined) {
    c.set("customerId", decodeURIComponent(customerId));
  }
  c.set("units", c.req.header("x-replay-weight") ?? 1);
  return new Response(BODILESS.has(status) ? null : body(c.req.header("x-replay-bytes")), { status });
}

function body(bytes: string | undefined): string {
  const size = Number(bytes ?? 0);
  return "x".repeat(Number.isFinite(size) ? Math.min(Math.max(0, Math.trunc(size)), MAX_BODY_BYTES) : 0);
}
