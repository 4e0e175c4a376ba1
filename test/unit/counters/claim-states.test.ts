import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openFence } from "../../../src/counters/fence.ts";
import {
  acknowledgeBuckets,
  claimBuckets,
  type Claim,
  type LedgerWord,
} from "../../../src/counters/flush-claim.ts";
import { dirtyKey, inflightKey, metaKey, SHARDS } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import { HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { taken } from "../../support/claim.ts";
import { fenceOnce } from "../../support/fence.ts";
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

/** A claim of a shard of which the ledger says something. */
function ask(claimId: string, word?: Partial<LedgerWord>, shard = ACME_SHARD) {
  const ledger = word && { born: "born-c1", number: 0, setBackAtFences: null, ...word };
  const request = { shard, claimId, nowMs: MINUTE, maxBuckets: 10, born: `born-${claimId}`, ledger };
  return claimBuckets(fixture.redis, request);
}

function claim(claimId: string, nowMs = MINUTE, maxBuckets = 10): Promise<Claim> {
  const born = `born-${claimId}`;
  return taken(
    claimBuckets(fixture.redis, {
      shard: ACME_SHARD,
      claimId,
      nowMs,
      maxBuckets,
      born,
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

/** All that a claim may change. */
async function shardKeys() {
  return Promise.all([
    fixture.raw.zrange(dirtyKey(ACME_SHARD), "0", "-1", "WITHSCORES"),
    fixture.raw.hgetall(inflightKey(ACME_SHARD)),
    fixture.raw.hgetall(metaKey(ACME_SHARD)),
    fixture.raw.hgetall(ACME_BUCKET),
  ]);
}

/** This Redis has given out two claims of the life `born-c1`, and has a dirty bucket again. */
async function giveTwoClaims(): Promise<void> {
  for (const name of ["1", "2"]) {
    await count(`a${name}`);
    await acknowledgeBuckets(fixture.redis, await claim(`c${name}`));
  }
  await count("b");
}

test.each([
  { name: "one claim more", number: 3 },
  { name: "many more, with more digits", number: 10 },
  { name: "more than a double holds exactly", number: 2 ** 53 },
])("claim: nothing is taken when the ledger knows of $name of this life", async ({ number }) => {
  await giveTwoClaims();
  const before = await shardKeys();

  expect(await ask("c3", { number })).toEqual({
    kind: "set_back",
    shard: ACME_SHARD,
    born: "born-c1",
    fences: 0,
  });
  expect(await shardKeys()).toEqual(before);
});

test.each<{ name: string; ledger: LedgerWord | undefined }>([
  {
    name: "as many claims of this life",
    ledger: { born: "born-c1", number: 2, setBackAtFences: null },
  },
  {
    name: "fewer claims of this life",
    ledger: { born: "born-c1", number: 1, setBackAtFences: null },
  },
  {
    name: "more claims of another life",
    ledger: { born: "born-c2", number: 3, setBackAtFences: null },
  },
  {
    name: "a set back of a Redis that was fenced once more",
    ledger: { born: "born-c1", number: 2, setBackAtFences: 1 },
  },
  { name: "nothing of the shard", ledger: undefined },
])("claim: it is given out when the ledger knows of $name", async ({ ledger }) => {
  await giveTwoClaims();

  expect(await ask("c3", ledger)).toMatchObject({
    kind: "taken",
    born: "born-c1",
    number: 3,
    buckets: [{ key: ACME_BUCKET }],
  });
});

test("claim: a Redis without a past is not set back", async () => {
  await count("a");

  expect(await ask("c1", { born: "born-before", number: 7 })).toMatchObject({
    kind: "taken",
    born: "born-c1",
    number: 1,
  });
});

test("claim: a Redis that gave out no claim in a life that the ledger knows is set back", async () => {
  await ask("c1");
  await count("a");

  expect(await ask("c2", { number: 1 })).toMatchObject({ kind: "set_back" });
  expect(await ask("c2", { number: 0 })).toMatchObject({ kind: "taken", number: 1 });
});

test("claim: while a fence is open no shard gives one out, and none is born", async () => {
  await openFence(fixture.redis, "incident", "by_hand");
  await count("a");
  const before = await shardKeys();
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);

  expect(await Promise.all(shards.map((shard) => ask("c1", undefined, shard)))).toEqual(
    shards.map((shard) => ({ kind: "fenced", shard, born: "", fences: 0 })),
  );
  expect(await shardKeys()).toEqual(before);
  await fenceOnce(fixture.redis, "joins");
  expect(await ask("c2")).toMatchObject({ kind: "taken", fences: 1, born: "born-c2", number: 1 });
});

test("claim: a fence is told before that Redis was set back, with the number of fences before it", async () => {
  await giveTwoClaims();
  await fenceOnce(fixture.redis, "first");
  const ahead = { number: 3 };

  expect(await ask("c3", ahead)).toMatchObject({ kind: "set_back", shard: ACME_SHARD, fences: 1 });
  await openFence(fixture.redis, "second", "by_hand");
  expect(await ask("c3", ahead)).toMatchObject({ kind: "fenced", shard: ACME_SHARD, fences: 1 });
});

test("claim: one that takes nothing gives birth and counts nothing", async () => {
  const first = await claim("c1");
  await count("a");
  const second = await claim("c2");

  expect([first.born, first.number]).toEqual(["born-c1", 0]);
  expect([second.born, second.number]).toEqual(["born-c1", 1]);
});

test("claim: the oldest wait is of the minute in which a bucket turned dirty", async () => {
  expect((await claim("c1")).oldestMs).toBeUndefined();
  await count("a", 1, MINUTE - 1);
  await count("b", 2, MINUTE - 10 * MINUTE_MS + 59_999);

  expect((await claim("c2", MINUTE, 1)).oldestMs).toBe(MINUTE - 10 * MINUTE_MS);
  expect((await claim("c3", MINUTE, 1)).oldestMs).toBe(MINUTE - MINUTE_MS);
  expect((await claim("c4", MINUTE, 1)).oldestMs).toBeUndefined();
});

test.each([
  { name: "later than an abandoned one", dirtyMs: MINUTE, oldestMs: NOW_MS - MINUTE_MS },
  { name: "earlier", dirtyMs: MINUTE - 5 * MINUTE_MS, oldestMs: MINUTE - 5 * MINUTE_MS },
])("claim: the oldest wait with a bucket dirty $name", async ({ dirtyMs, oldestMs }) => {
  await count("a", 1, MINUTE - HOUR_MS);
  await claim("dead", NOW_MS - MINUTE_MS);
  await count("b", 2, dirtyMs);

  expect((await claim("c1", NOW_MS + 2 * MINUTE_MS)).oldestMs).toBe(oldestMs);
});

test("claim: an idle shard's costs four commands, a fenced one's two", async () => {
  await claim("c1");

  expect(await fixture.billed(() => ask("c2"))).toBe(4);
  await openFence(fixture.redis, "incident", "by_hand");
  expect(await fixture.billed(() => ask("c3"))).toBe(2);
});
