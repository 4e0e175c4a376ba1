import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readWork } from "../../../src/counters/due.ts";
import {
  acknowledgeBuckets,
  type Claim,
  claimBuckets,
  putOffBucket,
} from "../../../src/counters/flush-claim.ts";
import { bucketKey, inflightKey } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import { HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { taken } from "../../support/claim.ts";
import { ACME_BUCKET, ACME_SHARD, identified, measured, NOW_MS } from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

/** A whole minute, so that ages in minutes are exact. */
const MINUTE = Math.floor(NOW_MS / MINUTE_MS) * MINUTE_MS;

function claim(claimId: string, nowMs = MINUTE, maxBuckets = 10): Promise<Claim> {
  const request = { shard: ACME_SHARD, claimId, nowMs, maxBuckets, born: "born", ledger: undefined };
  return taken(claimBuckets(fixture.redis, request));
}

/** Counts one call in the bucket of `hoursAgo`, recorded at `nowMs`. */
function count(id: string, hoursAgo = 0, nowMs = MINUTE) {
  return recordGroups(
    fixture.redis,
    [identified(id, measured({ timeMs: NOW_MS - hoursAgo * HOUR_MS }))],
    nowMs,
    `epoch-${id}`,
  );
}

function keysOf({ buckets }: Claim): string[] {
  return buckets.map(({ key }) => key);
}

function bucketAgo(hoursAgo: number): string {
  return bucketKey("cus_acme", NOW_MS - hoursAgo * HOUR_MS);
}

const UNTIL_MS = MINUTE + HOUR_MS;

test.each([
  { name: "nothing", changes: false },
  { name: "a change", changes: true },
])("put off: until its time $name brings a bucket back", async ({ changes }) => {
  await count("a");
  const held = await claim("c1");
  expect(await putOffBucket(fixture.redis, held, held.buckets[0]!, UNTIL_MS)).toBe(true);
  await (changes ? count("b") : undefined);

  for (const nowMs of [MINUTE, MINUTE + 3 * MINUTE_MS, UNTIL_MS - 3 * MINUTE_MS, UNTIL_MS - 1]) {
    expect(await claim("c2", nowMs)).toMatchObject({ number: 0, entries: 0, hasMore: false });
  }
  expect((await readWork(fixture.redis)).hasBuckets).toBe(true);
});

test("put off: at its time a bucket that has changed is taken", async () => {
  await count("a");
  const held = await claim("c1");
  await putOffBucket(fixture.redis, held, held.buckets[0]!, UNTIL_MS);
  await count("b");
  const after = await claim("c2", UNTIL_MS);

  expect(after.buckets.map(({ key, version }) => [key, version])).toEqual([[ACME_BUCKET, 2n]]);
  expect(await acknowledgeBuckets(fixture.redis, after)).toBe(1);
  expect((await readWork(fixture.redis)).hasBuckets).toBe(false);
});

test("put off: one that has not changed is taken over from then on as an abandoned one", async () => {
  await count("a");
  const held = await claim("c1");
  await putOffBucket(fixture.redis, held, held.buckets[0]!, UNTIL_MS);

  expect(keysOf(await claim("c2", UNTIL_MS + 3 * MINUTE_MS - 1))).toEqual([]);
  expect(keysOf(await claim("c3", UNTIL_MS + 3 * MINUTE_MS))).toEqual([ACME_BUCKET]);
});

test("put off: more buckets than a page is long, all changed, keep no other waiting", async () => {
  for (const hoursAgo of [1, 2, 3, 4, 5]) {
    await count(`a${hoursAgo}`, hoursAgo);
  }
  const held = await claim("c1");
  for (const bucket of held.buckets) {
    await putOffBucket(fixture.redis, held, bucket, UNTIL_MS);
  }
  for (const hoursAgo of [1, 2, 3, 4, 5]) {
    await count(`b${hoursAgo}`, hoursAgo, MINUTE);
  }
  await count("c6", 6, MINUTE + MINUTE_MS);
  await count("c7", 7, MINUTE + 2 * MINUTE_MS);
  const later = MINUTE + 2 * MINUTE_MS;

  for (const hoursAgo of [6, 7]) {
    const other = await claim(`c-${hoursAgo}`, later, 1);
    expect([keysOf(other), other.hasMore]).toEqual([[bucketAgo(hoursAgo)], true]);
    await acknowledgeBuckets(fixture.redis, other);
  }
  expect(await claim("c4", later, 1)).toMatchObject({ buckets: [], hasMore: false });
  expect(keysOf(await claim("c5", UNTIL_MS)).toSorted()).toEqual([1, 2, 3, 4, 5].map(bucketAgo).toSorted());
});

test("put off: a bucket that another claim has taken over meanwhile stays that one's", async () => {
  await count("a");
  const outdated = await claim("c1");
  await claim("c2", MINUTE + 3 * MINUTE_MS);

  expect(await putOffBucket(fixture.redis, outdated, outdated.buckets[0]!, UNTIL_MS)).toBe(false);
  expect(await fixture.raw.hgetall(inflightKey(ACME_SHARD))).toEqual({
    [ACME_BUCKET]: `c2:${MINUTE + 3 * MINUTE_MS}`,
  });
});

test("put off: a bucket that is let go of already is not held again", async () => {
  await count("a");
  const held = await claim("c1");
  await acknowledgeBuckets(fixture.redis, held);

  expect(await putOffBucket(fixture.redis, held, held.buckets[0]!, UNTIL_MS)).toBe(false);
  expect((await readWork(fixture.redis)).hasBuckets).toBe(false);
});
