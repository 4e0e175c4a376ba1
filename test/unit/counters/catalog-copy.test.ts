import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  announceCatalog,
  putCatalogCopy,
  readCatalogCopy,
  readCatalogState,
  replaceCatalogCopy,
  type CatalogCopy,
} from "../../../src/counters/catalog-copy.ts";
import { CATALOG_KEY } from "../../../src/counters/keys.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

function copy(version: number, document: string, publishedAtMs = version): CatalogCopy {
  return { version, publishedAtMs, document };
}

async function versionThere(): Promise<string> {
  return (await readCatalogState(fixture.redis)).version;
}

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

test("catalog copy: there is none before the first", async () => {
  expect(await readCatalogCopy(fixture.redis)).toBeUndefined();
});

test("catalog copy: what was kept is read back as it was", async () => {
  const document = JSON.stringify({ name: "\u{1F600} \u00E9", quote: '"', total: "9007199254740993" });
  await putCatalogCopy(fixture.redis, copy(1, document));

  expect(await readCatalogCopy(fixture.redis)).toBe(document);
});

test.each([
  { name: "a newer version replaces it", version: 3, document: "new", kept: "new" },
  { name: "the same version replaces it", version: 2, document: "same", kept: "same" },
  { name: "an older version does not", version: 1, document: "old", kept: "first \u{1F600}" },
  { name: "a version of more digits is newer", version: 10, document: "ten", kept: "ten" },
])("catalog copy: $name", async ({ version, document, kept }) => {
  await putCatalogCopy(fixture.redis, copy(2, "first \u{1F600}"));
  await putCatalogCopy(fixture.redis, copy(version, document));

  expect(await fixture.raw.hget(CATALOG_KEY, "document")).toBe(kept);
  expect(await readCatalogCopy(fixture.redis)).toBe(kept);
});

test.each([
  { name: "an older version in place of the one seen", from: "2", version: 1, isReplaced: true },
  { name: "a newer version in place of the one seen", from: "2", version: 3, isReplaced: true },
  { name: "nothing when another is there", from: "1", version: 3, isReplaced: false },
  { name: "nothing when none was seen and one is there", from: "", version: 3, isReplaced: false },
])("catalog copy: replacing puts $name", async ({ from, version, isReplaced }) => {
  await putCatalogCopy(fixture.redis, copy(2, "seen"));

  expect(await replaceCatalogCopy(fixture.redis, from, copy(version, "other"))).toBe(isReplaced);
  expect(await readCatalogCopy(fixture.redis)).toBe(isReplaced ? "other" : "seen");
  expect(await versionThere()).toBe(isReplaced ? String(version) : "2");
});

test.each([
  { name: "published later replaces it", publishedAtMs: 8, kept: "another" },
  { name: "published at the same moment replaces it", publishedAtMs: 7, kept: "another" },
  { name: "published before does not", publishedAtMs: 6, kept: "first" },
])("catalog copy: of two under one number one that was $name", async ({ publishedAtMs, kept }) => {
  await putCatalogCopy(fixture.redis, copy(2, "first", 7));
  await putCatalogCopy(fixture.redis, copy(2, "another", publishedAtMs));

  expect(await readCatalogCopy(fixture.redis)).toBe(kept);
});

test("catalog copy: one that is announced sends the edge to the ledger until it is put", async () => {
  await putCatalogCopy(fixture.redis, copy(2, "before"));
  await announceCatalog(fixture.redis, { version: 3, publishedAtMs: 3 });
  expect(await readCatalogCopy(fixture.redis)).toBeUndefined();
  expect(await readCatalogState(fixture.redis)).toEqual({ version: "3", publishedMs: "3", isWhole: false });
  // What a reader found in the ledger a moment before is not put in its way.
  await putCatalogCopy(fixture.redis, copy(2, "before"));
  expect(await readCatalogCopy(fixture.redis)).toBeUndefined();
  await putCatalogCopy(fixture.redis, copy(3, "new"));
  expect(await readCatalogCopy(fixture.redis)).toBe("new");
});

test("catalog copy: an older one that is announced changes nothing", async () => {
  await putCatalogCopy(fixture.redis, copy(4, "newer"));
  await announceCatalog(fixture.redis, { version: 3, publishedAtMs: 9 });
  expect(await readCatalogCopy(fixture.redis)).toBe("newer");
});

test("catalog copy: replacing none puts one where there is none, and only there", async () => {
  expect(await versionThere()).toBe("");
  expect(await replaceCatalogCopy(fixture.redis, "7", copy(8, "gone"))).toBe(false);
  expect(await replaceCatalogCopy(fixture.redis, "", copy(8, "put"))).toBe(true);
  expect(await readCatalogCopy(fixture.redis)).toBe("put");
});

test("catalog copy: of several who replace the same one wins", async () => {
  await putCatalogCopy(fixture.redis, copy(9, "seen"));
  const versions = [3, 4, 5, 6];
  const answers = await Promise.all(
    versions.map((version) => replaceCatalogCopy(fixture.redis, "9", copy(version, `v${version}`))),
  );

  expect(answers.filter(Boolean).length).toBe(1);
  expect(await readCatalogCopy(fixture.redis)).toBe(`v${versions[answers.indexOf(true)]}`);
});

test("catalog copy: reading costs one command, keeping four at most", async () => {
  await putCatalogCopy(fixture.redis, copy(1, "{}"));

  expect(await fixture.billed(() => readCatalogCopy(fixture.redis))).toBe(1);
  expect(await fixture.billed(() => putCatalogCopy(fixture.redis, copy(2, "{}")))).toBe(4);
  expect(await fixture.billed(() => putCatalogCopy(fixture.redis, copy(1, "{}")))).toBe(2);
});

test("hmget: answers one value per field, in order, null where there is none", async () => {
  await fixture.raw.hset("h", { a: "1", c: "007" });

  expect(await fixture.redis.hmget("h", ["c", "b", "a"])).toEqual(["007", null, "1"]);
  expect(await fixture.redis.hmget("nothing", ["a", "b"])).toEqual([null, null]);
});
