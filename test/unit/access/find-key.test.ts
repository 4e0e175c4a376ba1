import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { findKey, type FindKeyDeps } from "../../../src/access/find-key.ts";
import { emptyKeyMemory } from "../../../src/access/key-memory.ts";
import { createRedis } from "../../../src/counters/redis.ts";
import type { ApiKey } from "../../../src/domain/access.ts";
import { insertApiKey, revokeApiKey } from "../../../src/ledger/api-keys.ts";
import { LedgerUnreachable, type Database } from "../../../src/ledger/database.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

const NOW = Date.parse("2026-11-24T12:30:00Z");
const HOUR = Date.parse("2026-11-24T12:00:00Z");
const SECOND = 1000;
const DIGEST = "ab".repeat(32);
const KEY: ApiKey = { keyId: "key_1", scope: "read", expiresMs: null, revokedMs: null, lastUsedMs: null };

const awayRedis = createRedis("http://127.0.0.1:1", "none");
// The driver has one endpoint for all of a process: one that gives no answer is put in its place here.
const noAnswer = (): Promise<never> => Promise.reject(new LedgerUnreachable("no answer", undefined));
const awayDatabase: Database = { query: noAnswer, transaction: noAnswer };

let ledger: LedgerFixture;
let redis: RedisFixture;
/** How often Postgres was asked. */
let asked = 0;

beforeAll(async () => {
  [ledger, redis] = await Promise.all([startLedgerFixture(), startRedisFixture()]);
}, 60_000);
beforeEach(async () => {
  await Promise.all([ledger.clear(), redis.clear()]);
  asked = 0;
});
afterAll(() => Promise.all([ledger.stop(), redis.stop()]));

/** An isolate that has just started. */
function isolate(changes: Partial<FindKeyDeps> = {}): FindKeyDeps {
  const database: Database = {
    ...ledger.database,
    query: async (...args) => {
      asked += 1;
      return ledger.database.query(...args);
    },
  };
  return { redis: redis.redis, database, memory: emptyKeyMemory(), ...changes };
}

async function makeKey(keyId = "key_1", sha256 = DIGEST): Promise<void> {
  const named = {
    prefix: "em_read_abc",
    scope: "read",
    name: "n",
    createdBy: "ADMIN_KEY",
    expiresMs: null,
  } as const;
  expect(await insertApiKey(ledger.database, { keyId, sha256, ...named }, NOW)).toBeDefined();
}

async function keyOf(deps: FindKeyDeps, nowMs: number, sha256 = DIGEST): Promise<ApiKey | string> {
  const found = await findKey(deps, sha256, nowMs);
  return typeof found === "string" ? found : found.key;
}

function strange(n: number): string {
  return n.toString(16).padStart(64, "0");
}

test("a key: is read once from Postgres, then for all isolates from Redis, then from memory", async () => {
  await makeKey();
  const first = isolate();
  expect(await keyOf(first, NOW)).toEqual(KEY);
  expect(asked).toBe(1);
  const second = isolate();
  expect(await redis.billed(() => keyOf(second, NOW + SECOND))).toBe(1);
  expect(asked).toBe(1);
  expect(await redis.billed(() => keyOf(second, NOW + 25 * SECOND))).toBe(0);
});

test("requests at once: one asks the stores, all are answered", async () => {
  await makeKey();
  const deps = isolate();
  const answers = await Promise.all(Array.from({ length: 20 }, () => keyOf(deps, NOW)));
  expect(answers).toEqual(Array.from({ length: 20 }, () => KEY));
  expect(asked).toBe(1);
});

test("an emptied Redis: locks nobody out, and has the key again", async () => {
  await makeKey();
  await keyOf(isolate(), NOW);
  await redis.clear();
  expect(await keyOf(isolate(), NOW + SECOND)).toEqual(KEY);
  expect(await redis.raw.exists(`k:${DIGEST}`)).toBe(1);
});

test("Redis away: Postgres tells", async () => {
  await makeKey();
  expect(await keyOf(isolate({ redis: awayRedis }), NOW)).toEqual(KEY);
  expect(await keyOf(isolate({ redis: awayRedis }), NOW, strange(1))).toBe("unknown");
});

