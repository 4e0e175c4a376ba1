import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { dirtyKey, inflightKey } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import type { Measurement } from "../../../src/domain/event.ts";
import { DAY_MS, HOUR_MS, isoTime, MINUTE_MS } from "../../../src/domain/window.ts";
import { fenceCounters } from "../../../src/flush/fence.ts";
import { flushBuckets } from "../../../src/flush/flush-buckets.ts";
import { flushStores } from "../../../src/flush/flush-stores.ts";
import { checkCounters } from "../../../src/integrity/check-counters.ts";
import { readFindings } from "../../../src/ledger/integrity-findings.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import {
  ACME_BUCKET,
  ACME_SHARD,
  CALLS_FIELD,
  callsSeries,
  customerOfShard,
  identified,
  measured,
  NOW_MS,
  seriesOf,
  THIS_HOUR_MS,
} from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let ledger: LedgerFixture;
let redis: RedisFixture;
let ids = 0;

beforeAll(async () => {
  [ledger, redis] = await Promise.all([startLedgerFixture(), startRedisFixture()]);
}, 60_000);
beforeEach(() => Promise.all([ledger.clear(), redis.clear()]));
afterAll(() => Promise.all([ledger.stop(), redis.stop()]));

const randomId = (): string => {
  ids += 1;
  return `random-${ids}`;
};

function check(nowMs = NOW_MS) {
  return checkCounters(redis.redis, ledger.database, nowMs);
}

async function count(changes: Partial<Measurement> = {}, epoch = randomId()) {
  await recordGroups(redis.redis, [identified(randomId(), measured(changes))], NOW_MS, epoch);
}

function flush(nowMs = NOW_MS) {
  const stores = flushStores(redis.redis, ledger.database);
  return flushBuckets({ stores, randomId, maxBuckets: 10_000 }, nowMs);
}

async function findings() {
  return (await readFindings(ledger.database, 100)).map(({ kind, detail, goneAt }) => [
    kind,
    detail["customerId"],
    detail["hour"],
    goneAt === null ? "open" : "gone",
  ]);
}

const ACME_OPEN = ["counters", "cus_acme", isoTime(THIS_HOUR_MS), "open"];
const ACME_GONE = ["counters", "cus_acme", isoTime(THIS_HOUR_MS), "gone"];
const AGREED = { checked: 1, moving: 0, drifted: 0 };
const DRIFTED = { checked: 1, moving: 0, drifted: 1 };

test("counters: nothing flushed is nothing to compare", async () => {
  await count();

  expect(await check()).toEqual({ checked: 0, moving: 0, drifted: 0 });
});

test("counters: what is flushed agrees, whatever it counts", async () => {
  const level = seriesOf({
    metricName: "level",
    aggregation: "last",
    scale: 9,
    dimensions: { zone: "\u{1F600}" },
  });
  await count({ value: 2n ** 53n - 1n });
  await count({
    series: level,
    seriesText: JSON.stringify(["level", "last", 9, "zone", "\u{1F600}"]),
    value: -1n,
  });
  for (let shard = 0; shard < 16; shard += 1) {
    await count({ customerId: customerOfShard(shard) });
    await count({ customerId: customerOfShard(shard), timeMs: NOW_MS - HOUR_MS });
  }
  await flush();

  expect(await check()).toEqual({ checked: 33, moving: 0, drifted: 0 });
  expect(await findings()).toEqual([]);
});

test("counters: a bucket that is dirty or in flight is left for later", async () => {
  await count();
  await flush();
  await count();
  expect(await check()).toEqual({ checked: 0, moving: 1, drifted: 0 });

  await redis.raw.zrem(dirtyKey(ACME_SHARD), ACME_BUCKET);
  await redis.raw.hset(inflightKey(ACME_SHARD), ACME_BUCKET, `dead:${NOW_MS}`);
  expect(await check()).toEqual({ checked: 0, moving: 1, drifted: 0 });
});

test.each([
  { name: "a counter above the ledger", change: () => redis.raw.hset(ACME_BUCKET, CALLS_FIELD, "8") },
  { name: "a counter that is gone", change: () => redis.raw.hdel(ACME_BUCKET, CALLS_FIELD) },
  {
    name: "a counter that the ledger does not have",
    change: () => redis.raw.hset(ACME_BUCKET, '["other","sum",0]', "1"),
  },
  { name: "a later version, in no index", change: () => redis.raw.hset(ACME_BUCKET, "n", "2") },
  { name: "an earlier version", change: () => redis.raw.hset(ACME_BUCKET, "n", "1") },
  {
    name: "an epoch that the ledger does not have",
    change: () => redis.raw.hset(ACME_BUCKET, "e", "other"),
  },
  {
    name: "a ledger that was set back",
    change: () => ledger.raw("update usage_records set version = version - 1, value = 1"),
  },
  { name: "a ledger's value", change: () => ledger.raw("update usage_records set value = 8") },
])("counters: $name is found, told once, and gone when it agrees", async ({ name, change }) => {
  await count({}, "epoch");
  await count({}, "epoch");
  await flush();
  if (name === "a later version, in no index") {
    await ledger.raw("update usage_records set version = 1");
  }
  const before = await redis.raw.hgetall(ACME_BUCKET);
  const rows = await ledger.raw("select value, version from usage_records");
  await change();

  expect(await check()).toEqual(DRIFTED);
  expect(await check(NOW_MS + HOUR_MS)).toEqual(DRIFTED);
  expect(await findings()).toEqual([ACME_OPEN]);
  expect(await ledger.raw("select type from notifications")).toEqual([{ type: "integrity.drift_detected" }]);

  await redis.raw.del(ACME_BUCKET);
  await redis.raw.hset(ACME_BUCKET, { ...before, n: "2" });
  await ledger.raw("update usage_records set value = $1, version = 2", [rows[0]?.["value"]]);
  expect(await check(NOW_MS + 2 * HOUR_MS)).toEqual(AGREED);
  expect(await findings()).toEqual([ACME_GONE]);
});

