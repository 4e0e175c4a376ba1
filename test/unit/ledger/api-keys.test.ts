import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  findApiKey,
  insertApiKey,
  listApiKeys,
  MAX_API_KEYS,
  noteKeyUse,
  revokeApiKey,
  type NewApiKey,
} from "../../../src/ledger/api-keys.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

const TIMEOUT_MS = 3000;

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function digest(n: number): string {
  return n.toString(16).padStart(64, "0");
}

function newKey(n: number): NewApiKey {
  return {
    keyId: `key_${n}`,
    sha256: digest(n),
    prefix: `em_read_${n}`,
    scope: "read",
    name: `Key ${n}`,
    createdBy: "ADMIN_KEY",
    expiresMs: 9000 + n,
  };
}

test("a key: is kept as it was made, and found by its digest alone", async () => {
  const known = { keyId: "key_1", scope: "read", expiresMs: 9001, revokedMs: null, lastUsedMs: null };
  const listed = { ...known, prefix: "em_read_1", name: "Key 1", createdBy: "ADMIN_KEY", createdMs: 1000 };
  expect(await insertApiKey(fixture.database, newKey(1), 1000)).toEqual(listed);
  expect(await listApiKeys(fixture.database, 10, undefined)).toEqual([listed]);
  expect(await findApiKey(fixture.database, digest(1), TIMEOUT_MS)).toEqual(known);
  expect(await findApiKey(fixture.database, digest(2), TIMEOUT_MS)).toBeUndefined();
});

test("keys: are listed from newest to oldest, page by page", async () => {
  for (const n of [1, 2, 3, 4]) {
    await insertApiKey(fixture.database, newKey(n), 1000 + Math.floor(n / 2));
  }
  const ids = async (limit: number, after?: { timeMs: number; id: string }): Promise<string[]> =>
    (await listApiKeys(fixture.database, limit, after)).map(({ keyId }) => keyId);
  expect(await ids(10)).toEqual(["key_4", "key_3", "key_2", "key_1"]);
  expect(await ids(2, { timeMs: 1001, id: "key_3" })).toEqual(["key_2", "key_1"]);
});

test("a key that is revoked: stays revoked since then", async () => {
  await insertApiKey(fixture.database, newKey(1), 1000);
  expect(await revokeApiKey(fixture.database, "key_1", 2000)).toBe(digest(1));
  expect(await revokeApiKey(fixture.database, "key_1", 3000)).toBe(digest(1));
  expect(await revokeApiKey(fixture.database, "key_2", 3000)).toBeUndefined();
  expect((await findApiKey(fixture.database, digest(1), TIMEOUT_MS))?.revokedMs).toBe(2000);
});

test("a use: is noted, and an earlier one does not take its place", async () => {
  await insertApiKey(fixture.database, newKey(1), 1000);
  await noteKeyUse(fixture.database, "key_1", 7_200_000, TIMEOUT_MS);
  await noteKeyUse(fixture.database, "key_1", 3_600_000, TIMEOUT_MS);
  expect((await findApiKey(fixture.database, digest(1), TIMEOUT_MS))?.lastUsedMs).toBe(7_200_000);
});

test("keys that are not revoked: are so many at most, also when two are made at once", async () => {
  await fixture.raw(
    `insert into api_keys (key_id, sha256, prefix, scope, name, created_at, created_by)
     select 'key_' || n, lpad(to_hex(n), 64, '0'), 'p', 'read', 'n', to_timestamp(n), 'ADMIN_KEY'
     from generate_series(1, $1::integer) as n`,
    [MAX_API_KEYS - 1],
  );
  const made = await Promise.all(
    [5001, 5002, 5003].map((n) => insertApiKey(fixture.database, newKey(n), 2_000_000)),
  );
  expect(made.filter((key) => key !== undefined)).toHaveLength(1);
  await revokeApiKey(fixture.database, "key_1", 3000);
  expect(await insertApiKey(fixture.database, newKey(6000), 3_000_000)).toBeDefined();
});
