import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readWork } from "../../../src/counters/due.ts";
import { type Claim, claimBuckets, MAX_CLAIM_BUCKETS } from "../../../src/counters/flush-claim.ts";
import { bucketKey, dirtyKey, inflightKey, metaKey } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import { HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { taken } from "../../support/claim.ts";
import {
  ACME_BUCKET,
  ACME_SHARD,
  CALLS_FIELD,
  callsSeries,
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

test("claim: a shard with nothing to flush gives nothing and counts no claim", async () => {
  expect(await claim("c1")).toEqual({
    kind: "taken",
    claimId: "c1",
    shard: ACME_SHARD,
    born: "born-c1",
    fences: 0,
    number: 0,
    entries: 0,
    recent: [],
    hasMore: false,
    oldestMs: undefined,
    buckets: [],
  });
  expect((await readWork(fixture.redis)).hasBuckets).toBe(false);
});

test("claim: one of more buckets than a script's stack holds is a bug, and takes nothing", async () => {
  await count("a");

  await expect(claim("c1", MINUTE, MAX_CLAIM_BUCKETS + 1)).rejects.toThrow(
    "invariant broken: a claim takes at most 1000 buckets",
  );
  expect(keysOf(await claim("c2", MINUTE, MAX_CLAIM_BUCKETS))).toEqual([ACME_BUCKET]);
});

test("claim: what a bucket holds comes with it", async () => {
  const last = seriesOf({
    metricName: "level",
    aggregation: "last",
    scale: 2,
    dimensions: { zone: "\u{1F600}:@" },
  });
  await recordGroups(
    fixture.redis,
    [identified("a", [measured({ value: -7n }), measured({ series: last, value: -150n })])],
    MINUTE,
    "epoch-1",
  );
  const { number, buckets } = await claim("c1");
  const [bucket] = buckets;

  expect(number).toBe(1);
  expect(bucket).toMatchObject({
    key: ACME_BUCKET,
    customerId: "cus_acme",
    hourMs: THIS_HOUR_MS,
    epoch: "epoch-1",
    version: 1n,
  });
  expect(new Map(bucket?.series.map(({ series, state }) => [series.metricName, { series, state }]))).toEqual(
    new Map([
      ["api_calls", { series: callsSeries, state: { value: -7n, atMs: null } }],
      ["level", { series: last, state: { value: -150n, atMs: NOW_MS } }],
    ]),
  );
});

test("claim: moves a bucket from dirty to in flight under its id and the millisecond", async () => {
  await count("a");
  await claim("c1", NOW_MS);

  expect(await fixture.raw.zcard(dirtyKey(ACME_SHARD))).toBe(0);
  expect(await fixture.raw.hexists(ACME_BUCKET, "d")).toBe(0);
  expect(await fixture.raw.hgetall(inflightKey(ACME_SHARD))).toEqual({
    [ACME_BUCKET]: `c1:${NOW_MS}`,
  });
  expect((await readWork(fixture.redis)).hasBuckets).toBe(true);
});

test("claim: of dirty buckets the one that is dirty longest comes first, a page at a time", async () => {
  await count("a", 1, MINUTE);
  await count("b", 2, MINUTE - 3 * MINUTE_MS);
  await count("c", 3, MINUTE - MINUTE_MS);

  expect(keysOf(await claim("c1", MINUTE, 2))).toEqual([bucketAgo(2), bucketAgo(3)]);
  expect(keysOf(await claim("c2", MINUTE, 2))).toEqual([bucketAgo(1)]);
});

test("claim: buckets that turned dirty in the same minute are taken, those of a later clock are not", async () => {
  await count("a", 1, MINUTE + 59_999);
  await count("b", 2, MINUTE + 60_000);

  expect(keysOf(await claim("c1", MINUTE))).toEqual([bucketAgo(1)]);
  expect(keysOf(await claim("c2", MINUTE + MINUTE_MS))).toEqual([bucketAgo(2)]);
});

test("claim: abandoned buckets come before dirty ones, the longest abandoned first", async () => {
  await count("a", 3);
  await claim("dead-2", MINUTE + 1);
  await count("b", 2);
  await claim("dead-1", MINUTE);
  await count("c", 1, MINUTE - HOUR_MS);

  expect(keysOf(await claim("c1", MINUTE + 5 * MINUTE_MS))).toEqual([
    bucketAgo(2),
    bucketAgo(3),
    bucketAgo(1),
  ]);
  expect(new Set(Object.values(await fixture.raw.hgetall(inflightKey(ACME_SHARD))))).toEqual(
    new Set([`c1:${MINUTE + 5 * MINUTE_MS}`]),
  );
});

test("claim: a page that abandoned buckets fill leaves the dirty ones for the next", async () => {
  await count("a", 1);
  await count("b", 2);
  await claim("dead", MINUTE);
  await count("c", 3);
  const later = MINUTE + 5 * MINUTE_MS;

  expect(keysOf(await claim("c1", later, 1))).toEqual([bucketAgo(2)]);
  expect(keysOf(await claim("c2", later, 1))).toEqual([bucketAgo(1)]);
  expect(keysOf(await claim("c3", later, 1))).toEqual([bucketAgo(3)]);
  expect(keysOf(await claim("c4", later, 1))).toEqual([]);
});

test.each([
  { name: "on the full minute", takenMs: MINUTE },
  { name: "within a minute", takenMs: NOW_MS },
  { name: "in the last millisecond of a minute", takenMs: MINUTE + MINUTE_MS - 1 },
])("claim: one made $name is abandoned when it is three minutes old, not before", async ({ takenMs }) => {
  await count("a");
  await claim("c1", takenMs);

  expect(keysOf(await claim("c2", takenMs))).toEqual([]);
  expect(keysOf(await claim("c3", takenMs + 3 * MINUTE_MS - 1))).toEqual([]);
  expect(keysOf(await claim("c4", takenMs + 3 * MINUTE_MS))).toEqual([ACME_BUCKET]);
});

test("claim: the number grows with each claim that took something; born stays", async () => {
  await count("a");
  const first = await claim("c1");
  const empty = await claim("c2");
  await count("b");
  const second = await claim("c3");

  expect([first.number, empty.number, second.number]).toEqual([1, 0, 2]);
  expect([first.born, empty.born, second.born]).toEqual(["born-c1", "born-c1", "born-c1"]);
  expect(await fixture.raw.hmget(metaKey(ACME_SHARD), "born", "k")).toEqual(["born-c1", "2"]);
});

test("claim: a bucket that changes afterwards is dirty again and goes to the next claim with its new content", async () => {
  await count("a");
  const first = await claim("c1");
  await count("b", 0, MINUTE + MINUTE_MS);
  const second = await claim("c2", MINUTE + MINUTE_MS);

  expect(first.buckets.map(({ version }) => version)).toEqual([1n]);
  expect(second.buckets.map(({ version, epoch }) => [version, epoch])).toEqual([[2n, "epoch-a"]]);
  expect(second.buckets[0]?.series[0]?.state.value).toBe(2n);
});

test("claim: a bucket both abandoned and dirty again comes once, as it is now", async () => {
  await count("a");
  await claim("dead", MINUTE);
  await count("b", 0, MINUTE + MINUTE_MS);
  const { buckets } = await claim("c1", MINUTE + 5 * MINUTE_MS);

  expect(buckets.map(({ key, version }) => [key, version])).toEqual([[ACME_BUCKET, 2n]]);
  expect(await fixture.raw.zcard(dirtyKey(ACME_SHARD))).toBe(0);
  expect(await claim("c2", MINUTE + 5 * MINUTE_MS)).toMatchObject({ buckets: [] });
});

test("claim: a bucket that has vanished leaves the dirty index", async () => {
  await count("a", 1);
  await count("b", 2);
  await fixture.raw.del(bucketAgo(1));

  const held = await claim("c1");

  expect(keysOf(held)).toEqual([bucketAgo(2)]);
  expect(held.entries).toBe(2);
  expect(await fixture.raw.zcard(dirtyKey(ACME_SHARD))).toBe(0);
  expect(await fixture.raw.hkeys(inflightKey(ACME_SHARD))).toEqual([bucketAgo(2)]);
});

test("claim: a bucket that has vanished leaves the in-flight index, and takes no claim's number", async () => {
  await count("a");
  await claim("dead", MINUTE);
  await fixture.raw.del(ACME_BUCKET);

  expect(await claim("c1", MINUTE + 5 * MINUTE_MS)).toMatchObject({
    number: 0,
    entries: 1,
    buckets: [],
  });
  expect((await readWork(fixture.redis)).hasBuckets).toBe(false);
});

test("claim: a page of vanished buckets alone tells that more may follow", async () => {
  await count("a", 1, MINUTE - MINUTE_MS);
  await count("b", 2, MINUTE);
  await fixture.raw.del(bucketAgo(1));
  const first = await claim("c1", MINUTE, 1);
  const second = await claim("c2", MINUTE, 1);

  expect([first, second].map(({ entries, hasMore, buckets }) => [entries, hasMore, buckets.length])).toEqual([
    [1, true, 0],
    [1, true, 1],
  ]);
  expect(await claim("c3", MINUTE, 1)).toMatchObject({ entries: 0, hasMore: false, buckets: [] });
});

test("claim: a bucket that vanished and came back is of another epoch", async () => {
  await count("a");
  await fixture.raw.del(ACME_BUCKET);
  await count("b", 0, MINUTE + MINUTE_MS);
  const { buckets } = await claim("c1", MINUTE + MINUTE_MS);

  expect(buckets.map(({ epoch, version }) => [epoch, version])).toEqual([["epoch-b", 1n]]);
  expect(await fixture.raw.hget(ACME_BUCKET, CALLS_FIELD)).toBe("1");
});
