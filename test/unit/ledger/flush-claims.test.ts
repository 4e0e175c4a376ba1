import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Bucket } from "../../../src/domain/bucket.ts";
import {
  type ClaimRecord,
  fenceShards,
  meetShards,
  pruneClaims,
  readShards,
  readUnreached,
} from "../../../src/ledger/flush-claims.ts";
import { writeClaim } from "../../../src/ledger/usage-records.ts";
import { callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

const NOW_MS = Date.parse("2026-11-23T12:34:56.789Z");
const HOUR = "2026-11-23T12:00";
const SHARD = 5;

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

/** The first claim of the first life, unless told otherwise. */
function claimOf(changes: Partial<ClaimRecord> = {}): ClaimRecord {
  const number = changes.number ?? 1;
  const claimId = changes.claimId ?? `claim-${number}`;
  return { shard: SHARD, born: "life-1", number, claimId, fences: 0, recent: [], ...changes };
}

async function write(claim: Partial<ClaimRecord> = {}, buckets: Bucket[] = [], nowMs = NOW_MS) {
  return writeClaim(fixture.database, claimOf(claim), buckets, nowMs);
}

async function verdict(claim: Partial<ClaimRecord>): Promise<string> {
  return (await write(claim)).verdict;
}

async function hoursAndDays(): Promise<string[]> {
  const hours = await fixture.raw(
    "select epoch, version::text, value::text, flushed_at::text from usage_records order by 1, 3",
  );
  const days = await fixture.raw("select day::text, value::text from usage_daily order by 1");
  return [...hours, ...days].map((row) => JSON.stringify(row));
}

async function claims(): Promise<string[]> {
  const rows = await fixture.raw(
    `select shard, born, number, claim_id, (extract(epoch from claimed_at) * 1000)::bigint - ${NOW_MS} as after
     from flush_claims order by shard, born, number`,
  );
  return rows.map((row) => Object.values(row).join(" "));
}

/** What readShards says of the shard. */
async function known() {
  return (await readShards(fixture.database)).get(SHARD);
}

/** Fences one shard up to a number. */
function fence(number: number, born = "life-1", shard = SHARD): Promise<void> {
  const shards = Array.from({ length: shard + 1 }, () => ({ born: "", number: 0 }));
  return fenceShards(fixture.database, [...shards.slice(0, shard), { born, number }]);
}

test("claims: the first of a shard is accepted, and so are those that follow, in any order", async () => {
  expect(await write({ number: 2 }, [callsBucket(HOUR, 7)])).toEqual({ verdict: "accepted", rowsChanged: 1 });
  expect(await verdict({ number: 3 })).toBe("accepted");
  expect(await verdict({ number: 1 })).toBe("accepted");
  expect(await claims()).toEqual([1, 2, 3].map((number) => `5 life-1 ${number} claim-${number} 0`));
});

test("claims: a repeat is accepted, also with a part of the buckets, and keeps its first time", async () => {
  const buckets = [callsBucket(HOUR, 7), callsBucket("2026-11-23T13:00", 5)];
  await write({}, buckets);
  const before = await hoursAndDays();

  expect(await write({}, buckets, NOW_MS + 60_000)).toEqual({ verdict: "accepted", rowsChanged: 0 });
  expect(await write({}, buckets.slice(1), NOW_MS + 60_000)).toEqual({ verdict: "accepted", rowsChanged: 0 });
  expect(await hoursAndDays()).toEqual(before);
  expect(await claims()).toEqual(["5 life-1 1 claim-1 0"]);
});

test("claims: one that is written in parts is accepted for each", async () => {
  expect(await write({}, [callsBucket(HOUR, 7)])).toMatchObject({ rowsChanged: 1 });
  expect(await write({}, [callsBucket("2026-11-23T13:00", 5)])).toMatchObject({ rowsChanged: 1 });
});

test("claims: the first of another life tells that Redis was emptied, once, and is written", async () => {
  await write({ number: 9 });
  const first = { born: "life-2", number: 1, claimId: "new-1" };

  expect(await write(first, [callsBucket(HOUR, 7)])).toEqual({ verdict: "emptied", rowsChanged: 1 });
  expect(await write(first, [callsBucket(HOUR, 7)])).toEqual({ verdict: "accepted", rowsChanged: 0 });
  expect(await verdict({ born: "life-2", number: 2 })).toBe("accepted");
  expect(await known()).toEqual({ born: "life-2", number: 2, setBackAtFences: null });
});

test("claims: of two first ones of another life at once one tells it", async () => {
  await write();
  const both = [1, 2].map((number) => verdict({ born: "life-2", number, claimId: `new-${number}` }));

  expect((await Promise.all(both)).toSorted()).toEqual(["accepted", "emptied"]);
});

test("claims: each shard has numbers and lives of its own", async () => {
  await write();

  expect(await verdict({ shard: SHARD + 1, claimId: "other", born: "life-2" })).toBe("accepted");
  expect(await verdict({ number: 2 })).toBe("accepted");
});

test("claims: a number that another claim has tells that Redis was set back, and nothing is written", async () => {
  await write({}, [callsBucket(HOUR, 7)]);
  const before = await hoursAndDays();
  const newer = callsBucket(HOUR, 9, { version: 2n });
  const other = callsBucket("2026-11-23T13:00", 1);

  expect(await write({ claimId: "other", fences: 3 }, [newer, other])).toEqual({
    verdict: "set_back",
    rowsChanged: 0,
  });
  expect(await hoursAndDays()).toEqual(before);
  expect(await claims()).toEqual(["5 life-1 1 claim-1 0"]);
  expect(await known()).toEqual({ born: "life-1", number: 1, setBackAtFences: 3 });
});

test("claims: one number in two lives is of two claims", async () => {
  await write();
  await write({ born: "life-2", claimId: "new-1" });

  expect(await verdict({ born: "life-2", claimId: "newer-1" })).toBe("set_back");
  expect(await verdict({ born: "life-1", claimId: "older-1" })).toBe("set_back");
});

test("claims: of two with one number at once one is written", async () => {
  const both = [1, 2].map((id) => write({ claimId: `claim-${id}` }, [callsBucket(HOUR, id)]));
  const outcomes = (await Promise.all(both)).map((each) => `${each.verdict} ${each.rowsChanged}`);

  expect(outcomes.toSorted()).toEqual(["accepted 1", "set_back 0"]);
});

test("claims: one whose line has another claim before it is of an older copy", async () => {
  await write({ number: 1 });
  const line = (claimId: string) => ({
    number: 3,
    recent: [
      { number: 3, claimId: "claim-3" },
      { number: 2, claimId: "claim-2" },
      { number: 1, claimId },
    ],
  });

  expect(await verdict(line("other"))).toBe("set_back");
  expect(await known()).toMatchObject({ number: 1, setBackAtFences: 0 });
  expect(await verdict(line("claim-1"))).toBe("accepted");
});

test("claims: those before one are known with it, so that another line shows even where none was written", async () => {
  const recent = [3, 2, 1].map((number) => ({ number, claimId: `claim-${number}` }));
  await write({ number: 3, recent });

  expect(await claims()).toEqual([1, 2, 3].map((number) => `5 life-1 ${number} claim-${number} 0`));
  expect(await verdict({ number: 2, claimId: "other" })).toBe("set_back");
  expect(await verdict({ number: 2 })).toBe("accepted");
});

test.each([
  { name: "below it", number: 4, is: "fenced" },
  { name: "at it", number: 5, is: "fenced" },
  { name: "above it", number: 6, is: "accepted" },
])("fence: a claim with a number $name is $is", async ({ number, is }) => {
  await fence(5);
  const rowsChanged = is === "accepted" ? 1 : 0;

  expect(await write({ number }, [callsBucket(HOUR, 7)])).toEqual({ verdict: is, rowsChanged });
  expect(await hoursAndDays()).toHaveLength(2 * rowsChanged);
  expect(await claims()).toHaveLength(rowsChanged);
});

test("fence: the repeat of an accepted claim writes nothing after it, not even what it had not written", async () => {
  await write({}, [callsBucket(HOUR, 7)]);
  const before = await hoursAndDays();
  await fence(1);
  const rest = [callsBucket(HOUR, 9, { version: 2n }), callsBucket("2026-11-23T13:00", 1)];

  expect(await write({}, rest)).toEqual({ verdict: "fenced", rowsChanged: 0 });
  expect(await hoursAndDays()).toEqual(before);
});

test("fence: a claim from before it tells nothing of Redis", async () => {
  await write();
  await fence(3);

  expect(await verdict({ claimId: "other" })).toBe("fenced");
  expect(await known()).toEqual({ born: "life-1", number: 3, setBackAtFences: null });
});

test("fence: it ends what is kept of a set back, and is never lowered", async () => {
  await write();
  await write({ claimId: "other" });
  await fence(7);
  expect(await known()).toEqual({ born: "life-1", number: 7, setBackAtFences: null });
  await fence(6);
  expect(await known()).toEqual({ born: "life-1", number: 7, setBackAtFences: null });
});

test("fence: one of another life replaces it, a claim of another life ends it", async () => {
  await fence(7);
  await fence(3, "life-2");
  expect(await known()).toEqual({ born: "life-2", number: 3, setBackAtFences: null });
  expect(await verdict({ born: "life-2", number: 3 })).toBe("fenced");

  expect(await verdict({ born: "life-3", number: 1 })).toBe("emptied");
  expect(await known()).toEqual({ born: "life-3", number: 1, setBackAtFences: null });
});

test("fence: shards are fenced by their place, and one without a life is left out", async () => {
  await fenceShards(fixture.database, [
    { born: "life-1", number: 4 },
    { born: "", number: 5 },
    { born: "life-1", number: 0 },
  ]);

  expect(await readShards(fixture.database)).toEqual(
    new Map([
      [0, { born: "life-1", number: 4, setBackAtFences: null }],
      [2, { born: "life-1", number: 0, setBackAtFences: null }],
    ]),
  );
});

test("shards: the highest number of the newest life is told, of claims and fences", async () => {
  expect(await readShards(fixture.database)).toEqual(new Map());
  await write({ number: 12 });
  await write({ number: 9 });
  expect(await known()).toEqual({ born: "life-1", number: 12, setBackAtFences: null });
  await fence(11);
  expect(await known()).toMatchObject({ number: 12 });
  await write({ born: "life-2", number: 3, claimId: "new-3" });
  expect(await known()).toMatchObject({ born: "life-2", number: 3 });
});

test("shards: lives that the ledger has not met are noted, those that it knows stay", async () => {
  await write({ number: 4 });
  await meetShards(
    fixture.database,
    Array.from({ length: 16 }, () => ({ born: "met" })),
  );
  const shards = await readShards(fixture.database);

  expect(shards.size).toBe(16);
  expect(shards.get(SHARD)).toEqual({ born: "life-1", number: 4, setBackAtFences: null });
  expect(shards.get(15)).toEqual({ born: "met", number: 0, setBackAtFences: null });
  expect(await verdict({ shard: 15, born: "another" })).toBe("emptied");
});

test("shards: an unreached number lies well above all claims and fences of any life", async () => {
  await write({ number: 40 });
  await write({ number: 3, born: "life-2", claimId: "new-3" });
  await fence(7, "life-1", 2);

  expect(await readUnreached(fixture.database)).toEqual(
    new Map([
      [SHARD, 1_000_040],
      [2, 1_000_007],
    ]),
  );
});

test("prune: the oldest claims before a moment are forgotten, no more than asked for", async () => {
  for (const number of [1, 2, 3, 4]) {
    await write({ number }, [], NOW_MS + number);
  }

  expect(await pruneClaims(fixture.database, NOW_MS + 1, 10)).toBe(0);
  expect(await pruneClaims(fixture.database, NOW_MS + 4, 2)).toBe(2);
  expect(await claims()).toEqual(["5 life-1 3 claim-3 3", "5 life-1 4 claim-4 4"]);
  expect(await pruneClaims(fixture.database, NOW_MS + 4, 2)).toBe(1);
  expect(await known()).toMatchObject({ born: "life-1", number: 4 });
});
