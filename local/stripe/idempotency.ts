import { StripeFailure } from "./errors.ts";
import type { Store, StoredReply } from "./store.ts";

const KEPT_MS = 24 * 60 * 60 * 1000;
const MAX_KEY_LENGTH = 255;

export interface KeyedRequest {
  key: string;
  /** Method and path. */
  endpoint: string;
  /** Equal for equal parameters, whatever their order. */
  parameters: string;
}

/** Stripe's rules for idempotency keys: an answer is kept for 24 hours and given again for the same request only. */
export class IdempotencyKeys {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #inProgress = new Set<string>();

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Gives back the remembered answer, or takes the key until {@link end}; refuses a key used for something else. */
  begin({ key, endpoint, parameters }: KeyedRequest): StoredReply | undefined {
    if (key.length > MAX_KEY_LENGTH) {
      throw conflict(400, `Idempotency keys can be at most ${MAX_KEY_LENGTH} characters long.`);
    }
    if (this.#inProgress.has(key)) {
      throw conflict(
        409,
        `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
        "idempotency_key_in_use",
      );
    }
    const reply = this.#store.get("replies", key);
    if (reply === undefined || this.#isExpired(reply)) {
      this.#inProgress.add(key);
      return undefined;
    }
    const other = `Try using a key other than '${key}' if you meant to execute a different request.`;
    if (reply.endpoint !== endpoint) {
      throw conflict(
        400,
        `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${endpoint}' vs '${reply.endpoint}'). ${other}`,
      );
    }
    if (reply.parameters !== parameters) {
      throw conflict(
        400,
        `Keys for idempotent requests can only be used with the same parameters they were first used with. ${other}`,
      );
    }
    return reply;
  }

  /** Puts the answer beside the changes of the request, to be committed with them. */
  remember(request: KeyedRequest, reply: { status: number; body: string; requestId: string }): void {
    const { key: id, endpoint, parameters } = request;
    this.#store.put("replies", { id, endpoint, parameters, ...reply, storedMs: this.#now() });
  }

  end(key: string): void {
    this.#inProgress.delete(key);
  }

  /** Forgets every answer at once, as Stripe may after a day. */
  forgetAll(): void {
    this.#forget(() => true);
  }

  /** Forgets the answers that are past their time, to keep the store small. */
  forgetExpired(): void {
    this.#forget((reply) => this.#isExpired(reply));
  }

  #forget(isWanted: (reply: Readonly<StoredReply>) => boolean): void {
    for (const reply of this.#store.list("replies").filter(isWanted)) {
      this.#store.delete("replies", reply.id);
    }
    this.#store.commit();
  }

  #isExpired(reply: Readonly<StoredReply>): boolean {
    return this.#now() - reply.storedMs >= KEPT_MS;
  }
}

function conflict(status: number, message: string, code?: string): StripeFailure {
  return new StripeFailure(
    status,
    { type: "idempotency_error", message, ...(code !== undefined && { code }) },
    "refused",
  );
}
