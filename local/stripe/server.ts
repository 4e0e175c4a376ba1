import { startEndpoint, type Endpoint } from "../endpoint.ts";
import { control } from "./control.ts";
import { Executor, type LoggedRequest } from "./executor.ts";
import { Store } from "./store.ts";
import { Webhooks } from "./webhooks.ts";

export interface LocalStripeOptions {
  /** The secret key that requests must bear. */
  key: string;
  webhookSecret: string;
  port?: number;
  /** Where objects, events and idempotency records are kept between starts; in memory when absent. */
  statePath?: string;
  /** Epoch milliseconds; the machine's clock when absent. */
  now?: () => number;
}

export interface LocalStripeState {
  /** Requests as they came, oldest first, the latest ten thousand. */
  readonly requests: readonly LoggedRequest[];
  readonly store: Store;
}

export interface LocalStripe extends Endpoint {
  /** For tests in the same process. */
  state: LocalStripeState;
}

/** Starts a stateful Stripe on loopback; a fault's subject is `METHOD /path`. */
export async function startLocalStripe(options: LocalStripeOptions): Promise<LocalStripe> {
  const now = options.now ?? Date.now;
  const store = new Store(options.statePath);
  const webhooks = new Webhooks(store, options.webhookSecret, now);
  const executor = new Executor({ key: options.key, store, now, onCommit: () => webhooks.kick() });
  executor.keys.forgetExpired();
  const endpoint = await startEndpoint({
    subject: ({ method, url }) => `${method} ${url.pathname}`,
    serve: (request) => executor.execute(request),
    control: (request) => control(request, executor, webhooks),
    ...(options.port !== undefined && { port: options.port }),
  });
  return {
    ...endpoint,
    state: { requests: executor.requests, store },
    stop: async () => {
      executor.resume();
      await endpoint.stop();
      await webhooks.stop();
      store.close();
    },
  };
}
