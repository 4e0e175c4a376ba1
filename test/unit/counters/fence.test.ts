import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { closeFence, type FenceReason, openFence, raiseNumbers } from "../../../src/counters/fence.ts";
import { acknowledgeBuckets, claimBuckets, type Claim } from "../../../src/counters/flush-claim.ts";
import { bucketKey, dirtyKey, metaKey, SHARDS } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { taken } from "../../support/claim.ts";
import { fenceOnce, passOver } from "../../support/fence.ts";
import {
  ACME_BUCKET,
  ACME_SHARD,
  CALLS_FIELD,
  identified,
  measured,
  NOW_MS,
  seriesOf,
} from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

const EVERY_SHARD = Array.from({ length: SHARDS }, (_, shard) => shard);

/** Counts one call in the bucket of `hoursAgo`. */
function count(id: string, hoursAgo = 0) {
  const measurement = measured({ timeMs: NOW_MS - hoursAgo * HOUR_MS });
  return recordGroups(fixture.redis, [identified(id, measurement)], NOW_MS, `epoch-${id}`);
}

function bucketAgo(hoursAgo: number): string {
  return bucketKey("cus_acme", NOW_MS - hoursAgo * HOUR_MS);
}

/** A claim by which every shard's life is `born`. */
function claim(claimId: string): Promise<Claim> {
  const request = { claimId, nowMs: NOW_MS, maxBuckets: 10, born: "born", ledger: undefined };
  return taken(claimBuckets(fixture.redis, { ...request, shard: ACME_SHARD }));
}

async function metas(field: string): Promise<(string | null)[]> {
  return Promise.all(EVERY_SHARD.map((shard) => fixture.raw.hget(metaKey(shard), field)));
}

/** What a claim tells that found Redis set back. */
function setBack(shard: number, fences: number, born = "born"): FenceReason {
  return { kind: "set_back", shard, born, fences };
}

test("fence: it is open in every shard until it is closed", async () => {
  await claim("c1");

  expect(await openFence(fixture.redis, "incident", setBack(3, 0))).toBe("incident");
  expect(await metas("fence")).toEqual(EVERY_SHARD.map(() => "incident"));
  expect(await fenceOnce(fixture.redis, "other")).toEqual({ name: "incident", begun: 0 });
  expect(await metas("fence")).toEqual(EVERY_SHARD.map(() => null));
  expect(await metas("fences")).toEqual(EVERY_SHARD.map(() => "1"));
});

test.each<{ name: string; reason: FenceReason }>([
  { name: "by hand", reason: "by_hand" },
  { name: "by a claim that it has refused", reason: { kind: "fenced", shard: 1, born: "born", fences: 0 } },
  { name: "by a claim of its time", reason: setBack(0, 0) },
  { name: "by a claim of another shard, time and life", reason: setBack(SHARDS - 1, 7, "another") },
])("fence: one that is open is joined $name", async ({ reason }) => {
  await openFence(fixture.redis, "first", "by_hand");

  expect(await openFence(fixture.redis, "second", reason)).toBe("first");
  expect(await metas("fence")).toEqual(EVERY_SHARD.map(() => "first"));
});

test.each<{ name: string; reason: FenceReason }>([
  { name: "from before one that was closed", reason: setBack(5, 0) },
  { name: "of another shard from before it", reason: setBack(SHARDS - 1, 0) },
  { name: "of another life", reason: setBack(5, 1, "another") },
  { name: "that was refused by a fence", reason: { kind: "fenced", shard: 5, born: "born", fences: 1 } },
])("fence: a claim $name opens none", async ({ reason }) => {
  await claim("c1");
  await fenceOnce(fixture.redis, "first");

  expect(await openFence(fixture.redis, "second", reason)).toBeUndefined();
  expect(await metas("fence")).toEqual(EVERY_SHARD.map(() => null));
});

test("fence: a claim of the Redis that there is opens one, and a hand always does", async () => {
  expect(await openFence(fixture.redis, "none", setBack(5, 0))).toBeUndefined();
  await claim("c1");

  expect(await fenceOnce(fixture.redis, "first", setBack(5, 0))).toMatchObject({ name: "first" });
  expect(await fenceOnce(fixture.redis, "second", setBack(6, 1))).toMatchObject({ name: "second" });
  expect(await fenceOnce(fixture.redis, "third", "by_hand")).toMatchObject({ name: "third" });
  expect(await metas("fences")).toEqual(EVERY_SHARD.map(() => "3"));
});