test("counters: a finding tells versions and what differs", async () => {
  await count({}, "epoch");
  await flush();
  await redis.raw.hset(ACME_BUCKET, CALLS_FIELD, "8");
  await check();
  const [found] = await readFindings(ledger.database, 1);

  expect(found?.detail).toEqual({
    customerId: "cus_acme",
    hour: isoTime(THIS_HOUR_MS),
    epoch: "epoch",
    counterVersion: "1",
    ledgerVersion: "1",
    differing: 1,
    series: [{ metricName: "api_calls", dimensions: {}, counter: "8", ledger: "1" }],
  });
});

test("counters: a bucket that has expired, or a Redis that was emptied, is no drift; a finding of it is gone", async () => {
  await count();
  await flush();
  await redis.raw.hset(ACME_BUCKET, CALLS_FIELD, "8");
  await check();
  await redis.clear();

  expect(await check(NOW_MS + MINUTE_MS)).toEqual({ checked: 0, moving: 0, drifted: 0 });
  expect(await findings()).toEqual([ACME_GONE]);
});

test("counters: after Redis was emptied the new life of a bucket agrees beside the old one", async () => {
  await count();
  await flush();
  await redis.clear();
  await count({ value: 5n });
  await flush();

  expect(await check()).toEqual(AGREED);
});

test("counters: buckets that a fence has begun anew agree, before and after they count again", async () => {
  await count();
  await flush();
  const stores = flushStores(redis.redis, ledger.database);
  await fenceCounters({ stores, randomId }, "by_hand", NOW_MS);
  expect(await check()).toEqual(AGREED);

  await count({ value: 5n });
  await flush();
  expect(await check()).toEqual(AGREED);
});

test("counters: a Redis set back to an older copy is found before its next flush", async () => {
  await count();
  await flush();
  const copy = await redis.raw.hgetall(ACME_BUCKET);
  await count();
  await flush(NOW_MS + MINUTE_MS);
  await redis.raw.del(ACME_BUCKET);
  await redis.raw.hset(ACME_BUCKET, copy);

  expect(await check(NOW_MS + 2 * MINUTE_MS)).toEqual(DRIFTED);
});

test("counters: what was flushed 26 hours ago is looked at, what was before is not", async () => {
  await count();
  await flush();

  expect(await check(NOW_MS + 26 * HOUR_MS)).toEqual(AGREED);
  expect(await check(NOW_MS + 26 * HOUR_MS + 1)).toEqual({ checked: 0, moving: 0, drifted: 0 });
});

test("counters: of more than 500 hours each run looks at 500, and not always the same", async () => {
  const hours = Array.from({ length: 130 }, (_, hour) => THIS_HOUR_MS - hour * HOUR_MS);
  const customers = Array.from({ length: 5 }, (_, shard) => customerOfShard(shard));
  for (const customerId of customers) {
    const groups = hours.map((timeMs) =>
      identified(`${customerId}-${timeMs}`, measured({ customerId, timeMs, series: callsSeries })),
    );
    await recordGroups(redis.redis, groups, NOW_MS, "epoch");
  }
  await flush();
  expect(await check()).toEqual({ checked: 500, moving: 0, drifted: 0 });

  await redis.raw.hset(`b:${customers[0]}:${THIS_HOUR_MS / HOUR_MS}`, CALLS_FIELD, "8");
  let drifted = 0;
  for (let hour = 0; hour < 25 && drifted === 0; hour += 1) {
    drifted = (await check(NOW_MS + hour * HOUR_MS)).drifted;
  }
  expect(drifted).toBe(1);
});

test("counters: one reading of Redis, not more commands than buckets and their indexes", async () => {
  for (let shard = 0; shard < 16; shard += 1) {
    await count({ customerId: customerOfShard(shard) });
  }
  await flush();
  await check();

  expect(await redis.billed(check)).toBe(1 + 16 * 3);
});

test("counters: a flush and counting that run meanwhile are never called a drift", async () => {
  const progress = { isDone: false };
  const work = async () => {
    for (let tick = 0; tick < 25; tick += 1) {
      await count();
      await count({ timeMs: NOW_MS - HOUR_MS });
      await flush(NOW_MS + tick * MINUTE_MS);
    }
    progress.isDone = true;
  };
  const watch = async () => {
    let drifted = 0;
    while (!progress.isDone) {
      drifted += (await check()).drifted;
    }
    return drifted;
  };
  const [, drifted] = await Promise.all([work(), watch()]);

  expect(drifted).toBe(0);
  expect(await check()).toEqual({ checked: 2, moving: 0, drifted: 0 });
});

test("counters: hours of eight days are looked at, older ones have no bucket", async () => {
  await count({ timeMs: NOW_MS - 8 * DAY_MS });
  await flush();

  expect((await check(NOW_MS - HOUR_MS)).checked).toBe(1);
  expect((await check(NOW_MS + HOUR_MS)).checked).toBe(0);
});
