import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { announceDue, readWork } from "../../src/counters/due.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";
import { LEASE_MS, type DeliverDeps } from "../../src/notifications/deliver.ts";
import { deliveryStores, type DeliveryStores } from "../../src/notifications/delivery-stores.ts";
import { RETRY_DELAYS_MS } from "../../src/notifications/retry-schedule.ts";
import { type DeliveryFixture, startDeliveryFixture } from "../support/delivery-fixture.ts";
import { tell } from "../support/notified.ts";

const NOW_MS = Date.parse("2126-11-23T12:00:00Z");
const URL_OF = "https://receiver.example/";

let fixture: DeliveryFixture;

beforeAll(async () => {
  fixture = await startDeliveryFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

/** Runs whose receivers are played here: what each got, and when. */
class World {
  nowMs = NOW_MS;
  readonly sent: { target: string; id: string; body: string; atMs: number; status: number }[] = [];
  /** What the receivers answer, one after the other, and 200 when nothing is left. */
  answers: number[] = [];

  get deps(): Partial<DeliverDeps> {
    const atMs = this.nowMs;
    return {
      now: () => atMs,
      allowPrivate: false,
      fetch: (url, init) => {
        const status = this.answers.shift() ?? 200;
        const { "webhook-id": id = "" } = init.headers as Record<string, string>;
        this.sent.push({ target: url.slice(URL_OF.length), id, body: init.body as string, atMs, status });
        return status === 0
          ? Promise.reject(new TypeError("connection reset"))
          : Promise.resolve(new Response("", { status }));
      },
    };
  }

  run(changes: Partial<DeliverDeps> = {}): Promise<unknown> {
    return fixture.run(this.nowMs, { ...this.deps, ...changes });
  }

  /** Every delivery by what it was sent as. */
  get attempts(): Map<string, { id: string; body: string; atMs: number; status: number }[]> {
    return Map.groupBy(this.sent, ({ target, id }) => `${target} ${id}`);
  }
}

class Died extends Error {
  override readonly name = "Died";
}

/** Stores of a run that dies at one of its calls, before or after it was applied: nothing that it asks later is done. */
function dyingAt(call: number, isApplied: boolean): { stores: DeliveryStores; calls: () => number } {
  const stores = deliveryStores(fixture.counters.redis, fixture.ledger.database);
  let calls = 0;
  const dying = new Proxy(stores, {
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
  return { stores: dying, calls: () => calls };
}

async function threeEndpoints(): Promise<void> {
  for (const name of ["a", "b", "c"]) {
    await fixture.endpoint(name, `${URL_OF}whe_${name}`);
  }
}

async function tellSome(count: number, nowMs: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await tell(fixture.ledger.database, `n${nowMs}-${index}`, nowMs, { data: { index } });
  }
}

/** Every notification to every endpoint, as it is to be delivered. */
async function owed(): Promise<string[]> {
  const rows = await fixture.ledger.raw(
    "select endpoint_id || ' ' || notification_id as pair from notifications, webhook_endpoints",
  );
  return rows.map(({ pair }) => pair ?? "").toSorted();
}

describe.each([
  ["before it is done", false],
  ["after it is done, the answer lost", true],
])("a run that dies at one of its calls, %s", (_name, isApplied) => {
  test("at each of them: everything is delivered by the runs after it, under one id, and twice only what was on its way", async () => {
    for (let call = 0; ; call += 1) {
      await fixture.clear();
      await threeEndpoints();
      await tellSome(3, NOW_MS);
      const world = new World();
      const dying = dyingAt(call, isApplied);
      const died = await world.run({ stores: dying.stores }).then(
        () => false,
        (error: unknown) => error instanceof Died,
      );
      if (!died) {
        // It has fewer calls than that: all of them were tried.
        expect(call).toBeGreaterThanOrEqual(2 + 2 + 9 + 2);
        break;
      }
      for (let ticks = 0; ticks < 3; ticks += 1) {
        world.nowMs += LEASE_MS;
        await world.run();
      }
      const { attempts } = world;
      expect([...attempts.keys()].toSorted(), `died at call ${call}`).toEqual(await owed());
      const twice = [...attempts.values()].filter((times) => times.length > 1);
      // Four quick lanes had something on its way.
      expect(twice.length, `died at call ${call}`).toBeLessThanOrEqual(4);
      for (const times of attempts.values()) {
        expect(new Set(times.map(({ body }) => body)).size).toBe(1);
      }
      expect((await fixture.deliveries()).map(({ state }) => state)).toEqual(
        Array.from({ length: 9 }, () => "delivered"),
      );
    }
  });
});

test.each([2, 8])(
  "%i runs at once, again and again: nothing is sent twice, nothing is left",
  async (runs) => {
    await threeEndpoints();
    const world = new World();
    for (let round = 0; round < 5; round += 1) {
      await tellSome(20, world.nowMs);
      world.answers = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 500 : 404));
      await Promise.all(Array.from({ length: runs }, () => world.run()));
      world.nowMs += MINUTE_MS;
    }
    await world.run();
    world.nowMs += HOUR_MS;
    await world.run();
    const { attempts } = world;
    expect([...attempts.keys()].toSorted()).toEqual(await owed());
    for (const times of attempts.values()) {
      expect(times.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(times.map(({ status }) => status).indexOf(200)).toBe(times.length - 1);
    }
  },
);

/** What may happen, one after the other. */
type Step =
  | { kind: "tell"; count: number; isAnnounced: boolean }
  | { kind: "tick" | "hourly" | "two ticks"; dies: { call: number; isApplied: boolean } | null }
  | { kind: "wait"; minutes: number }
  | { kind: "answers"; statuses: number[] }
  | { kind: "Redis emptied" | "Redis copied" | "Redis set back" };

const dies = fc.option(fc.record({ call: fc.nat(20), isApplied: fc.boolean() }), { freq: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("tell" as const),
      count: fc.integer({ min: 1, max: 3 }),
      isAnnounced: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("tick", "hourly", "two ticks"), dies }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), minutes: fc.constantFrom(1, 4, 6, 60, 600) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("answers" as const),
      statuses: fc.array(fc.constantFrom(0, 200, 302, 404, 429, 500), { maxLength: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("Redis emptied", "Redis copied", "Redis set back") }),
  },
);

