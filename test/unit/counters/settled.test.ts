import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bucketKey, dirtyKey, inflightKey, shardOf } from "../../../src/counters/keys.ts";
import { MAX_SETTLED_BUCKETS, readSettled } from "../../../src/counters/settled.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { CALLS_FIELD, customerOfShard, THIS_HOUR_MS } from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function name(customerId: string, hoursAgo = 0) {
  return { customerId, hourMs: THIS_HOUR_MS - hoursAgo * HOUR_MS };
}

async function put(customerId: string, fields: Record<string, string> = { [CALLS_FIELD]: "7" }) {
  await fixture.raw.hset(bucketKey(customerId, THIS_HOUR_MS), { e: "epoch", n: "3", c: "1", ...fields });
}

test("settled: buckets in no index come with what they hold, others are waiting or gone", async () => {
  const [settled, dirty, gone] = [0, 7, 15].map(customerOfShard) as [string, string, string];
  const flying = dirty;
  for (const customerId of [settled, dirty]) {
    await put(customerId);
  }
  await fixture.raw.hset(bucketKey(flying, THIS_HOUR_MS - HOUR_MS), { e: "epoch", n: "1" });
  await fixture.raw.zadd(dirtyKey(shardOf(dirty)), 1, bucketKey(dirty, THIS_HOUR_MS));
  await fixture.raw.hset(inflightKey(7), bucketKey(flying, THIS_HOUR_MS - HOUR_MS), "claim:1");
  const found = await readSettled(fixture.redis, [name(dirty), name(gone), name(flying, 1), name(settled)]);

  expect(
    found.settled.map(({ customerId, epoch, version, series }) => [
      customerId,
      epoch,
      version,
      series.map(({ state }) => state.value),
    ]),
  ).toEqual([[settled, "epoch", 3n, [7n]]]);
  expect(found.gone).toEqual([name(gone)]);
  expect(found.waiting).toBe(2);
});

test("settled: no bucket is no call, too many are a bug", async () => {
  expect(await fixture.billed(() => readSettled(fixture.redis, []))).toBe(0);
  const names = Array.from({ length: MAX_SETTLED_BUCKETS + 1 }, (_, hour) => name("cus_acme", hour));
  await expect(readSettled(fixture.redis, names)).rejects.toThrow("invariant broken");
  expect((await readSettled(fixture.redis, names.slice(1))).gone.length).toBe(MAX_SETTLED_BUCKETS);
});

test("settled: of buckets that hold very much only so many are read", async () => {
  const fields = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [`["api_calls","sum",0,"region","${index}"]`, "1"]),
  );
  const names = Array.from({ length: 15 }, (_, shard) => name(customerOfShard(shard)));
  for (const { customerId } of names) {
    await put(customerId, fields);
  }
  const found = await readSettled(fixture.redis, names);

  expect([found.settled.length, found.gone.length, found.waiting]).toEqual([10, 0, 0]);
});
