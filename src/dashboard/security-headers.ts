import type { MiddlewareHandler } from "hono";

/** What a page may load and do: only what comes from this host, no inline script or style, in no frame but those allowed. */
export function contentPolicy(frameAncestors: string): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${frameAncestors}`,
  ].join("; ");
}

/** Headers of every page. `frameAncestors` is a CSP source list: `'none'`, or origins that may embed the page. */
export function pageHeaders(frameAncestors: string, referrer = "same-origin"): MiddlewareHandler {
  const policy = contentPolicy(frameAncestors);
  return async function pageHeadersSet(context, next) {
    await next();
    const { headers } = context.res;
    headers.set("content-security-policy", policy);
    headers.set("x-content-type-options", "nosniff");
    // A form without its origin is refused as another site's; the address of a framed page has a token.
    headers.set("referrer-policy", referrer);
    headers.set("permissions-policy", "camera=(), geolocation=(), microphone=()");
    headers.set("cross-origin-opener-policy", "same-origin");
    if (frameAncestors === "'none'") {
      headers.set("x-frame-options", "DENY");
    }
    if (headers.get("cache-control") === null) {
      headers.set("cache-control", "no-store");
    }
  };
}
