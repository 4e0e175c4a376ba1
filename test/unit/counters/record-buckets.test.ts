import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bucketKey, dirtyKey, idKey, parseBucketKey, shardOf, SHARDS } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import type { IdentifiedGroup } from "../../../src/domain/identified-group.ts";
import type { Aggregation } from "../../../src/domain/meter.ts";
import { formatSeries } from "../../../src/domain/series.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import {
  ACME_BUCKET,
  ACME_SHARD,
  CALLS_FIELD,
  customerOfShard,
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

function record(groups: IdentifiedGroup[], nowMs = NOW_MS, epoch = "epoch-1") {
  return recordGroups(fixture.redis, groups, nowMs, epoch);
}

test("bucket: a new one has epoch, version 1, one series and is dirty", async () => {
  await record([identified("a", measured({ value: 7n }))]);

  expect(await fixture.raw.hgetall(ACME_BUCKET)).toEqual({
    e: "epoch-1",
    n: "1",
    c: "1",
    d: "1",
    [CALLS_FIELD]: "7",
  });
});

test("bucket: the epoch stays, the version grows by one with each call that changes something", async () => {
  await record([identified("a"), identified("b"), identified("c")]);
  await record([identified("d"), identified("a")], NOW_MS, "epoch-2");
  await record([identified("a"), identified("d")], NOW_MS, "epoch-3");
  await record([identified("d", measured({ value: 2n }), "other")], NOW_MS, "epoch-4");

  expect(await fixture.raw.hgetall(ACME_BUCKET)).toEqual({
    e: "epoch-1",
    n: "2",
    c: "1",
    d: "1",
    [CALLS_FIELD]: "4",
  });
});

test("bucket: a call changes only the buckets it counts in", async () => {
  await record([identified("a"), identified("b", measured({ customerId: "cus_b" }))]);
  await record([identified("c"), identified("b", measured({ customerId: "cus_b" }))]);

  expect(await fixture.raw.hget(ACME_BUCKET, "n")).toBe("2");
  expect(await fixture.raw.hget(bucketKey("cus_b", NOW_MS), "n")).toBe("1");
});

interface Step {
  value: bigint;
  atMs?: number;
}

const at = (offsetMs: number): number => THIS_HOUR_MS + offsetMs;

test.each<{ name: string; aggregation: Aggregation; steps: Step[]; state: string }>([
  { name: "sum of nothing", aggregation: "sum", steps: [{ value: 0n }], state: "0" },
  { name: "sum to zero", aggregation: "sum", steps: [{ value: -5n }, { value: 5n }], state: "0" },
  { name: "sum below zero", aggregation: "sum", steps: [{ value: 5n }, { value: -8n }], state: "-3" },
  {
    name: "count of events that are counted already",
    aggregation: "count",
    steps: [{ value: 1n }, { value: 99n }],
    state: "100",
  },
  { name: "max of rising", aggregation: "max", steps: [{ value: 1n }, { value: 3n }], state: "3" },
  { name: "max of falling", aggregation: "max", steps: [{ value: 3n }, { value: 1n }], state: "3" },
  { name: "max below zero", aggregation: "max", steps: [{ value: -3n }, { value: -5n }], state: "-3" },
  { name: "min of rising", aggregation: "min", steps: [{ value: 1n }, { value: 3n }], state: "1" },
  { name: "min of falling", aggregation: "min", steps: [{ value: 3n }, { value: 0n }], state: "0" },
  { name: "min below zero", aggregation: "min", steps: [{ value: -3n }, { value: -5n }], state: "-5" },
  {
    name: "last in order",
    aggregation: "last",
    steps: [
      { value: 9n, atMs: at(1) },
      { value: 1n, atMs: at(2) },
    ],
    state: `1@${at(2)}`,
  },
  {
    name: "last out of order",
    aggregation: "last",
    steps: [
      { value: 9n, atMs: at(2) },
      { value: 1n, atMs: at(1) },
    ],
    state: `9@${at(2)}`,
  },
  {
    name: "last of a tie is the greater, sent last",
    aggregation: "last",
    steps: [
      { value: 1n, atMs: at(5) },
      { value: 2n, atMs: at(5) },
    ],
    state: `2@${at(5)}`,
  },
  {
    name: "last of a tie is the greater, sent first",
    aggregation: "last",
    steps: [
      { value: 2n, atMs: at(5) },
      { value: 1n, atMs: at(5) },
    ],
    state: `2@${at(5)}`,
  },
  {
    name: "last of a negative tie",
    aggregation: "last",
    steps: [
      { value: -9n, atMs: at(5) },
      { value: -1n, atMs: at(5) },
    ],
    state: `-1@${at(5)}`,
  },
  {
    name: "last of one below zero",
    aggregation: "last",
    steps: [{ value: -4n, atMs: at(0) }],
    state: `-4@${at(0)}`,
  },
  {
    name: "the largest double-safe sum",
    aggregation: "sum",
    steps: [{ value: 2n ** 52n }, { value: 2n ** 52n - 1n }],
    state: "9007199254740991",
  },
])("aggregation: $name, in one call and in several", async ({ aggregation, steps, state }) => {
  const series = seriesOf({ aggregation });
  const groups = steps.map(({ value, atMs = NOW_MS }, index) =>
    identified(`id-${index}`, measured({ series, value, timeMs: atMs })),
  );
  await record(groups);
  const together = await fixture.raw.hget(ACME_BUCKET, formatSeries(series));
  await fixture.clear();
  for (const group of groups) {
    // oxlint-disable-next-line no-await-in-loop -- one call after the other is what is tested
    await record([group]);
  }

  expect(together).toBe(state);
  expect(await fixture.raw.hget(ACME_BUCKET, formatSeries(series))).toBe(state);
});

