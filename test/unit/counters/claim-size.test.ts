import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { claimBuckets } from "../../../src/counters/flush-claim.ts";
import { dirtyKey, inflightKey } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import { HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { taken } from "../../support/claim.ts";
import { ACME_SHARD, identified, measured, NOW_MS, seriesOf } from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

/** Makes the bucket of `hoursAgo` hold so many series; beside them it has epoch, version, their number and a dirty mark. */
async function fill(hoursAgo: number, series: number): Promise<void> {
  const measurements = Array.from({ length: series }, (_, index) =>
    measured({
      timeMs: NOW_MS - hoursAgo * HOUR_MS,
      series: seriesOf({ dimensions: { region: `r${index}` } }),
    }),
  );
  // The fewer hours ago, the longer dirty.
  const recordedMs = NOW_MS - HOUR_MS + hoursAgo * MINUTE_MS;
  await recordGroups(fixture.redis, [identified(`id-${hoursAgo}`, measurements)], recordedMs, "epoch");
}

function claim(claimId: string, nowMs = NOW_MS, maxBuckets = 250) {
  const request = { shard: ACME_SHARD, claimId, nowMs, maxBuckets, born: "b", ledger: undefined };
  return taken(claimBuckets(fixture.redis, request));
}

test("claim: takes no more buckets after 10,000 fields, and tells that there are more", async () => {
  for (let hour = 0; hour < 12; hour += 1) {
    // oxlint-disable-next-line no-await-in-loop -- in the order in which they turn dirty
    await fill(hour, 996);
  }
  const first = await claim("c1");
  const second = await claim("c2");

  // Ten buckets of 1,000 fields each are full.
  expect([first.entries, first.buckets.length, first.hasMore]).toEqual([10, 10, true]);
  expect([second.entries, second.buckets.length, second.hasMore]).toEqual([2, 2, false]);
  expect(await fixture.raw.zcard(dirtyKey(ACME_SHARD))).toBe(0);
  expect(await fixture.raw.hlen(inflightKey(ACME_SHARD))).toBe(12);
});

test("claim: a field below the bound one bucket more comes along, whole", async () => {
  for (let hour = 0; hour < 11; hour += 1) {
    // oxlint-disable-next-line no-await-in-loop -- in the order in which they turn dirty
    await fill(hour, hour === 0 ? 995 : 996);
  }
  const { buckets, hasMore } = await claim("c1");

  expect([buckets.length, buckets.at(-1)?.series.length, hasMore]).toEqual([11, 996, false]);
});

test("claim: what the bound left out of a dead run's buckets stays that run's", async () => {
  for (let hour = 0; hour < 12; hour += 1) {
    // oxlint-disable-next-line no-await-in-loop -- in the order in which they turn dirty
    await fill(hour, 996);
  }
  await claim("dead-1");
  await claim("dead-2");
  const later = NOW_MS + 3 * MINUTE_MS;
  const first = await claim("c1", later);
  const second = await claim("c2", later);

  // 999 fields each: they are no longer marked dirty.
  expect([first.buckets.length, first.hasMore]).toEqual([11, true]);
  expect([second.buckets.length, second.hasMore]).toEqual([1, false]);
  expect(new Set([...first.buckets, ...second.buckets].map(({ key }) => key)).size).toBe(12);
});

test("claim: a page that is exactly full tells that there may be more", async () => {
  await fill(0, 1);
  await fill(1, 1);

  expect((await claim("c1", NOW_MS, 2)).hasMore).toBe(true);
  expect((await claim("c2", NOW_MS, 2)).hasMore).toBe(false);
});
