import { createHmac } from "node:crypto";
import { eventView } from "./events.ts";
import type { Store, StoredEvent } from "./store.ts";

const TIMEOUT_MS = 10_000;

export interface Delivered {
  delivered: number;
  failed: number;
}

/** The `Stripe-Signature` header of a payload: HMAC-SHA256 over `time.payload`, hex. */
export function signPayload(payload: string, secret: string, timeSeconds: number): string {
  const signature = createHmac("sha256", secret).update(`${timeSeconds}.${payload}`).digest("hex");
  return `t=${timeSeconds},v1=${signature}`;
}

/** Sends stored events to one target, one at a time; an event counts as delivered once answered with 2xx. */
export class Webhooks {
  readonly #store: Store;
  readonly #secret: string;
  readonly #now: () => number;
  #target: string | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(store: Store, secret: string, now: () => number) {
    this.#store = store;
    this.#secret = secret;
    this.#now = now;
  }

  set target(url: string | undefined) {
    this.#target = url;
  }

  /** Sends, in the background, what has never been tried. */
  kick(): void {
    if (this.#target !== undefined) {
      void this.#enqueue((event) => event.attempts === 0);
    }
  }

  /** Sends all that is undelivered, or the one event named even when it is, and settles when done. */
  deliver(id?: string): Promise<Delivered> {
    return this.#enqueue((event) => (id === undefined ? !event.isDelivered : event.id === id));
  }

  /** Breaks off what is being sent, which stays undelivered, and sends no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#queue;
  }

  #enqueue(isWanted: (event: Readonly<StoredEvent>) => boolean): Promise<Delivered> {
    const pass = this.#queue.then(() => this.#sendAll(isWanted));
    this.#queue = pass;
    return pass;
  }

  async #sendAll(isWanted: (event: Readonly<StoredEvent>) => boolean): Promise<Delivered> {
    const result = { delivered: 0, failed: 0 };
    const wanted = this.#store.list("events").filter(isWanted).toReversed();
    for (const { id } of wanted) {
      const target = this.#target;
      if (target === undefined || this.#stopping.signal.aborted) {
        break;
      }
      // oxlint-disable-next-line no-await-in-loop -- one at a time, oldest first
      const isDelivered = await this.#send(id, target);
      result[isDelivered ? "delivered" : "failed"] += 1;
    }
    return result;
  }

  async #send(id: string, target: string): Promise<boolean> {
    const event = this.#store.get("events", id);
    if (event === undefined) {
      return false;
    }
    const payload = JSON.stringify(eventView(event), null, 2);
    const isAccepted = await this.#post(target, payload);
    this.#store.put("events", {
      ...event,
      attempts: event.attempts + 1,
      isDelivered: event.isDelivered || isAccepted,
    });
    this.#store.commit();
    return isAccepted;
  }

  async #post(target: string, payload: string): Promise<boolean> {
    try {
      const response = await fetch(target, {
        method: "POST",
        headers: {
          "content-type": "application/json; charset=utf-8",
          "stripe-signature": signPayload(payload, this.#secret, Math.floor(this.#now() / 1000)),
        },
        body: payload,
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      // An unreachable target is an outcome here: the event stays undelivered.
      return false;
    }
  }
}
