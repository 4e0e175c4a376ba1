import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  option,
  record,
  type Arbitrary,
} from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { announceDue, readWork } from "../../src/counters/due.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";
import { LEASE_MS } from "../../src/notifications/deliver.ts";
import { deliveryStores, type DeliveryStores } from "../../src/notifications/delivery-stores.ts";
import { RETRY_DELAYS_MS } from "../../src/notifications/retry-schedule.ts";
import { type DeliveryFixture, startDeliveryFixture } from "../support/delivery-fixture.ts";
import { DeliveryWorld, Died, dyingAt } from "../support/delivery-world.ts";

let fixture: DeliveryFixture;

beforeAll(async () => {
  fixture = await startDeliveryFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function stores(): DeliveryStores {
  return deliveryStores(fixture.counters.redis, fixture.ledger.database);
}

describe.each([
  ["before it is done", false],
  ["after it is done, the answer lost", true],
])("a run that dies at one of its calls, %s", (_name, isApplied) => {
  test("at each of them: everything is delivered by the runs after it, under one id, and twice only what was on its way", async () => {
    for (let call = 0; ; call += 1) {
      await fixture.clear();
      const world = new DeliveryWorld(fixture);
      await world.endpoints("a", "b", "c");
      await world.tell(3);
      const died = await world.run({ stores: dyingAt(stores(), call, isApplied) }).then(
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
      expect([...attempts.keys()].toSorted(), `died at call ${call}`).toEqual(await world.owed());
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
    const world = new DeliveryWorld(fixture);
    await world.endpoints("a", "b", "c");
    for (let round = 0; round < 5; round += 1) {
      await world.tell(20);
      world.answers = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 500 : 404));
      await Promise.all(Array.from({ length: runs }, () => world.run()));
      world.nowMs += MINUTE_MS;
    }
    await world.run();
    world.nowMs += HOUR_MS;
    await world.run();
    const { attempts } = world;
    expect([...attempts.keys()].toSorted()).toEqual(await world.owed());
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

const dies = option(record({ call: nat(20), isApplied: boolean() }), { freq: 3 });
const step: Arbitrary<Step> = oneof(
  {
    weight: 3,
    arbitrary: record({
      kind: constant("tell" as const),
      count: integer({ min: 1, max: 3 }),
      isAnnounced: boolean(),
    }),
  },
  { weight: 6, arbitrary: record({ kind: constantFrom("tick", "hourly", "two ticks"), dies }) },
  {
    weight: 3,
    arbitrary: record({ kind: constant("wait" as const), minutes: constantFrom(1, 4, 6, 60, 600) }),
  },
  {
    weight: 3,
    arbitrary: record({
      kind: constant("answers" as const),
      statuses: array(constantFrom(0, 200, 302, 404, 429, 500), { maxLength: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: record({ kind: constantFrom("Redis emptied", "Redis copied", "Redis set back") }),
  },
);

/** Plays schedules: ticks look into Postgres only when Redis says so, as the minute cron does; the hourly run always. */
class Play {
  readonly world = new DeliveryWorld(fixture);
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
        await this.world.tell(one.count);
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
      case "Redis set back":
        await (this.#copy === null ? raw.del("due") : raw.set("due", this.#copy));
        break;
      default:
        one satisfies never;
    }
  }

  async #tick(death: { call: number; isApplied: boolean } | null): Promise<void> {
    const { due } = await readWork(fixture.counters.redis);
    if (due.dueMs <= this.world.nowMs) {
      await this.#run(death);
    }
  }

  async #run(death: { call: number; isApplied: boolean } | null): Promise<void> {
    const changes = death === null ? {} : { stores: dyingAt(stores(), death.call, death.isApplied) };
    await this.world.run(changes).catch((error: unknown) => {
      expect(error).toBeInstanceOf(Died);
    });
  }
}

test("schedules of runs that die, overlap and are told the wrong thing by Redis: nothing is lost or early, one id each", async () => {
  await assert(
    asyncProperty(array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      await fixture.clear();
      const play = new Play();
      await play.world.endpoints("a", "b", "c");
      await play.play(steps);
      // From now on all is well, and the hourly cron runs.
      play.world.answers = [];
      for (let hours = 0; hours < 26; hours += 1) {
        play.world.nowMs += HOUR_MS;
        await play.world.run();
      }
      const { attempts } = play.world;
      expect([...attempts.keys()].toSorted()).toEqual(await play.world.owed());
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
  const play = new Play();
  await play.world.endpoints("a", "b", "c");
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