/** Plays schedules: ticks look into Postgres only when Redis says so, as the minute cron does; the hourly run always. */
class Play {
  readonly world = new World();
  #copy: string | null = null;

  async play(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      await this.#step(one);
      // The next trigger.
      this.world.nowMs += MINUTE_MS;
    }
  }

  async #step(one: Step): Promise<void> {
    const { raw, redis } = fixture.counters;
    switch (one.kind) {
      case "tell":
        await tellSome(one.count, this.world.nowMs);
        if (one.isAnnounced) {
          await announceDue(redis, crypto.randomUUID());
        }
        break;
      case "tick":
        await this.#tick(one.dies);
        break;
      case "two ticks":
        await Promise.all([this.#tick(one.dies), this.#tick(null)]);
        break;
      case "hourly":
        await this.#run(one.dies);
        break;
      case "wait":
        this.world.nowMs += one.minutes * MINUTE_MS;
        break;
      case "answers":
        this.world.answers = [...one.statuses];
        break;
      case "Redis emptied":
        await raw.flushall();
        break;
      case "Redis copied":
        this.#copy = await raw.get("due");
        break;
      default:
        await (this.#copy === null ? raw.del("due") : raw.set("due", this.#copy));
    }
  }

  async #tick(death: { call: number; isApplied: boolean } | null): Promise<void> {
    const { due } = await readWork(fixture.counters.redis);
    if (due.dueMs <= this.world.nowMs) {
      await this.#run(death);
    }
  }

  async #run(death: { call: number; isApplied: boolean } | null): Promise<void> {
    const stores = death === null ? {} : { stores: dyingAt(death.call, death.isApplied).stores };
    await this.world.run(stores).catch((error: unknown) => {
      expect(error).toBeInstanceOf(Died);
    });
  }
}

test("schedules of runs that die, overlap and are told the wrong thing by Redis: nothing is lost or early, one id each", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      await fixture.clear();
      await threeEndpoints();
      const play = new Play();
      await play.play(steps);
      // From now on all is well, and the hourly cron runs.
      play.world.answers = [];
      for (let hours = 0; hours < 26; hours += 1) {
        play.world.nowMs += HOUR_MS;
        await play.world.run();
      }
      const { attempts } = play.world;
      expect([...attempts.keys()].toSorted()).toEqual(await owed());
      for (const times of attempts.values()) {
        expect(new Set(times.map(({ body }) => body)).size).toBe(1);
        expect(times.some(({ status }) => status === 200)).toBe(true);
        for (const [index, { atMs }] of times.entries()) {
          const earlier = times[index - 1];
          const delayMs = RETRY_DELAYS_MS[index - 1] ?? 0;
          if (earlier !== undefined) {
            expect(atMs - earlier.atMs).toBeGreaterThanOrEqual(Math.min(delayMs, LEASE_MS));
          }
        }
      }
      expect((await fixture.deliveries()).filter(({ state }) => state !== "delivered")).toEqual([]);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test("a tick that is told nothing: leaves Postgres asleep, until what was lost from Redis is put right by the hour", async () => {
  await threeEndpoints();
  const play = new Play();
  await play.play([{ kind: "tick", dies: null }, { kind: "Redis copied" }]);
  // Told by a run that died before it could announce it, and Redis knows of nothing due.
  await play.play([
    { kind: "tell", count: 1, isAnnounced: false },
    { kind: "tick", dies: null },
  ]);
  expect(play.world.sent).toEqual([]);
  await play.play([{ kind: "hourly", dies: null }]);
  expect(play.world.sent).toHaveLength(3);
});
