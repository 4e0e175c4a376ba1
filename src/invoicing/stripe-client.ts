import type Stripe from "stripe";

const TIMEOUT_MS = 20_000;

/**
 * Connects to Stripe with fetch; the library is loaded here, so that counting starts without it.
 *
 * `apiUrl` is for a local endpoint that speaks Stripe's protocol. Requests are sent once: retrying is ours, after
 * looking what the last attempt left behind.
 */
export async function connectStripe(secretKey: string, apiUrl: string | undefined): Promise<Stripe> {
  const { default: StripeClient } = await import("stripe");
  const local = apiUrl === undefined ? undefined : new URL(apiUrl);
  return new StripeClient(secretKey, {
    httpClient: StripeClient.createFetchHttpClient(),
    maxNetworkRetries: 0,
    timeout: TIMEOUT_MS,
    telemetry: false,
    ...(local && {
      host: local.hostname,
      port: local.port,
      protocol: local.protocol === "http:" ? "http" : "https",
    }),
  });
}
