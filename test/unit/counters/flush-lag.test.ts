import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { oldestUnflushed } from "../../../src/counters/flush-lag.ts";
import { dirtyKey, inflightKey } from "../../../src/counters/keys.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

const NOW_MS = Date.parse("2026-11-23T12:34:56.789Z");
const MINUTE = Math.floor(NOW_MS / 60_000);

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function oldest() {
  return oldestUnflushed(fixture.redis, NOW_MS);
}

test("flush lag: nothing waits where nothing is in an index, for two commands more than the call", async () => {
  expect(await oldest()).toBe(undefined);
  expect(await fixture.billed(oldest)).toBe(3);
});

test("flush lag: the oldest minute of any shard counts", async () => {
  await fixture.raw.zadd(dirtyKey(3), MINUTE - 2, "b:a:1", MINUTE - 7, "b:b:1");
  expect(await oldest()).toBe((MINUTE - 7) * 60_000);
  await fixture.raw.zadd(dirtyKey(15), MINUTE - 9, "b:c:1");
  await fixture.raw.zadd(dirtyKey(0), MINUTE - 8, "b:c:1");

  expect(await oldest()).toBe((MINUTE - 9) * 60_000);
});

test("flush lag: a bucket in flight counts from its claim, unless it was put off to a later moment", async () => {
  await fixture.raw.hset(inflightKey(0), {
    "b:a:1": `claim:${NOW_MS - 5}`,
    "b:b:1": `1f:2:${NOW_MS - 70_001}`,
    "b:c:1": `claim:${NOW_MS + 1}`,
  });
  expect(await oldest()).toBe(NOW_MS - 70_001);

  await fixture.raw.hdel(inflightKey(0), "b:a:1", "b:b:1");
  expect(await oldest()).toBe(undefined);
});

test("flush lag: the older of both counts", async () => {
  await fixture.raw.zadd(dirtyKey(1), MINUTE - 1, "b:a:1");
  await fixture.raw.hset(inflightKey(2), "b:b:1", `claim:${NOW_MS - 180_000}`);
  expect(await oldest()).toBe(NOW_MS - 180_000);

  await fixture.raw.zadd(dirtyKey(1), MINUTE - 4, "b:a:1");
  expect(await oldest()).toBe((MINUTE - 4) * 60_000);
});