test("Postgres away: what Redis has is known for days, what it has not is not called unknown", async () => {
  await makeKey();
  await keyOf(isolate(), NOW);
  const deps = isolate({ database: awayDatabase });
  expect(await keyOf(deps, NOW + 7 * 24 * 3600 * SECOND)).toEqual(KEY);
  await expect(keyOf(deps, NOW, strange(1))).rejects.toThrow(LedgerUnreachable);
  expect(await keyOf(deps, NOW + 8 * 24 * 3600 * SECOND)).toEqual(KEY);
});

test("both away: what memory holds is known however old, the rest is not called unknown", async () => {
  await makeKey();
  const { memory } = isolate();
  await keyOf(isolate({ memory }), NOW);
  const deps = isolate({ redis: awayRedis, database: awayDatabase, memory });
  expect(await keyOf(deps, NOW + 3600 * SECOND)).toEqual(KEY);
  await expect(keyOf(deps, NOW, strange(1))).rejects.toThrow(LedgerUnreachable);
});

test("a revoked key: is revoked everywhere after 60 seconds, though Redis was never told", async () => {
  await makeKey();
  // The copy is as old as it may be when an isolate takes it.
  await keyOf(isolate(), NOW);
  const late = isolate();
  expect(await keyOf(late, NOW + 27_999)).toEqual(KEY);
  expect(await revokeApiKey(ledger.database, "key_1", NOW)).toBe(DIGEST);
  expect(await keyOf(late, NOW + 52_998)).toEqual(KEY);
  const revoked = { ...KEY, revokedMs: NOW };
  expect(await keyOf(late, NOW + 52_999)).toEqual(revoked);
  expect(await keyOf(isolate(), NOW + 28_000)).toEqual(revoked);
});

test("a revoked key that is read anew by another request: is taken for five seconds more, and no longer", async () => {
  await makeKey();
  const { memory } = isolate();
  await keyOf(isolate({ memory }), NOW);
  await revokeApiKey(ledger.database, "key_1", NOW);
  let answer = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const slow: Database = {
    ...ledger.database,
    query: async (...args) => {
      await held;
      return ledger.database.query(...args);
    },
  };
  await redis.clear();
  const reading = keyOf(isolate({ memory, database: slow }), NOW + 25 * SECOND);
  expect(await keyOf(isolate({ memory, database: slow }), NOW + 29_999)).toEqual(KEY);
  const late = keyOf(isolate({ memory, database: slow }), NOW + 30 * SECOND);
  answer();
  const revoked = { ...KEY, revokedMs: NOW };
  expect([await reading, await late]).toEqual([revoked, revoked]);
});

test("a Redis set back to before a revocation: does not bring the key back", async () => {
  await makeKey();
  await keyOf(isolate(), NOW);
  const copy = await redis.raw.get(`k:${DIGEST}`);
  await revokeApiKey(ledger.database, "key_1", NOW + 10 * SECOND);
  await redis.raw.set(`k:${DIGEST}`, copy ?? "");
  expect(await keyOf(isolate(), NOW + 30 * SECOND)).toEqual({ ...KEY, revokedMs: NOW + 10 * SECOND });
});

test.each(["", "{", "null", '{"key":{"keyId":"key_2","scope":"all"},"askedMs":1}', '{"askedMs":1}'])(
  "a copy that reads %s: is none",
  async (copy) => {
    await makeKey();
    await redis.raw.set(`k:${DIGEST}`, copy);
    expect(await keyOf(isolate(), NOW)).toEqual(KEY);
  },
);

test("a copy from the future: is asked for again", async () => {
  await makeKey();
  await redis.raw.set(
    `k:${DIGEST}`,
    JSON.stringify({ key: { ...KEY, scope: "admin" }, askedMs: NOW + 3_000 }),
  );
  expect(await keyOf(isolate(), NOW)).toEqual(KEY);
});

