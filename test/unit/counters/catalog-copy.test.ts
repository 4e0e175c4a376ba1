import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  putCatalogCopy,
  readCatalogCopy,
  readCatalogVersion,
  replaceCatalogCopy,
} from "../../../src/counters/catalog-copy.ts";
import { CATALOG_KEY } from "../../../src/counters/keys.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

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
  await putCatalogCopy(fixture.redis, 1, document);

  expect(await readCatalogCopy(fixture.redis)).toBe(document);
});

test.each([
  { name: "a newer version replaces it", version: 3, document: "new", kept: "new" },
  { name: "the same version replaces it", version: 2, document: "same", kept: "same" },
  { name: "an older version does not", version: 1, document: "old", kept: "first \u{1F600}" },
  { name: "a version of more digits is newer", version: 10, document: "ten", kept: "ten" },
])("catalog copy: $name", async ({ version, document, kept }) => {
  await putCatalogCopy(fixture.redis, 2, "first \u{1F600}");
  await putCatalogCopy(fixture.redis, version, document);

  expect(await fixture.raw.hget(CATALOG_KEY, "document")).toBe(kept);
  expect(await readCatalogCopy(fixture.redis)).toBe(kept);
});

test.each([
  { name: "an older version in place of the one seen", from: "2", version: 1, isReplaced: true },
  { name: "a newer version in place of the one seen", from: "2", version: 3, isReplaced: true },
  { name: "nothing when another is there", from: "1", version: 3, isReplaced: false },
  { name: "nothing when none was seen and one is there", from: "", version: 3, isReplaced: false },
])("catalog copy: replacing puts $name", async ({ from, version, isReplaced }) => {
  await putCatalogCopy(fixture.redis, 2, "seen");

  expect(await replaceCatalogCopy(fixture.redis, from, version, "other")).toBe(isReplaced);
  expect(await readCatalogCopy(fixture.redis)).toBe(isReplaced ? "other" : "seen");
  expect(await readCatalogVersion(fixture.redis)).toBe(isReplaced ? String(version) : "2");
});

test("catalog copy: replacing none puts one where there is none, and only there", async () => {
  expect(await readCatalogVersion(fixture.redis)).toBe("");
  expect(await replaceCatalogCopy(fixture.redis, "7", 8, "gone")).toBe(false);
  expect(await replaceCatalogCopy(fixture.redis, "", 8, "put")).toBe(true);
  expect(await readCatalogCopy(fixture.redis)).toBe("put");
});

test("catalog copy: of several who replace the same one wins", async () => {
  await putCatalogCopy(fixture.redis, 9, "seen");
  const versions = [3, 4, 5, 6];
  const answers = await Promise.all(
    versions.map((version) => replaceCatalogCopy(fixture.redis, "9", version, `v${version}`)),
  );

  expect(answers.filter(Boolean).length).toBe(1);
  expect(await readCatalogCopy(fixture.redis)).toBe(`v${versions[answers.indexOf(true)]}`);
});

test("catalog copy: reading costs one command, keeping three at most", async () => {
  await putCatalogCopy(fixture.redis, 1, "{}");

  expect(await fixture.billed(() => readCatalogCopy(fixture.redis))).toBe(1);
  expect(await fixture.billed(() => putCatalogCopy(fixture.redis, 2, "{}"))).toBe(3);
  expect(await fixture.billed(() => putCatalogCopy(fixture.redis, 1, "{}"))).toBe(2);
});

test("hmget: answers one value per field, in order, null where there is none", async () => {
  await fixture.raw.hset("h", { a: "1", c: "007" });

  expect(await fixture.redis.hmget("h", ["c", "b", "a"])).toEqual(["007", null, "1"]);
  expect(await fixture.redis.hmget("nothing", ["a", "b"])).toEqual([null, null]);
});
