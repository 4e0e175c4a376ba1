import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { recordGroups } from "../../../src/counters/record.ts";
import { HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { flushBuckets } from "../../../src/flush/flush-buckets.ts";
import { flushCustomer } from "../../../src/flush/flush-customer.ts";
import { type FlushStores, flushStores } from "../../../src/flush/flush-stores.ts";
import { LedgerUnreachable } from "../../../src/ledger/database.ts";
import { readLosses } from "../../../src/ledger/redis-losses.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { ACME_SHARD, customerOfShard, identified, measured, NOW_MS } from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let counters: RedisFixture;
let ledger: LedgerFixture;
let stores: FlushStores;

beforeAll(async () => {
  counters = await startRedisFixture();
  ledger = await startLedgerFixture();
  stores = flushStores(counters.redis, ledger.database);
}, 60_000);
beforeEach(async () => {
  await counters.clear();
  await ledger.clear();
});
afterAll(async () => {
  await counters.stop();
  await ledger.stop();
});

let ids = 0;

function randomId(): string {
  ids += 1;
  return `id-${ids}`;
}

function flush(minute: number, changed: Partial<FlushStores> = {}) {
  const deps = { stores: { ...stores, ...changed }, randomId, maxBuckets: 1000 };
  return flushBuckets(deps, NOW_MS + minute * MINUTE_MS);
}

/** Counts one call in a bucket of the shard. */
async function count(shard = ACME_SHARD): Promise<void> {
  const customerId = shard === ACME_SHARD ? "cus_acme" : customerOfShard(shard);
  await recordGroups(counters.redis, [identified(randomId(), measured({ customerId }))], NOW_MS, randomId());
}

/** Life goes on in a Redis that was emptied after the flush of minute 0. */
async function loseRedis(): Promise<void> {
  await count();
  await flush(0);
  await counters.clear();
  await count();
}

/** Each loss with the minutes up to which it was flushed, and when it was noticed. */
async function losses() {
  const minutesOf = (time: string | null) => time && (Date.parse(time) - NOW_MS) / MINUTE_MS;
  return (await readLosses(ledger.database, 10)).map(({ kind, flushedAt, noticedAt }) => [
    kind,
    minutesOf(flushedAt),
    minutesOf(noticedAt),
  ]);
}

async function counted(): Promise<string> {
  const [row] = await ledger.raw("select sum(value)::text as total from usage_records");
  return row?.["total"] ?? "0";
}

test("emptied: the first flush of all tells of no loss", async () => {
  await count();
  expect((await flush(0)).emptied).toEqual([]);
  await count();
  expect((await flush(1)).emptied).toEqual([]);

  expect(await losses()).toEqual([]);
});

test("emptied: a flush tells of it once, with what was flushed before", async () => {
  await loseRedis();
  expect((await flush(5)).emptied).toEqual([ACME_SHARD]);
  await count();
  expect((await flush(6)).emptied).toEqual([]);

  expect(await losses()).toEqual([["emptied", 0, 5]]);
  expect(await counted()).toBe("3");
});

test("emptied: shards that find it later tell of the same loss", async () => {
  await loseRedis();
  await count(2);
  await count(9);
  expect(new Set((await flush(5)).emptied)).toEqual(new Set([ACME_SHARD, 2, 9]));
  await count(11);
  await flush(6);

  expect(await losses()).toEqual([["emptied", 0, 5]]);
});

test.each([
  { name: "before it was applied", isApplied: false },
  { name: "when it was applied and its answer lost", isApplied: true },
])("emptied: it is told though the write that would have found it fails $name", async ({ isApplied }) => {
  await loseRedis();
  const write: FlushStores["write"] = async (...words) => {
    await (isApplied ? stores.write(...words) : undefined);
    throw new LedgerUnreachable("no answer", undefined);
  };
  await expect(flush(5, { write })).rejects.toThrow("no answer");
  await flush(9);
  await flush(10);

  expect(await losses()).toEqual([["emptied", 0, 5]]);
  expect(await counted()).toBe("2");
});

test("emptied: a run that cannot tell of it writes nothing, and the next one tells", async () => {
  await loseRedis();
  const noteLoss = async (): Promise<void> => {
    throw new LedgerUnreachable("no answer", undefined);
  };
  await expect(flush(5, { noteLoss })).rejects.toThrow("no answer");
  await flush(9);

  expect(await losses()).toEqual([["emptied", 0, 9]]);
  expect(await counted()).toBe("2");
});

test("emptied: it is told when a customer's own flush finds it first", async () => {
  await loseRedis();
  const fromMs = NOW_MS - HOUR_MS;
  await flushCustomer({ stores, randomId }, "cus_acme", fromMs, NOW_MS + HOUR_MS, NOW_MS + 5 * MINUTE_MS);
  await count();
  await flush(6);

  expect(await losses()).toEqual([["emptied", 0, 5]]);
  expect(await counted()).toBe("3");
});

test("emptied: an earlier life's claim that comes late tells of no other loss", async () => {
  await count();
  await flush(0);
  await count();
  let late: () => Promise<unknown> = async () => undefined;
  const write: FlushStores["write"] = async (...words) => {
    late = () => stores.write(...words);
    throw new LedgerUnreachable("no answer", undefined);
  };
  await expect(flush(1, { write })).rejects.toThrow("no answer");
  await counters.clear();
  await count();
  await flush(5);
  await late();
  await count();
  await flush(6);
  await count();
  await flush(7);

  expect(await losses()).toEqual([["emptied", 0, 5]]);
  expect(await counted()).toBe("5");
});
