import type { DeliverDeps } from "../../src/notifications/deliver.ts";
import type { DeliveryStores } from "../../src/notifications/delivery-stores.ts";
import type { DeliveryFixture } from "./delivery-fixture.ts";
import { tell } from "./notified.ts";

/** Ahead of the real clock, by which leases are kept too. */
export const START_MS = Date.parse("2126-11-23T12:00:00Z");
const RECEIVER_URL = "https://receiver.example/";

/** Runs whose receivers are played here: what each got, and when. */
export class DeliveryWorld {
  nowMs = START_MS;
  readonly sent: { target: string; id: string; body: string; atMs: number; status: number }[] = [];
  /** What the receivers answer, one after the other, and 200 when nothing is left. */
  answers: number[] = [];
  readonly #fixture: DeliveryFixture;

  constructor(fixture: DeliveryFixture) {
    this.#fixture = fixture;
  }

  get deps(): Partial<DeliverDeps> {
    const atMs = this.nowMs;
    return {
      now: () => atMs,
      allowPrivate: false,
      fetch: (url, init) => {
        const status = this.answers.shift() ?? 200;
        const { "webhook-id": id = "" } = init.headers as Record<string, string>;
        this.sent.push({
          target: url.slice(RECEIVER_URL.length),
          id,
          body: init.body as string,
          atMs,
          status,
        });
        return status === 0
          ? Promise.reject(new TypeError("connection reset"))
          : Promise.resolve(new Response("", { status }));
      },
    };
  }

  run(changes: Partial<DeliverDeps> = {}): Promise<unknown> {
    return this.#fixture.run(this.nowMs, { ...this.deps, ...changes });
  }

  /** Keeps endpoints of those names. */
  async endpoints(...names: string[]): Promise<void> {
    for (const name of names) {
      await this.#fixture.endpoint(name, `${RECEIVER_URL}whe_${name}`);
    }
  }

  /** Has so many things told now. */
  async tell(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const subject = `n${this.nowMs}-${index}`;
      await tell(this.#fixture.ledger.database, subject, this.nowMs, { data: { index } });
    }
  }

  /** Every notification to every endpoint, as it is to be delivered. */
  async owed(): Promise<string[]> {
    const rows = await this.#fixture.ledger.raw(
      "select endpoint_id || ' ' || notification_id as pair from notifications, webhook_endpoints",
    );
    return rows.map(({ pair }) => pair ?? "").toSorted();
  }

  /** Every delivery by what it was sent as. */
  get attempts(): Map<string, { id: string; body: string; atMs: number; status: number }[]> {
    return Map.groupBy(this.sent, ({ target, id }) => `${target} ${id}`);
  }
}

/** A run was made to die. */
export class Died extends Error {
  override readonly name = "Died";
}

/** Stores of a run that dies at one of its calls, before or after it was applied: nothing that it asks later is done. */
export function dyingAt(stores: DeliveryStores, call: number, isApplied: boolean): DeliveryStores {
  let calls = 0;
  return new Proxy(stores, {
    get(target, name: keyof DeliveryStores) {
      return async (...args: unknown[]) => {
        const number = calls;
        calls += 1;
        if (number < call) {
          return (target[name] as (...all: unknown[]) => unknown)(...args);
        }
        if (number === call && isApplied) {
          await (target[name] as (...all: unknown[]) => unknown)(...args);
        }
        throw new Died(name);
      };
    },
  });
}
