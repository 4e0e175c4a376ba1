import { Stripe } from "stripe";
import { afterEach, beforeEach } from "vitest";
import { startLocalStripe, type LocalStripe } from "../../../local/stripe/server.ts";

export const KEY = "sk_test_local";
export const WEBHOOK_SECRET = "whsec_test_secret";

/** 2026-11-23T12:00:00Z. */
export const START_MS = 1_795_435_200_000;

export interface Clock {
  nowMs: number;
}

/** stripe-node as the Worker builds it, against a local endpoint. */
export function clientOf(url: string, key = KEY): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe(key, {
    host: hostname,
    port,
    protocol: "http",
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

/** Does one thing at `/_control/…` and gives back its answer. */
export async function controlStripe(url: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${url}/_control/${path}`, {
    method: "POST",
    body: JSON.stringify(body ?? {}),
  });
  return response.json();
}

/** The error that a call ends with; a call that succeeds fails the test. */
export async function errorOf(
  call: Promise<unknown>,
): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) {
      return error;
    }
    throw error;
  }
  throw new Error("the call succeeded");
}

/** A header of a success; with the fetch client stripe-node keeps a `Headers`, whatever its types say. */
export function headerOf(answer: { lastResponse: { headers: unknown } }, name: string): string | null {
  const { headers } = answer.lastResponse;
  if (!(headers instanceof Headers)) {
    throw new TypeError("stripe-node's answer has no Headers");
  }
  return headers.get(name);
}

export interface StripeFixture {
  readonly clock: Clock;
  readonly local: LocalStripe;
  readonly client: Stripe;
}

/** Gives each test of the file a local Stripe of its own, its clock at {@link START_MS}, and a client of it. */
export function useLocalStripe(): StripeFixture {
  const clock: Clock = { nowMs: START_MS };
  let started: { local: LocalStripe; client: Stripe } | undefined;
  function get<K extends "local" | "client">(name: K) {
    if (started === undefined) {
      throw new Error("the local Stripe is there in tests only");
    }
    return started[name];
  }
  beforeEach(async () => {
    clock.nowMs = START_MS;
    const local = await startLocalStripe({ key: KEY, webhookSecret: WEBHOOK_SECRET, now: () => clock.nowMs });
    started = { local, client: clientOf(local.url) };
  });
  afterEach(async () => {
    await started?.local.stop();
    started = undefined;
  });
  return {
    clock,
    get local() {
      return get("local");
    },
    get client() {
      return get("client");
    },
  };
}