test("dirty index: the score is the minute the bucket turned dirty, whatever comes later", async () => {
  await record([identified("a")]);
  await record([identified("b")], NOW_MS + 5 * MINUTE_MS);

  expect(await fixture.raw.zrange(dirtyKey(ACME_SHARD), "0", "-1", "WITHSCORES")).toEqual([
    ACME_BUCKET,
    String(Math.floor(NOW_MS / MINUTE_MS)),
  ]);
});

test("ids: are kept for 51 hours from receipt, and a repeat does not prolong them", async () => {
  const before = serverMs(await fixture.raw.time());
  await record([identified("a")]);
  const after = serverMs(await fixture.raw.time());
  const expiry = await fixture.raw.pexpiretime(idKey("a"));
  await record([identified("a")]);

  expect(expiry).toBeGreaterThanOrEqual(before + 51 * HOUR_MS);
  expect(expiry).toBeLessThanOrEqual(after + 51 * HOUR_MS);
  expect(await fixture.raw.pexpiretime(idKey("a"))).toBe(expiry);
});

/** Redis's clock, in ms; the fraction of a millisecond is dropped, as Redis does. */
function serverMs([seconds, micros]: number[]): number {
  return (seconds ?? 0) * 1000 + Math.floor((micros ?? 0) / 1000);
}

test.each([
  { name: "an event of now: 8 days from now", timeMs: NOW_MS, fromMs: NOW_MS },
  { name: "a late event: 8 days from now", timeMs: NOW_MS - DAY_MS, fromMs: NOW_MS },
  {
    name: "an event ahead in the next hour: 8 days from the hour",
    timeMs: THIS_HOUR_MS + HOUR_MS,
    fromMs: THIS_HOUR_MS + HOUR_MS,
  },
])("bucket: expires for $name", async ({ timeMs, fromMs }) => {
  await record([identified("a", measured({ timeMs }))]);
  await record([identified("b", measured({ timeMs }))], NOW_MS + HOUR_MS);

  expect(await fixture.raw.expiretime(bucketKey("cus_acme", timeMs))).toBe(
    Math.ceil((fromMs + 8 * DAY_MS) / 1000),
  );
});

test("record: several customers, hours and shards in one call each get their own", async () => {
  const customers = Array.from({ length: SHARDS }, (_, shard) => customerOfShard(shard));
  const groups = customers.flatMap((customerId, index) =>
    [0, 1].map((hoursAgo) =>
      identified(
        `${customerId}-${hoursAgo}`,
        measured({ customerId, timeMs: NOW_MS - hoursAgo * HOUR_MS, value: BigInt(index + 100 * hoursAgo) }),
      ),
    ),
  );

  expect(new Set(await record(groups))).toEqual(new Set(["recorded"]));
  const found = await Promise.all(
    customers.map(async (customerId, shard) => ({
      now: await fixture.raw.hget(bucketKey(customerId, NOW_MS), CALLS_FIELD),
      before: await fixture.raw.hget(bucketKey(customerId, NOW_MS - HOUR_MS), CALLS_FIELD),
      dirty: await fixture.raw.zcard(dirtyKey(shard)),
    })),
  );
  expect(found).toEqual(
    customers.map((_, index) => ({ now: `${index}`, before: `${index + 100}`, dirty: 2 })),
  );
});

test.each([
  { name: "colons", customerId: "a:b:" },
  { name: "percent signs", customerId: "%3A%" },
  { name: "what a percent sign encodes", customerId: ":" },
  { name: "emoji", customerId: "\u{1F600}\u{1F468}\u200D\u{1F469}" },
  { name: "128 emoji", customerId: "\u{1F600}".repeat(128) },
  { name: "128 characters", customerId: "c".repeat(128) },
  { name: "braces, spaces and newlines", customerId: "{a} *?[]\r\n" },
  { name: "quotes and backslashes", customerId: "'\"\\" },
])("keys: a customer of $name has a bucket of its own, read back by its name", async ({ customerId }) => {
  const key = bucketKey(customerId, NOW_MS);
  await record([identified("a", measured({ customerId, value: 3n })), identified("b")]);

  expect(parseBucketKey(key)).toEqual({ customerId, hourMs: THIS_HOUR_MS });
  expect(await fixture.raw.hget(key, CALLS_FIELD)).toBe("3");
  expect(await fixture.raw.zscore(dirtyKey(shardOf(customerId)), key)).toBe(
    String(Math.floor(NOW_MS / MINUTE_MS)),
  );
});
