import { Stripe } from "stripe";
import { demoCatalog } from "../demo-catalog.ts";
import { API_CONCURRENCY, customerPath, type Api, type StackAddresses } from "./api.ts";
import { forEachConcurrently } from "./concurrency.ts";
import type { Progress } from "./output.ts";

/** Stripe's limit for a customer's name. */
const MAX_STRIPE_NAME = 256;

/** Publishes the demo catalog and makes each customer known, in the local Stripe too. */
export async function registerCustomers(
  customers: Set<string>,
  { api, stripe }: { api: Api; stripe: Stripe },
  progress: Progress,
): Promise<void> {
  await api.put("/v1/catalog", demoCatalog);
  await forEachConcurrently(customers, API_CONCURRENCY, async (customerId) => {
    const name = customerId.slice(0, MAX_STRIPE_NAME);
    const { id } = await stripe.customers.create({ name });
    await api.put(customerPath(customerId), { name, stripeCustomerId: id });
    progress.advance();
  });
}

/** Connects to the stack's own Stripe. */
export function connectStripe(stack: StackAddresses): Stripe {
  const { hostname, port } = new URL(stack.stripeUrl);
  return new Stripe(stack.stripeKey, { host: hostname, port, protocol: "http", maxNetworkRetries: 0 });
}
