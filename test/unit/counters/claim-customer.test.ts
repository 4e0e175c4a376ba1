import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openFence } from "../../../src/counters/fence.ts";
import { readWork } from "../../../src/counters/due.ts";
import {
  acknowledgeBuckets,
  claimBuckets,
  claimCustomer,
  putOffBucket,
  type Claim,
  type LedgerWord,
} from "../../../src/counters/flush-claim.ts";
import { bucketKey, dirtyKey, inflightKey, MAX_HOURS, metaKey, shardOf } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import { HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { taken } from "../../support/claim.ts";
import { fenceOnce } from "../../support/fence.ts";
import {
  ACME_BUCKET,
  ACME_SHARD,
  identified,
  measured,
  NOW_MS,
  seriesOf,
  THIS_HOUR_MS,
} from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

const FROM_MS = THIS_HOUR_MS - 3 * HOUR_MS;
const TO_MS = THIS_HOUR_MS + HOUR_MS;

function ask(claimId: string, word?: Partial<LedgerWord>, customerId = "cus_acme") {
  const hours = { customerId, fromMs: FROM_MS, toMs: TO_MS };
  const ledger = word && { born: "born-c1", number: 0, setBackAtFences: null, ...word };
  return claimCustomer(fixture.redis, {
    ...hours,
    claimId,
    nowMs: NOW_MS,
    born: `born-${claimId}`,
    ledger,
  });
}

function claim(claimId: string, customerId?: string): Promise<Claim> {
  return taken(ask(claimId, undefined, customerId));
}

/** A flush's claim of the shard. */
function flushClaim(claimId: string, nowMs = NOW_MS): Promise<Claim> {
  const request = { shard: ACME_SHARD, claimId, nowMs, maxBuckets: 10, born: "born", ledger: undefined };
  return taken(claimBuckets(fixture.redis, request));
}

/** Counts one call in the bucket of `hoursAgo`. */
function count(id: string, hoursAgo = 0, customerId = "cus_acme") {
  const measurement = measured({ customerId, timeMs: NOW_MS - hoursAgo * HOUR_MS });
  return recordGroups(fixture.redis, [identified(id, measurement)], NOW_MS, `epoch-${id}`);
}

function keysOf({ buckets }: Claim): string[] {
  return buckets.map(({ key }) => key);
}

function bucketAgo(hoursAgo: number): string {
  return bucketKey("cus_acme", NOW_MS - hoursAgo * HOUR_MS);
}

test("customer's claim: takes dirty buckets and those in flight of any claim, oldest hour first", async () => {
  await count("a", 3);
  await flushClaim("other-1");
  await count("b", 1);
  await flushClaim("other-2", NOW_MS + 1);
  await count("c", 2);
  await count("d", 0);
  const held = await claim("c1");

  expect(keysOf(held)).toEqual([3, 2, 1, 0].map(bucketAgo));
  expect(await fixture.raw.hgetall(inflightKey(ACME_SHARD))).toEqual(
    Object.fromEntries([3, 2, 1, 0].map((hoursAgo) => [bucketAgo(hoursAgo), `c1:${NOW_MS}`])),
  );
  expect(await fixture.raw.zcard(dirtyKey(ACME_SHARD))).toBe(0);
});

test("customer's claim: marks and numbers as a flush's does", async () => {
  await flushClaim("other");
  await count("a");
  const held = await claim("c1");

  expect(held).toMatchObject({
    kind: "taken",
    claimId: "c1",
    shard: ACME_SHARD,
    born: "born",
    fences: 0,
    number: 1,
    entries: 1,
    recent: [{ number: 1, claimId: "c1" }],
    hasMore: false,
    oldestMs: undefined,
    buckets: [{ key: ACME_BUCKET, epoch: "epoch-a", version: 1n, hourMs: THIS_HOUR_MS }],
  });
  expect(held.buckets[0]!.series.map(({ state }) => state.value)).toEqual([1n]);
  expect(await fixture.raw.hexists(ACME_BUCKET, "d")).toBe(0);
  expect(await fixture.raw.hgetall(metaKey(ACME_SHARD))).toEqual({ born: "born", k: "1", recent: "1=c1 " });
  expect(await acknowledgeBuckets(fixture.redis, held)).toBe(1);
  expect((await readWork(fixture.redis)).hasBuckets).toBe(false);
});

test("customer's claim: a Redis without a past is born by it", async () => {
  expect(await claim("c1")).toMatchObject({ born: "born-c1", number: 0, entries: 0, buckets: [] });
  expect(await claim("c2")).toMatchObject({ born: "born-c1", number: 0 });
});

test.each([
  { name: "the hour before the first", hoursAgo: 4, isTaken: false },
  { name: "the first hour", hoursAgo: 3, isTaken: true },
  { name: "the last hour", hoursAgo: 0, isTaken: true },
  { name: "the hour at the end", hoursAgo: -1, isTaken: false },
])("customer's claim: of $name a bucket is taken: $isTaken", async ({ hoursAgo, isTaken }) => {
  await count("a", hoursAgo);

  expect(keysOf(await claim("c1"))).toEqual(isTaken ? [bucketAgo(hoursAgo)] : []);
});

test("customer's claim: an acknowledged bucket and another customer's are left alone", async () => {
  const names = Array.from({ length: 200 }, (_, index) => `cus_other_${index}`);
  const neighbour = names.find((name) => shardOf(name) === ACME_SHARD)!;
  await count("a", 1);
  await acknowledgeBuckets(fixture.redis, await flushClaim("other"));
  await count("b", 0, neighbour);

  expect(await claim("c1")).toMatchObject({ number: 0, entries: 0, buckets: [] });
  expect(keysOf(await claim("c2", neighbour))).toEqual([bucketKey(neighbour, NOW_MS)]);
});

test("customer's claim: what it holds itself is not taken again unless it has changed", async () => {
  await count("a", 1);
  await count("b", 2);
  await claim("c1");
  await count("c", 1);
  const second = await claim("c1");

  expect(second.buckets.map(({ key, version }) => [key, version])).toEqual([[bucketAgo(1), 2n]]);
  expect(second.number).toBe(2);
  expect(await claim("c1")).toMatchObject({ number: 0, buckets: [] });
});

test("customer's claim: what a claim holds whose id begins like its own is taken", async () => {
  await count("a");
  await claim("c1:2");
  await claim("c12");

  expect(keysOf(await claim("c1"))).toEqual([ACME_BUCKET]);
});

test("customer's claim: the claim that held a bucket before lets go of nothing", async () => {
  await count("a");
  const outdated = await flushClaim("other");
  const held = await claim("c1");

  expect(await acknowledgeBuckets(fixture.redis, outdated)).toBe(0);
  expect(await acknowledgeBuckets(fixture.redis, held)).toBe(1);
});

test("customer's claim: a bucket that was put off is taken, changed or not", async () => {
  await count("a", 1);
  await count("b", 2);
  const held = await flushClaim("other");
  for (const bucket of held.buckets) {
    await putOffBucket(fixture.redis, held, bucket, NOW_MS + HOUR_MS);
  }
  await count("c", 1);

  expect((await claim("c1")).buckets.map(({ key, version }) => [key, version])).toEqual([
    [bucketAgo(2), 1n],
    [bucketAgo(1), 2n],
  ]);
});

test("customer's claim: a bucket that has vanished leaves the dirty index, and takes no claim's number", async () => {
  await count("a");
  await fixture.raw.del(ACME_BUCKET);

  expect(await claim("c1")).toMatchObject({ number: 0, entries: 1, hasMore: false, buckets: [] });
  expect((await readWork(fixture.redis)).hasBuckets).toBe(false);
});

test("customer's claim: what dies with its run is taken over by a flush", async () => {
  await count("a");
  await claim("dead");

  expect(keysOf(await flushClaim("c1", NOW_MS + 3 * MINUTE_MS - 1))).toEqual([]);
  expect(keysOf(await flushClaim("c2", NOW_MS + 3 * MINUTE_MS))).toEqual([ACME_BUCKET]);
});

test("customer's claim: nothing is taken when Redis was set back, or while a fence is open", async () => {
  await count("a");
  await acknowledgeBuckets(fixture.redis, await claim("c1"));
  await count("b");
  const refusals = { shard: ACME_SHARD, born: "born-c1", fences: 0 };

  expect(await ask("c2", { number: 2 })).toEqual({ kind: "set_back", ...refusals });
  await openFence(fixture.redis, "incident", "by_hand");
  expect(await ask("c2", { number: 2 })).toEqual({ kind: "fenced", ...refusals });
  expect(await fixture.raw.zrange(dirtyKey(ACME_SHARD), "0", "-1")).toEqual([ACME_BUCKET]);
  await fenceOnce(fixture.redis, "joins");
  expect(await ask("c3", { number: 1 })).toMatchObject({
    kind: "taken",
    fences: 1,
    number: 2,
  });
});

test("customer's claim: after 10,000 fields the rest waits for the next one under the same id", async () => {
  const fromMs = THIS_HOUR_MS - 12 * HOUR_MS;
  for (let hour = 1; hour <= 12; hour += 1) {
    // Beside its series a bucket has epoch, version, their number and a dirty mark.
    const series = Array.from({ length: 996 }, (_, index) =>
      measured({
        timeMs: THIS_HOUR_MS - hour * HOUR_MS,
        series: seriesOf({ dimensions: { region: `r${index}` } }),
      }),
    );
    await recordGroups(fixture.redis, [identified(`a${hour}`, series)], NOW_MS, "epoch");
  }
  const request = { customerId: "cus_acme", fromMs, toMs: THIS_HOUR_MS, claimId: "c1", nowMs: NOW_MS };
  const next = () => taken(claimCustomer(fixture.redis, { ...request, born: "born", ledger: undefined }));
  const pages = [await next(), await next(), await next()];

  expect(pages.map(({ entries, hasMore, number }) => [entries, hasMore, number])).toEqual([
    [10, true, 1],
    [2, false, 2],
    [0, false, 0],
  ]);
});

test("customer's claim: the most hours are taken at once, more are a bug", async () => {
  const hours = Array.from({ length: MAX_HOURS }, (_, index) => index);
  for (const half of [hours.slice(0, 1000), hours.slice(1000)]) {
    const measurements = half.map((hour) => measured({ timeMs: THIS_HOUR_MS - hour * HOUR_MS }));
    await recordGroups(fixture.redis, [identified(`a${half[0]}`, measurements)], NOW_MS, "epoch");
  }
  const fromMs = TO_MS - MAX_HOURS * HOUR_MS;
  const request = { customerId: "cus_acme", toMs: TO_MS, claimId: "c1", nowMs: NOW_MS, born: "born" };
  const all = { ...request, ledger: undefined };

  await expect(claimCustomer(fixture.redis, { ...all, fromMs: fromMs - 1 })).rejects.toThrow(
    "invariant broken: at most 2000 hours are read at once",
  );
  expect(await taken(claimCustomer(fixture.redis, { ...all, fromMs }))).toMatchObject({
    entries: MAX_HOURS,
    hasMore: false,
  });
  expect(await fixture.raw.hlen(inflightKey(ACME_SHARD))).toBe(MAX_HOURS);
});

test("customer's claim: one of nothing costs four commands", async () => {
  await claim("c1");

  expect(await fixture.billed(() => claim("c2"))).toBe(4);
});
