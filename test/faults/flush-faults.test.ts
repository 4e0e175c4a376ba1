import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";
import { flushStores, type FlushStores } from "../../src/flush/flush-stores.ts";
import { type FlushFixture, startFlushFixture } from "../support/flush-fixture.ts";
import { NOW_MS } from "../support/measurement.ts";

let fixture: FlushFixture;

beforeAll(async () => {
  fixture = await startFlushFixture();
}, 60_000);
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.sql.query("alter table usage_records drop constraint if exists poison");
  await fixture.clear();
});

function customers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `cus_${index}`);
}

function one(customerId: string, timeMs = NOW_MS) {
  return { customerId, timeMs };
}

/** Stores of which the calls of one kind are counted and watched. */
function watched(watch: (name: keyof FlushStores, args: unknown[]) => void): FlushStores {
  const stores = flushStores(fixture.counters.redis, fixture.database);
  return new Proxy(stores, {
    get(target, name: keyof FlushStores) {
      return (...args: unknown[]) => {
        watch(name, args);
        return (target[name] as (...all: unknown[]) => unknown)(...args);
      };
    },
  });
}

describe("one poisoned bucket among a thousand", () => {
  async function poison(): Promise<void> {
    await fixture.sql.query(
      "alter table usage_records add constraint poison check (customer_id <> 'cus_500')",
    );
    await fixture.count(
      customers(1000).map((customerId) => one(customerId)),
      NOW_MS,
    );
  }

  test("is put off and reported, the others are in the ledger after the same run", async () => {
    await poison();
    const report = await fixture.flush(NOW_MS + MINUTE_MS);
    expect(report.putOff).toEqual([
      { customerId: "cus_500", hour: "2100-03-15T12:00:00.000Z", code: "23514" },
    ]);
    const totals = await fixture.totals();
    expect(totals.size).toBe(999);
    expect([...totals.values()].every((value) => value === 1n)).toBe(true);
  });

  test("stands alone after as many transactions as its page is halved", async () => {
    await poison();
    let writes = 0;
    const stores = watched((name) => {
      writes += name === "write" ? 1 : 0;
    });
    const { claims } = await fixture.flush(NOW_MS + MINUTE_MS, { stores });
    // A page of a shard holds about 62 of them: halved six times, each time twice.
    expect(writes - claims).toBeLessThanOrEqual(2 * 7);
  });

  test("is left alone for an hour, also when it changes, and written when it can be", async () => {
    await poison();
    await fixture.flush(NOW_MS + MINUTE_MS);
    await fixture.count([one("cus_500")], NOW_MS + 2 * MINUTE_MS);
    const next = await fixture.flush(NOW_MS + 5 * MINUTE_MS);
    expect(next).toMatchObject({ putOff: [], buckets: 0 });
    await fixture.sql.query("alter table usage_records drop constraint poison");
    expect((await fixture.flush(NOW_MS + 60 * MINUTE_MS)).buckets).toBe(0);
    expect((await fixture.flush(NOW_MS + 65 * MINUTE_MS)).buckets).toBe(1);
    expect((await fixture.totals()).get("cus_500")).toBe(2n);
  });
});

test("a ledger that refuses everything: the run ends, and says so", async () => {
  await fixture.sql.query("alter table usage_records add constraint poison check (value < 0)");
  await fixture.count(
    customers(1000).map((customerId) => one(customerId)),
    NOW_MS,
  );
  await expect(fixture.flush(NOW_MS + MINUTE_MS)).rejects.toThrow("the ledger refuses more than 50 buckets");
});

test.each([2, 8])("%i runs at once: each event is in the ledger once, and nothing is left", async (runs) => {
  const names = customers(300);
  for (let round = 0; round < 4; round += 1) {
    const nowMs = NOW_MS + round * MINUTE_MS;
    await fixture.count(
      names.map((customerId) => one(customerId, NOW_MS + (round % 2) * HOUR_MS)),
      nowMs,
    );
    await Promise.all(
      Array.from({ length: runs }, (_, run) =>
        fixture.flush(nowMs + MINUTE_MS, { maxBuckets: 64 * (run + 1) }),
      ),
    );
  }
  await fixture.flush(NOW_MS + HOUR_MS);
  const totals = await fixture.totals();
  expect([...totals.values()]).toEqual(names.map(() => 4n));
  expect((await fixture.flush(NOW_MS + 2 * HOUR_MS)).buckets).toBe(0);
});

