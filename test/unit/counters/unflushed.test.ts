import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { acknowledgeBuckets, claimBuckets } from "../../../src/counters/flush-claim.ts";
import { bucketKey, MAX_HOURS, shardOf } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import { readUnflushed } from "../../../src/counters/unflushed.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { taken } from "../../support/claim.ts";
import { ACME_SHARD, identified, measured, NOW_MS, THIS_HOUR_MS } from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function count(id: string, timeMs = NOW_MS, customerId = "cus_acme", nowMs = NOW_MS) {
  return recordGroups(
    fixture.redis,
    [identified(id, measured({ customerId, timeMs }))],
    nowMs,
    `epoch-${id}`,
  );
}

function claim(claimId: string, shard = ACME_SHARD) {
  const request = { shard, claimId, nowMs: NOW_MS, maxBuckets: 10, born: "born", ledger: undefined };
  return taken(claimBuckets(fixture.redis, request));
}

/** Everything that can be unflushed at the moment of the tests. */
function unflushed(customerId = "cus_acme", fromMs = NOW_MS - 9 * DAY_MS, toMs = NOW_MS + 5 * MINUTE_MS) {
  return readUnflushed(fixture.redis, customerId, fromMs, toMs);
}

async function hours(customerId?: string, fromMs?: number, toMs?: number): Promise<number[]> {
  return (await unflushed(customerId, fromMs, toMs)).map(({ hourMs }) => hourMs);
}

test("unflushed: nothing is there of an unknown customer", async () => {
  await count("a");

  expect(await hours("cus_nobody")).toEqual([]);
});

test("unflushed: dirty and in-flight buckets are seen, oldest first, acknowledged ones are not", async () => {
  await count("a", NOW_MS - 2 * HOUR_MS);
  await acknowledgeBuckets(fixture.redis, await claim("c1"));
  await count("b", NOW_MS - HOUR_MS);
  await claim("c2");
  await count("c");

  expect(await hours()).toEqual([THIS_HOUR_MS - HOUR_MS, THIS_HOUR_MS]);
});

test("unflushed: a bucket in flight and dirty again is seen once, as it is now", async () => {
  await count("a");
  await claim("c1");
  await count("b");
  const [bucket, ...others] = await unflushed();

  expect(others).toEqual([]);
  expect(bucket).toMatchObject({ epoch: "epoch-a", version: 2n, hourMs: THIS_HOUR_MS });
  expect(bucket?.series.map(({ state }) => state.value)).toEqual([2n]);
});

test("unflushed: an acknowledged bucket that changes again is seen whole", async () => {
  await count("a");
  await acknowledgeBuckets(fixture.redis, await claim("c1"));
  await count("b");

  expect((await unflushed()).map(({ version }) => version)).toEqual([2n]);
});

test("unflushed: another customer of the same shard is not seen", async () => {
  const names = Array.from({ length: 200 }, (_, index) => `cus_other_${index}`);
  const neighbour = names.find((name) => shardOf(name) === ACME_SHARD) ?? "";
  await count("a", NOW_MS, neighbour);
  await count("b", NOW_MS - HOUR_MS);

  expect(await hours()).toEqual([THIS_HOUR_MS - HOUR_MS]);
  expect(await hours(neighbour)).toEqual([THIS_HOUR_MS]);
});

test.each([
  { name: "of the first hour", timeMs: THIS_HOUR_MS - 3 * HOUR_MS, seen: 1 },
  { name: "of the hour before it", timeMs: THIS_HOUR_MS - 3 * HOUR_MS - 1, seen: 0 },
  { name: "of the last hour", timeMs: THIS_HOUR_MS - 1, seen: 1 },
  { name: "of the hour at the end", timeMs: THIS_HOUR_MS, seen: 0 },
])("unflushed: of the hours asked for, a bucket $name is seen $seen times", async ({ timeMs, seen }) => {
  await count("a", timeMs);

  expect((await hours("cus_acme", THIS_HOUR_MS - 3 * HOUR_MS, THIS_HOUR_MS)).length).toBe(seen);
});

test("unflushed: an hour that the bounds only touch is asked for", async () => {
  await count("a", THIS_HOUR_MS);

  expect(await hours("cus_acme", THIS_HOUR_MS + HOUR_MS - 1, THIS_HOUR_MS + HOUR_MS)).toEqual([THIS_HOUR_MS]);
  expect(await hours("cus_acme", THIS_HOUR_MS - HOUR_MS, THIS_HOUR_MS + 1)).toEqual([THIS_HOUR_MS]);
});

test("unflushed: a period of 62 days is read in one call", async () => {
  await count("a", NOW_MS);
  await count("b", NOW_MS - 61 * DAY_MS);

  expect((await hours("cus_acme", NOW_MS - 62 * DAY_MS, NOW_MS + HOUR_MS)).length).toBe(2);
});

test("unflushed: a bucket that has vanished is passed over, dirty or in flight", async () => {
  await count("a", NOW_MS - 2 * HOUR_MS);
  await claim("c1");
  await count("b", NOW_MS - HOUR_MS);
  await count("c");
  await fixture.raw.del(bucketKey("cus_acme", NOW_MS - 2 * HOUR_MS), bucketKey("cus_acme", NOW_MS - HOUR_MS));

  expect(await hours()).toEqual([THIS_HOUR_MS]);
});

test.each([
  { name: "ends where it starts", fromMs: THIS_HOUR_MS, toMs: THIS_HOUR_MS },
  { name: "ends an hour before it starts", fromMs: THIS_HOUR_MS, toMs: THIS_HOUR_MS - HOUR_MS },
])("unflushed: nothing is in a range that $name, and nothing is asked", async ({ fromMs, toMs }) => {
  await count("a");

  expect(await unflushed("cus_acme", fromMs, toMs)).toEqual([]);
  expect(await fixture.billed(() => unflushed("cus_acme", fromMs, toMs))).toBe(0);
});

test("unflushed: the most hours are read whole, more are a bug", async () => {
  const toMs = THIS_HOUR_MS + HOUR_MS;
  const fromMs = toMs - MAX_HOURS * HOUR_MS;
  await count("a", fromMs);
  await count("b");

  expect(await hours("cus_acme", fromMs, toMs)).toEqual([fromMs, THIS_HOUR_MS]);
  await expect(unflushed("cus_acme", fromMs - 1, toMs)).rejects.toThrow(
    "invariant broken: at most 2000 hours are read at once",
  );
});

test("unflushed: costs one call and three commands, and one a bucket", async () => {
  await unflushed();
  await count("a");
  await count("b", NOW_MS - HOUR_MS);

  expect(await fixture.billed(() => unflushed())).toBe(5);
});

test("unflushed: a bucket of a thousand series is read whole", async () => {
  const series = Array.from({ length: 1000 }, (_, index) =>
    measured({ series: { ...measured().series, dimensions: { region: `r${index}` } } }),
  );
  await recordGroups(fixture.redis, [identified("a", series)], NOW_MS, "epoch");
  const [bucket] = await unflushed();

  expect(new Set(bucket?.series.map((each) => each.series.dimensions["region"])).size).toBe(1000);
});
