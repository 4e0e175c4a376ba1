import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { putCatalogCopy, readCatalogCopy } from "../../../src/counters/catalog-copy.ts";
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
