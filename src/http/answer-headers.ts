import type { Context, Hono, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { etag, RETAINED_304_HEADERS } from "hono/etag";
import { secureHeaders } from "hono/secure-headers";

/** Nothing of an answer is a page, unless it says so. */
const NO_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** A page that brings no policy of its own loads from here alone. */
const OWN_PAGE =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

/** Lists that programs ask for again and again: whoever has the page already is not sent it once more. */
export const TAGGED_LISTS: readonly string[] = [
  "/v1/customers",
  "/v1/invoices",
  "/v1/alerts",
  "/v1/notifications",
  "/v1/webhook-endpoints",
  "/v1/api-keys",
];
/** What stays on an answer that only says that nothing has changed. */
const RETAINED = [
  ...RETAINED_304_HEADERS,
  "access-control-allow-origin",
  "access-control-expose-headers",
  "ratelimit-policy",
  "x-request-id",
];
const CORS_SECONDS = 600;

/**
 * Puts on every answer what browsers and caches are to keep to; what a route has set itself stays.
 *
 * Without origins no other page's script may read anything; with some, those may read, and change nothing.
 */
export function setAnswerHeaders(app: Hono, corsOrigins: readonly string[]): void {
  app.use(
    secureHeaders({
      overwrite: false,
      // Whether its other hosts speak TLS is the domain's own affair.
      strictTransportSecurity: "max-age=15552000",
      // With the content policy, below: a page that may stand in a frame says where.
      xFrameOptions: false,
      originAgentCluster: false,
      xDnsPrefetchControl: false,
      xDownloadOptions: false,
      xPermittedCrossDomainPolicies: false,
      xXssProtection: false,
      removePoweredBy: false,
    }),
    policies,
  );
  if (corsOrigins.length > 0) {
    app.use(
      "/v1/*",
      cors({
        origin: [...corsOrigins],
        allowMethods: ["GET", "HEAD"],
        allowHeaders: ["authorization", "if-none-match", "x-request-id"],
        exposeHeaders: ["etag", "link", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"],
        maxAge: CORS_SECONDS,
      }),
    );
  }
  const tag = etag({ weak: true, retainedHeaders: RETAINED });
  for (const list of TAGGED_LISTS) {
    // There alone: what stands before every route is paid by every event.
    app.use(list, tag);
  }
}

const policies: MiddlewareHandler = async function policies(context, next) {
  await next();
  const { headers } = context.res;
  if (!headers.has("cache-control")) {
    headers.set("cache-control", cachingOf(context));
  }
  if (!headers.has("content-security-policy")) {
    const isPage = headers.get("content-type")?.startsWith("text/html") === true;
    headers.set("content-security-policy", isPage ? OWN_PAGE : NO_PAGE);
  }
  const mayBeFramed = /frame-ancestors (?!'none')/.test(headers.get("content-security-policy") ?? "");
  if (!mayBeFramed) {
    headers.set("x-frame-options", "DENY");
  }
};

/** A catalog is nobody's own, and has a tag to ask with; all else may be, and is kept nowhere. */
function cachingOf({ req, res }: Context): string {
  return req.path.startsWith("/v1/catalog") && res.headers.has("etag") ? "private, no-cache" : "no-store";
}