test("fence: a bucket is begun anew, its time to live and its dirty mark stay", async () => {
  await count("a");
  await count("b");
  await openFence(fixture.redis, "incident", "by_hand");
  const ttl = await fixture.raw.pexpiretime(ACME_BUCKET);

  expect(await passOver(fixture.redis, "incident", "pass", "fresh")).toMatchObject({ begun: 1 });
  expect(await fixture.raw.hgetall(ACME_BUCKET)).toEqual({
    e: "fresh",
    n: "3",
    c: "0",
    d: "1",
    f: "pass",
  });
  expect(await fixture.raw.pexpiretime(ACME_BUCKET)).toBe(ttl);
  expect(ttl).toBeGreaterThan(NOW_MS);
});

test("fence: ids stay, and what is recorded next counts from nothing under the fresh epoch", async () => {
  await count("a");
  await fenceOnce(fixture.redis, "incident");

  expect(await count("a")).toEqual(["duplicate"]);
  expect(await count("b")).toEqual(["recorded"]);
  const { buckets } = await claim("c1");
  expect(buckets.map(({ epoch, version }) => [epoch, version])).toEqual([["epoch of incident", 3n]]);
  expect(buckets[0]!.series.map(({ text, state }) => [text, state.value])).toEqual([[CALLS_FIELD, 1n]]);
  expect(await fixture.raw.hget(ACME_BUCKET, "c")).toBe("1");
});

test("fence: of clean, claimed, dirty and again dirty buckets the marks stay what the index says", async () => {
  await count("a", 1);
  await acknowledgeBuckets(fixture.redis, await claim("c1"));
  await count("b", 2);
  await count("c", 3);
  await claim("c2");
  await count("d", 3);
  await count("e", 4);
  await fenceOnce(fixture.redis, "incident");
  const marked = [];
  for (const hoursAgo of [1, 2, 3, 4]) {
    marked.push(await fixture.raw.hexists(bucketAgo(hoursAgo), "d"));
  }

  expect(marked).toEqual([0, 0, 1, 1]);
  expect((await fixture.raw.zrange(dirtyKey(ACME_SHARD), "0", "-1")).toSorted()).toEqual(
    [3, 4].map(bucketAgo).toSorted(),
  );
  for (const hoursAgo of [1, 2, 3, 4]) {
    await count(`after-${hoursAgo}`, hoursAgo);
  }
  expect(await fixture.raw.zcard(dirtyKey(ACME_SHARD))).toBe(4);
});

test("fence: another pass begins every bucket anew: the copy of Redis may be another", async () => {
  await count("a");
  await openFence(fixture.redis, "incident", "by_hand");
  await passOver(fixture.redis, "incident", "one", "fresh");
  await count("b");
  await count("c", 1);

  expect(await passOver(fixture.redis, "incident", "two", "another")).toMatchObject({ begun: 2 });
  expect(await fixture.raw.hmget(ACME_BUCKET, "e", "n", CALLS_FIELD)).toEqual(["another", "4", null]);
  expect(await fixture.raw.hmget(bucketAgo(1), "e", "n", CALLS_FIELD)).toEqual(["another", "2", null]);
});

test("fence: another incident begins it anew once more", async () => {
  await count("a");
  await fenceOnce(fixture.redis, "first");

  expect(await fenceOnce(fixture.redis, "second")).toMatchObject({ begun: 1 });
  expect(await fixture.raw.hmget(ACME_BUCKET, "e", "n", "f")).toEqual([
    "epoch of second",
    "3",
    "pass of second",
  ]);
});

test("fence: a late run of one that is closed touches nothing that was made since", async () => {
  await count("a");
  await openFence(fixture.redis, "incident", "by_hand");
  const late = await passOver(fixture.redis, "incident", "late", "fresh");
  await fenceOnce(fixture.redis, "joins");
  await count("b", 1);
  const before = await fixture.raw.hgetall(bucketAgo(1));

  expect(await passOver(fixture.redis, "incident", "later", "late")).toBeUndefined();
  await openFence(fixture.redis, "next", "by_hand");
  expect(await passOver(fixture.redis, "incident", "later", "late")).toBeUndefined();
  expect(await raiseNumbers(fixture.redis, late!, new Map())).toBeUndefined();
  expect(await closeFence(fixture.redis, late!)).toBe(false);
  expect(await fixture.raw.hgetall(bucketAgo(1))).toEqual(before);
  expect(await metas("fence")).toEqual(EVERY_SHARD.map(() => "next"));
});

test.each([1, 999, 1000])("fence: a bucket of %i series is begun anew", async (series) => {
  const measurements = Array.from({ length: series }, (_, index) =>
    measured({ series: seriesOf({ dimensions: { region: `r${index}` } }) }),
  );
  await recordGroups(fixture.redis, [identified("a", measurements)], NOW_MS, "old");
  await fenceOnce(fixture.redis, "incident");

  expect((await fixture.raw.hkeys(ACME_BUCKET)).toSorted()).toEqual(["c", "d", "e", "f", "n"]);
});
