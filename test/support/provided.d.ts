/** Where the local endpoints are, for their controls under `/_control/`. */
export interface Controls {
  upstashUrl: string;
  neonUrl: string;
  stripeUrl: string;
  /** Takes webhooks, see `startWebhookEndpoint`. */
  receiverUrl: string;
  /** Empties all stores, see `startEmptying`. */
  emptyingUrl: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Bindings and secrets of the Worker under test. */
    bindings: Record<string, string>;
    controls: Controls;
  }
}