test("a key that is none: is asked for once in ten seconds", async () => {
  const deps = isolate();
  expect(await keyOf(deps, NOW)).toBe("unknown");
  expect(await redis.billed(() => keyOf(deps, NOW + 9_999))).toBe(0);
  expect(asked).toBe(1);
  await makeKey();
  expect(await keyOf(deps, NOW + 10_000)).toEqual(KEY);
});

test("a stream of made-up keys: asks the stores for forty, then four a second, and drives no key out", async () => {
  await makeKey();
  const deps = isolate();
  expect(await keyOf(deps, NOW)).toEqual(KEY);
  const answers: unknown[] = [];
  const commands = await redis.billed(async () => {
    for (let n = 0; n < 6_000; n += 1) {
      answers.push(await keyOf(deps, NOW, strange(n)));
    }
  });
  expect(answers.filter((answer) => answer === "unknown")).toHaveLength(40);
  expect(answers.filter((answer) => answer === "busy")).toHaveLength(5_960);
  expect([commands, asked]).toEqual([40, 41]);
  // One that is known is read anew all the same.
  expect(await keyOf(deps, NOW + 24_999)).toEqual(KEY);
  expect(asked).toBe(41);
  expect(await keyOf(deps, NOW + 31_000)).toEqual(KEY);
  expect(asked).toBe(42);
});

test("strange keys: four more are looked up each second; one that is found costs nothing", async () => {
  const deps = isolate();
  for (let n = 0; n < 40; n += 1) {
    expect(await keyOf(deps, NOW, strange(n))).toBe("unknown");
  }
  expect(await keyOf(deps, NOW + 249, strange(100))).toBe("busy");
  await makeKey();
  expect(await keyOf(deps, NOW + 250)).toEqual(KEY);
  expect(await keyOf(deps, NOW + 250, strange(101))).toBe("unknown");
  expect(await keyOf(deps, NOW + 250, strange(102))).toBe("busy");
  expect(await keyOf(deps, NOW + 1_250, strange(103))).toBe("unknown");
});

test("memory: holds as many unknown keys as it may and no more", async () => {
  const deps = isolate();
  for (let n = 0; n < 5_100; n += 1) {
    deps.memory.unknown.set(strange(n), NOW + n);
  }
  await keyOf(deps, NOW, strange(9_999));
  expect(deps.memory.unknown.size).toBe(5_000);
  expect(deps.memory.known.size).toBe(0);
});

test("a use: is noted once an hour, by whoever reads the key", async () => {
  await makeKey();
  const found = await findKey(isolate(), DIGEST, NOW);
  expect(typeof found === "string" ? found : typeof found.afterwards).toBe("function");
  await (typeof found === "string" ? undefined : found.afterwards?.());
  const [row] = await ledger.raw(
    "select extract(epoch from last_used_at)::bigint * 1000 as used from api_keys",
  );
  expect(row?.["used"]).toBe(String(HOUR));

  const again = await findKey(isolate(), DIGEST, NOW + SECOND);
  expect(again).toEqual({ key: { ...KEY, lastUsedMs: HOUR }, afterwards: undefined });
  const next = await findKey(isolate(), DIGEST, HOUR + 3600 * SECOND);
  expect(typeof next === "string" ? next : typeof next.afterwards).toBe("function");
});

test("a use that is noted: makes no copy younger", async () => {
  await makeKey();
  const found = await findKey(isolate(), DIGEST, NOW);
  await revokeApiKey(ledger.database, "key_1", NOW);
  await redis.raw.del(`k:${DIGEST}`);
  await (typeof found === "string" ? undefined : found.afterwards?.());
  expect(await keyOf(isolate(), NOW + 30 * SECOND)).toEqual({ ...KEY, revokedMs: NOW, lastUsedMs: HOUR });
});

test("a key that is over: is not noted as used", async () => {
  await makeKey();
  await revokeApiKey(ledger.database, "key_1", NOW);
  expect(await findKey(isolate(), DIGEST, NOW)).toEqual({
    key: { ...KEY, revokedMs: NOW },
    afterwards: undefined,
  });
});
