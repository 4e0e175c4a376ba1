import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { beginShards } from "../../../src/counters/fence.ts";
import {
  acknowledgeBuckets,
  claimBuckets,
  claimCustomer,
  type Claim,
  type LedgerWord,
  type NoClaim,
} from "../../../src/counters/flush-claim.ts";
import { bucketKey, metaKey, SHARDS } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { taken } from "../../support/claim.ts";
import { fenceOnce } from "../../support/fence.ts";
import { ACME_SHARD, customerOfShard, identified, measured, NOW_MS } from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

const EVERY_SHARD = Array.from({ length: SHARDS }, (_, shard) => shard);

interface Asked {
  claimId: string;
  ledger?: LedgerWord;
  shard?: number;
}

/** A flush's claim of a shard. */
function claimShard({ claimId, ledger, shard = ACME_SHARD }: Asked): Promise<Claim | NoClaim> {
  const request = { shard, claimId, nowMs: NOW_MS, maxBuckets: 10, born: `born-${claimId}`, ledger };
  return claimBuckets(fixture.redis, request);
}

/** A claim of one customer of the shard. */
function claimOfCustomer({ claimId, ledger, shard = ACME_SHARD }: Asked): Promise<Claim | NoClaim> {
  const customerId = shard === ACME_SHARD ? "cus_acme" : customerOfShard(shard);
  const hours = { customerId, fromMs: NOW_MS - 24 * HOUR_MS, toMs: NOW_MS + HOUR_MS };
  return claimCustomer(fixture.redis, { ...hours, claimId, nowMs: NOW_MS, born: `born-${claimId}`, ledger });
}

const EACH_CLAIM = [
  { name: "a flush's", ask: claimShard },
  { name: "a customer's", ask: claimOfCustomer },
];

/** Counts one call in the bucket of `hoursAgo`. */
function count(id: string, hoursAgo = 0) {
  const measurement = measured({ timeMs: NOW_MS - hoursAgo * HOUR_MS });
  return recordGroups(fixture.redis, [identified(id, measurement)], NOW_MS, `epoch-${id}`);
}

async function metas(field: string): Promise<(string | null)[]> {
  return Promise.all(EVERY_SHARD.map((shard) => fixture.raw.hget(metaKey(shard), field)));
}

test.each(EACH_CLAIM)("born: $name first claim names the life of every shard", async ({ ask }) => {
  expect(await ask({ claimId: "c1", shard: 11 })).toMatchObject({ born: "born-c1" });

  expect(await metas("born")).toEqual(EVERY_SHARD.map(() => "born-c1"));
  expect(await ask({ claimId: "c2", shard: 3 })).toMatchObject({ born: "born-c1" });
});

test.each(EACH_CLAIM)("born: $name claim leaves a life that a shard has", async ({ ask }) => {
  await fixture.raw.hset(metaKey(4), "born", "older");
  await ask({ claimId: "c1", shard: 5 });

  expect(await metas("born")).toEqual(EVERY_SHARD.map((shard) => (shard === 4 ? "older" : "born-c1")));
});

test("born: every shard is given a life where it has none, and all are told", async () => {
  await fixture.raw.hset(metaKey(4), "born", "older");
  const lives = EVERY_SHARD.map((shard) => ({ born: shard === 4 ? "older" : "first", number: 0 }));

  expect(await beginShards(fixture.redis, "first")).toEqual(lives);
  expect(await beginShards(fixture.redis, "second")).toEqual(lives);
  expect(await metas("born")).toEqual(lives.map(({ born }) => born));
});

test.each(EACH_CLAIM)("line: $name claim tells those before it, the newest first", async ({ ask }) => {
  const lines = [];
  for (const name of ["1", "2", "3"]) {
    await count(`a${name}`);
    lines.push((await taken(ask({ claimId: `c${name}` }))).recent);
  }

  const of = (number: number) => ({ number, claimId: `c${number}` });
  expect(lines).toEqual([[of(1)], [of(2), of(1)], [of(3), of(2), of(1)]]);
});

test("line: claims of a shard and of its customers are one line", async () => {
  await count("a");
  await claimShard({ claimId: "c1" });
  await count("b");
  await claimOfCustomer({ claimId: "c2" });
  await count("c");

  expect((await taken(claimShard({ claimId: "c3" }))).recent.map(({ claimId }) => claimId)).toEqual([
    "c3",
    "c2",
    "c1",
  ]);
});

test.each(EACH_CLAIM)(
  "line: $name claim that takes nothing tells the line and is not of it",
  async ({ ask }) => {
    expect((await taken(ask({ claimId: "c0" }))).recent).toEqual([]);
    await count("a");
    await acknowledgeBuckets(fixture.redis, await taken(ask({ claimId: "c1" })));

    expect((await taken(ask({ claimId: "c2" }))).recent).toEqual([{ number: 1, claimId: "c1" }]);
  },
);

test.each(EACH_CLAIM)(
  "line: $name claim tells as many as fit in some hundred bytes, whole",
  async ({ ask }) => {
    const nameOf = (number: number) => `${String(number).padStart(4, "0")}-${"x".repeat(31)}`;
    let last: Claim | undefined;
    for (let number = 1; number <= 40; number += 1) {
      await count(`a${number}`);
      last = await taken(ask({ claimId: nameOf(number) }));
    }

    // 40 characters each: two digits, an equals sign, the id and a space.
    expect(last?.recent).toEqual(
      Array.from({ length: 15 }, (_, index) => ({ number: 40 - index, claimId: nameOf(40 - index) })),
    );
    expect((await fixture.raw.hget(metaKey(ACME_SHARD), "recent"))!.length).toBeLessThanOrEqual(600);
  },
);

test.each(EACH_CLAIM)(
  "set back: $name claim is refused while the ledger knows of a set back and no fence came since",
  async ({ ask }) => {
    await count("a");
    const known = { born: "another", number: 0, setBackAtFences: 0 };

    expect(await ask({ claimId: "c1", ledger: known })).toEqual({
      kind: "set_back",
      shard: ACME_SHARD,
      born: "born-c1",
      fences: 0,
    });
    expect(await fixture.raw.hget(bucketKey("cus_acme", NOW_MS), "d")).toBe("1");
    await fenceOnce(fixture.redis, "incident");
    expect(await ask({ claimId: "c2", ledger: known })).toMatchObject({ kind: "taken", fences: 1 });
    expect(await ask({ claimId: "c3", ledger: { ...known, setBackAtFences: 1 } })).toMatchObject({
      kind: "set_back",
      fences: 1,
    });
  },
);
