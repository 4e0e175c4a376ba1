import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readWork } from "../../../src/counters/due.ts";
import {
  acknowledgeBuckets,
  type Claim,
  claimBuckets,
  MAX_CLAIM_BUCKETS,
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
  return taken(
    claimBuckets(fixture.redis, {
      shard: ACME_SHARD,
      claimId,
      nowMs,
      maxBuckets,
      born: `born-${claimId}`,
      ledger: undefined,
    }),
  );
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

test("acknowledge: lets go of all that the claim took, once", async () => {
  await count("a", 1);
  await count("b", 2);
  const held = await claim("c1");

  expect(await acknowledgeBuckets(fixture.redis, held)).toBe(2);
  expect(await acknowledgeBuckets(fixture.redis, held)).toBe(0);
  expect((await readWork(fixture.redis)).hasBuckets).toBe(false);
});

test("acknowledge: a claim of nothing sends nothing", async () => {
  const empty = await claim("c1");

  expect(await fixture.billed(() => acknowledgeBuckets(fixture.redis, empty))).toBe(0);
});

test("acknowledge: a bucket that changed meanwhile stays dirty", async () => {
  await count("a");
  const held = await claim("c1");
  await count("b");

  expect(await acknowledgeBuckets(fixture.redis, held)).toBe(1);
  expect(keysOf(await claim("c2"))).toEqual([ACME_BUCKET]);
});

test("acknowledge: an outdated claim lets go of nothing", async () => {
  await count("a", 1);
  await count("b", 2);
  const outdated = await claim("c1", MINUTE);
  const current = await claim("c2", MINUTE + 5 * MINUTE_MS);

  expect(await acknowledgeBuckets(fixture.redis, outdated)).toBe(0);
  expect(await fixture.raw.hlen(inflightKey(ACME_SHARD))).toBe(2);
  expect(await acknowledgeBuckets(fixture.redis, current)).toBe(2);
});

test("acknowledge: a claim whose id only begins another's lets go of nothing", async () => {
  await count("a");
  const outdated = await claim("c1", MINUTE);
  await claim("c1:2", MINUTE + 5 * MINUTE_MS);
  await claim("c12", MINUTE + 10 * MINUTE_MS);

  expect(await acknowledgeBuckets(fixture.redis, outdated)).toBe(0);
});

test("acknowledge: of a claim taken over in part only the rest is let go", async () => {
  await count("a", 1);
  await count("b", 2);
  const first = await claim("c1", MINUTE);
  await claim("c2", MINUTE + 5 * MINUTE_MS, 1);

  expect(await acknowledgeBuckets(fixture.redis, first)).toBe(1);
  expect(await fixture.raw.hkeys(inflightKey(ACME_SHARD))).toEqual([bucketAgo(2)]);
});

test("acknowledge: as many buckets as a claim takes are taken, taken over and let go", async () => {
  const hours = Array.from({ length: MAX_CLAIM_BUCKETS }, (_, index) => index);
  const measurements = hours.map((hour) => measured({ timeMs: NOW_MS - hour * HOUR_MS }));
  await recordGroups(fixture.redis, [identified("a", measurements)], MINUTE, "epoch");
  const dead = await claim("c1", MINUTE, MAX_CLAIM_BUCKETS);
  const held = await claim("c2", MINUTE + 3 * MINUTE_MS, MAX_CLAIM_BUCKETS);

  expect(new Set(keysOf(dead))).toEqual(new Set(hours.map(bucketAgo)));
  expect(keysOf(held).toSorted()).toEqual(keysOf(dead).toSorted());
  expect(held.entries).toBe(MAX_CLAIM_BUCKETS);
  expect(await acknowledgeBuckets(fixture.redis, held)).toBe(MAX_CLAIM_BUCKETS);
  expect((await readWork(fixture.redis)).hasBuckets).toBe(false);
});