test("twice as many dirty buckets as a tick may take, for an hour: the oldest first, and all in the end", async () => {
  const maxBuckets = 160;
  const expected = new Map<string, bigint>();
  const lags: number[] = [];
  for (let minute = 0; minute < 60; minute += 1) {
    const nowMs = NOW_MS + minute * MINUTE_MS;
    const busy = customers(320);
    await fixture.count(
      busy.map((customerId) => one(customerId)),
      nowMs,
    );
    for (const customerId of busy) {
      expected.set(customerId, (expected.get(customerId) ?? 0n) + 1n);
    }
    const { buckets, lagMs } = await fixture.flush(nowMs, { maxBuckets });
    expect(buckets).toBeLessThanOrEqual(maxBuckets);
    lags.push(lagMs);
  }
  // A busy bucket waits its turn and no longer: a shard of so many takes a few ticks to go round.
  expect(Math.max(...lags)).toBeLessThanOrEqual(5 * MINUTE_MS);
  for (let minute = 60; minute < 66; minute += 1) {
    await fixture.flush(NOW_MS + minute * MINUTE_MS, { maxBuckets });
  }
  expect(await fixture.totals()).toEqual(expected);
});

test("Postgres restarted in the middle of a run: the next run brings what is missing, once", async () => {
  const names = customers(400);
  await fixture.count(
    names.map((customerId) => one(customerId)),
    NOW_MS,
  );
  let writes = 0;
  let restarted: Promise<void> = Promise.resolve();
  const stores = watched((name) => {
    writes += name === "write" ? 1 : 0;
    if (name === "write" && writes === 6) {
      restarted = fixture.ledger.restart();
    }
  });
  const run = fixture.flush(NOW_MS + MINUTE_MS, { stores }).catch((error: unknown) => error);
  await run;
  await restarted;
  await fixture.reconnect();
  // What the first run held is abandoned after three minutes.
  await fixture.flush(NOW_MS + 5 * MINUTE_MS);
  expect([...(await fixture.totals()).values()]).toEqual(names.map(() => 1n));
  expect((await fixture.flush(NOW_MS + 10 * MINUTE_MS)).buckets).toBe(0);
});

test("what follows from a written page comes before it is let go of, and again when the run died in between", async () => {
  await fixture.count([one("cus_0")], NOW_MS);
  const seen: string[] = [];
  const stores = watched((name) => {
    if (name === "write" || name === "acknowledge") {
      seen.push(name);
    }
  });
  const dying = fixture.flush(NOW_MS + MINUTE_MS, {
    stores,
    onWritten: () => Promise.reject(new Error("died")),
  });
  await expect(dying).rejects.toThrow("died");
  expect(seen).toEqual(["write"]);
  const told: string[] = [];
  const onWritten = async (buckets: readonly { customerId: string; hourMs: number }[]): Promise<void> => {
    told.push(...buckets.map(({ customerId, hourMs }) => `${customerId} ${hourMs}`));
  };
  // Nothing changes in the ledger; the hours claimed are told all the same.
  expect((await fixture.flush(NOW_MS + 4 * MINUTE_MS, { onWritten })).rowsChanged).toBe(0);
  expect(told).toEqual([`cus_0 ${Math.floor(NOW_MS / HOUR_MS) * HOUR_MS}`]);
});

test("Redis emptied between flushes: told once with its time, and nothing is lowered", async () => {
  const names = customers(64);
  await fixture.count(
    names.map((customerId) => one(customerId)),
    NOW_MS,
  );
  await fixture.flush(NOW_MS + MINUTE_MS);
  await fixture.counters.clear();
  await fixture.count(
    names.map((customerId) => one(customerId)),
    NOW_MS + 2 * MINUTE_MS,
  );
  const report = await fixture.flush(NOW_MS + 3 * MINUTE_MS);
  expect(report.emptied.length).toBeGreaterThan(0);
  await fixture.flush(NOW_MS + 4 * MINUTE_MS);
  expect([...(await fixture.totals()).values()]).toEqual(names.map(() => 2n));
  const { rows } = await fixture.sql.query(
    "select kind, flushed_at, noticed_at, fenced_at from redis_losses order by noticed_at",
  );
  expect(rows).toEqual([
    {
      kind: "emptied",
      flushed_at: new Date(NOW_MS + MINUTE_MS),
      noticed_at: new Date(NOW_MS + 3 * MINUTE_MS),
      fenced_at: null,
    },
  ]);
  const { rows: told } = await fixture.sql.query("select type, data ->> 'kind' as kind from notifications");
  expect(told).toEqual([{ type: "operations.redis_reset", kind: "emptied" }]);
});
