import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { closeFence, fencePage, openFence, raiseNumbers } from "../../../src/counters/fence.ts";
import { claimBuckets, type Claim } from "../../../src/counters/flush-claim.ts";
import { bucketKey, metaKey, SHARDS } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { taken } from "../../support/claim.ts";
import { fenceOnce, PAGE_KEYS, passOver } from "../../support/fence.ts";
import {
  ACME_BUCKET,
  ACME_SHARD,
  CALLS_FIELD,
  customerOfShard,
  identified,
  measured,
  NOW_MS,
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

function claim(claimId: string, nowMs = NOW_MS, number = 0): Promise<Claim> {
  const ledger = { born: "born", number, setBackAtFences: null };
  const request = { shard: ACME_SHARD, claimId, nowMs, maxBuckets: 10, born: "born", ledger };
  return taken(claimBuckets(fixture.redis, request));
}

async function metas(field: string): Promise<(string | null)[]> {
  return Promise.all(EVERY_SHARD.map((shard) => fixture.raw.hget(metaKey(shard), field)));
}

/** About a thousand buckets of a series each, in every shard. */
async function countMany(): Promise<string[]> {
  const measurements = EVERY_SHARD.flatMap((shard) =>
    Array.from({ length: 63 }, (_, hour) =>
      measured({ customerId: customerOfShard(shard), timeMs: NOW_MS - hour * HOUR_MS }),
    ),
  );
  await recordGroups(fixture.redis, [identified("many", measurements)], NOW_MS, "old");
  return measurements.map(({ customerId, timeMs }) => bucketKey(customerId, timeMs));
}

test("pass: of more buckets than a page each is begun anew once, and no other key is touched", async () => {
  const keys = await countMany();
  for (let id = 0; id < 500; id += 1) {
    await fixture.raw.set(`i:${id}`, "fingerprint");
  }
  await openFence(fixture.redis, "incident", "by_hand");
  const done = await passOver(fixture.redis, "incident", "pass", "fresh");

  expect(done!.begun).toBe(keys.length);
  expect(done!.steps).toBeGreaterThan(2);
  for (const key of keys) {
    expect(await fixture.raw.hmget(key, "e", "n", CALLS_FIELD)).toEqual(["fresh", "2", null]);
  }
  expect(await fixture.raw.get("i:499")).toBe("fingerprint");
});

test("pass: of two runs at once one closes the fence, and every bucket is begun anew", async () => {
  const keys = await countMany();
  const runs = await Promise.all(["one", "two"].map((name) => fenceOnce(fixture.redis, name)));

  expect(runs.filter((run) => run !== undefined)).toHaveLength(1);
  for (const key of keys) {
    const [pass, state] = await fixture.raw.hmget(key, "f", CALLS_FIELD);
    expect(["pass of one", "pass of two"]).toContain(pass);
    expect(state).toBeNull();
  }
  expect(await metas("fences")).toEqual(EVERY_SHARD.map(() => "1"));
});

test("pass: one that died half way is done again by another from the start", async () => {
  const keys = await countMany();
  await openFence(fixture.redis, "incident", "by_hand");
  const dead = { incident: "incident", pass: "dead", steps: 0 };
  const page = await fencePage(fixture.redis, dead, "0", "half", PAGE_KEYS);

  expect(page!.cursor).not.toBe("0");
  expect(await fenceOnce(fixture.redis, "other")).toEqual({
    name: "incident",
    begun: keys.length,
  });
  expect(await fixture.raw.hkeys(metaKey(0))).not.toContain("pass:dead");
});

test.each([
  { name: "it has not seen the pages before", steps: 1 },
  { name: "it has seen more pages than the run", steps: -1 },
])("pass: it is not gone on with on a copy of Redis where $name", async ({ steps: change }) => {
  await count("a");
  await openFence(fixture.redis, "incident", "by_hand");
  const done = (await passOver(fixture.redis, "incident", "pass", "fresh"))!;
  await count("b", 1);
  const meta = await fixture.raw.hgetall(metaKey(0));
  const strange = { ...done, steps: done.steps + change };

  expect(await fencePage(fixture.redis, strange, "0", "late")).toBeUndefined();
  expect(await raiseNumbers(fixture.redis, strange, new Map([[0, 5]]))).toBeUndefined();
  expect(await closeFence(fixture.redis, strange)).toBe(false);
  expect(await fixture.raw.hgetall(metaKey(0))).toEqual(meta);
  expect(await fixture.raw.hget(bucketKey("cus_acme", NOW_MS - HOUR_MS), "e")).toBe("epoch-b");
});

test("pass: a fence is closed once, by the run whose numbers are raised, and nothing of it stays", async () => {
  await openFence(fixture.redis, "incident", "by_hand");
  const done = (await passOver(fixture.redis, "incident", "pass", "fresh"))!;
  await passOver(fixture.redis, "incident", "another", "fresh");
  await raiseNumbers(fixture.redis, done, new Map());
  const raised = { ...done, steps: done.steps + 1 };

  expect(await closeFence(fixture.redis, done)).toBe(false);
  expect(await closeFence(fixture.redis, { ...raised, incident: "other" })).toBe(false);
  expect(await closeFence(fixture.redis, { ...raised, pass: "other" })).toBe(false);
  expect(await closeFence(fixture.redis, raised)).toBe(true);
  expect(await closeFence(fixture.redis, raised)).toBe(false);
  expect(await fixture.raw.hgetall(metaKey(0))).toEqual({ fences: "1", k: "0", recent: "" });
});

test("numbers: they are raised to those of the ledger, never lowered, and each shard's life is told", async () => {
  await count("a");
  await claim("c1");
  await openFence(fixture.redis, "incident", "by_hand");
  const done = (await passOver(fixture.redis, "incident", "pass", "fresh"))!;
  const [low, high] = EVERY_SHARD.filter((shard) => shard !== ACME_SHARD);
  const unreached = new Map([
    [ACME_SHARD, 0],
    [low!, 7],
    [high!, 123_456_789_012_345],
  ]);
  const expected = EVERY_SHARD.map((shard) => (shard === ACME_SHARD ? 1 : (unreached.get(shard) ?? 0)));

  expect(await raiseNumbers(fixture.redis, done, unreached)).toEqual(
    expected.map((number) => ({ born: "born", number })),
  );
  expect(await metas("k")).toEqual(expected.map(String));
});

test("numbers: a shard without a life is told as one", async () => {
  await openFence(fixture.redis, "incident", "by_hand");
  const done = (await passOver(fixture.redis, "incident", "pass", "fresh"))!;

  expect(await raiseNumbers(fixture.redis, done, new Map())).toEqual(
    EVERY_SHARD.map(() => ({ born: "", number: 0 })),
  );
});

test("numbers: claims after a fence lie above them, begin a line, and take what was in flight again", async () => {
  await count("a");
  await count("b", 1);
  await claim("dead");
  await fenceOnce(fixture.redis, "incident", "by_hand", new Map([[ACME_SHARD, 41]]));
  await count("c");
  const after = await claim("c1", NOW_MS + HOUR_MS, 41);

  expect(after).toMatchObject({ born: "born", number: 42, fences: 1, entries: 2 });
  expect(after.recent).toEqual([{ number: 42, claimId: "c1" }]);
  expect(new Map(after.buckets.map(({ key, series }) => [key, series.length]))).toEqual(
    new Map([
      [ACME_BUCKET, 1],
      [bucketKey("cus_acme", NOW_MS - HOUR_MS), 0],
    ]),
  );
});
