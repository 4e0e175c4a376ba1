import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { announceDue, putDue, readDue, readWork } from "../../../src/counters/due.ts";
import { createRedis } from "../../../src/counters/redis.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

const DUE_MS = 1_795_436_400_000;

let fixture: RedisFixture;
let tokens = 0;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function token(): string {
  tokens += 1;
  return `token-${tokens}`;
}

async function dueMs(): Promise<number> {
  const [work, due] = [await readWork(fixture.redis), await readDue(fixture.redis)];
  expect(work.due).toEqual(due);
  return due.dueMs;
}

test("due: a Redis that knows nothing has Postgres looked into", async () => {
  expect(await dueMs()).toBe(0);
});

test.each([DUE_MS, 1, Infinity, 0])("due: what was found in Postgres is known (%d)", async (found) => {
  await putDue(fixture.redis, await readDue(fixture.redis), found, token());
  expect(await dueMs()).toBe(found);
});

test("due: what is announced is looked at by the next tick, whatever was known", async () => {
  for (const found of [DUE_MS, Infinity]) {
    await putDue(fixture.redis, await readDue(fixture.redis), found, token());
    expect(await announceDue(fixture.redis, token())).toBe(true);
    expect(await dueMs()).toBe(0);
  }
});

test.each([
  ["by a Redis that knew nothing", undefined],
  ["of a time", DUE_MS],
  ["of nothing", Infinity],
])("due: what is announced while a run looks is not lost, found before %s", async (_name, known) => {
  if (known !== undefined) {
    await putDue(fixture.redis, await readDue(fixture.redis), known, token());
  }
  const found = await readDue(fixture.redis);
  await announceDue(fixture.redis, token());
  await putDue(fixture.redis, found, DUE_MS + 1, token());
  expect(await dueMs()).toBe(0);
});

test("due: two announcements are not taken for one", async () => {
  await announceDue(fixture.redis, token());
  const found = await readDue(fixture.redis);
  await announceDue(fixture.redis, token());
  await putDue(fixture.redis, found, Infinity, token());
  expect(await dueMs()).toBe(0);
});

test("due: of two runs that look at once, the one that ends last has it looked at again", async () => {
  const [first, second] = [await readDue(fixture.redis), await readDue(fixture.redis)];
  await putDue(fixture.redis, first, Infinity, token());
  await putDue(fixture.redis, second, DUE_MS, token());
  expect(await dueMs()).toBe(0);
});

test("due: a word that nobody wrote has Postgres looked into, and is replaced", async () => {
  await fixture.raw.set("due", "soon");
  expect(await dueMs()).toBe(0);
  await putDue(fixture.redis, await readDue(fixture.redis), DUE_MS, token());
  expect(await dueMs()).toBe(DUE_MS);
});

test("work: an idle tick asks once, with two commands", async () => {
  await putDue(fixture.redis, await readDue(fixture.redis), Infinity, token());
  expect(await fixture.billed(() => readWork(fixture.redis))).toBe(2);
  expect(await readWork(fixture.redis)).toMatchObject({ hasBuckets: false, due: { dueMs: Infinity } });
});

test.each([
  ["announcing", 1, () => announceDue(fixture.redis, token())],
  [
    "keeping what is found",
    4,
    async () => putDue(fixture.redis, await readDue(fixture.redis), DUE_MS, token()),
  ],
  ["keeping what is known", 1, async () => putDue(fixture.redis, await readDue(fixture.redis), 0, token())],
])("due: %s costs %i commands", async (_name, commands, work) => {
  await putDue(fixture.redis, await readDue(fixture.redis), 0, token());
  expect(await fixture.billed(work)).toBe(commands);
});

test("due: announcing fails for nobody when Redis is away", async () => {
  expect(await announceDue(createRedis("http://127.0.0.1:1", "token"), token())).toBe(false);
});
