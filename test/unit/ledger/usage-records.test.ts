import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Bucket } from "../../../src/domain/bucket.ts";
import { writeBuckets } from "../../support/write-buckets.ts";
import { bucketOf, callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { callsSeries } from "../../support/measurement.ts";

const FLUSHED_MS = Date.parse("2026-11-23T12:34:56.789Z");
const HOUR = "2026-11-23T12:00";

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function upsert(...buckets: Bucket[]) {
  return writeBuckets(fixture.database, 0, buckets, FLUSHED_MS);
}

async function rows(): Promise<string[]> {
  const found = await fixture.raw(
    "select epoch, version::text, value::text from usage_records order by 1, 3",
  );
  return found.map(({ epoch, version, value }) => `${epoch} v${version} ${value}`);
}

function inRegion(region: string) {
  return { ...callsSeries, dimensions: { region } };
}

test("upsert: a bucket becomes a row per series, in the meter's unit", async () => {
  const level = {
    metricName: "level",
    aggregation: "last" as const,
    scale: 3,
    dimensions: { zone: "\u{1F600}'" },
  };

  expect(
    await upsert(
      bucketOf(HOUR, [
        [callsSeries, "7"],
        [level, "-1500@1795435200001"],
      ]),
    ),
  ).toBe(2);
  expect(
    await fixture.raw(`select customer_id, metric_name, aggregation, dimensions::text, value::text, version::text,
      (extract(epoch from window_start) * 1000)::bigint::text as hour, epoch,
      (extract(epoch from last_at) * 1000)::bigint::text as last,
      (extract(epoch from flushed_at) * 1000)::bigint::text as flushed from usage_records order by metric_name`),
  ).toEqual([
    {
      customer_id: "cus_acme",
      metric_name: "api_calls",
      aggregation: "sum",
      dimensions: "{}",
      value: "7",
      version: "1",
      hour: String(Date.parse(`${HOUR}Z`)),
      epoch: "epoch-1",
      last: null,
      flushed: String(FLUSHED_MS),
    },
    {
      customer_id: "cus_acme",
      metric_name: "level",
      aggregation: "last",
      dimensions: '{"zone": "\u{1F600}\'"}',
      value: "-1.5",
      version: "1",
      hour: String(Date.parse(`${HOUR}Z`)),
      epoch: "epoch-1",
      last: "1795435200001",
      flushed: String(FLUSHED_MS),
    },
  ]);
});

test("upsert: no buckets change nothing", async () => {
  expect(await upsert()).toBe(0);
});

test("upsert: a higher version replaces, an equal or lower one changes nothing", async () => {
  expect(await upsert(callsBucket(HOUR, 5, { version: 2n }))).toBe(1);
  expect(await upsert(callsBucket(HOUR, 5, { version: 2n }))).toBe(0);
  expect(await upsert(callsBucket(HOUR, 99, { version: 2n }))).toBe(0);
  expect(await upsert(callsBucket(HOUR, 3, { version: 1n }))).toBe(0);
  expect(await rows()).toEqual(["epoch-1 v2 5"]);
  expect(await upsert(callsBucket(HOUR, 4, { version: 3n }))).toBe(1);
  expect(await rows()).toEqual(["epoch-1 v3 4"]);
});

test("upsert: versions are compared as numbers", async () => {
  await upsert(callsBucket(HOUR, 9, { version: 9n }));

  expect(await upsert(callsBucket(HOUR, 10, { version: 10n }))).toBe(1);
  expect(await upsert(callsBucket(HOUR, 1, { version: 9_007_199_254_740_993n }))).toBe(1);
  expect(await upsert(callsBucket(HOUR, 2, { version: 9_007_199_254_740_992n }))).toBe(0);
  expect(await rows()).toEqual(["epoch-1 v9007199254740993 1"]);
});

test("upsert: another epoch, hour, customer or series is another row", async () => {
  const changed = await upsert(
    callsBucket(HOUR, 1, { version: 5n }),
    callsBucket(HOUR, 2, { epoch: "epoch-2" }),
    callsBucket("2026-11-23T13:00", 3),
    callsBucket(HOUR, 4, { customerId: "cus_b" }),
    bucketOf(
      HOUR,
      [
        [inRegion("eu"), "5"],
        [inRegion("us"), "6"],
      ],
      { epoch: "epoch-3" },
    ),
  );

  expect(changed).toBe(6);
  expect(await rows()).toEqual([
    "epoch-1 v5 1",
    "epoch-1 v1 3",
    "epoch-1 v1 4",
    "epoch-2 v1 2",
    "epoch-3 v1 5",
    "epoch-3 v1 6",
  ]);
});

test("upsert: values past a double are kept exactly", async () => {
  await upsert(bucketOf(HOUR, [[{ ...callsSeries, scale: 9 }, "9007199254740991"]]));

  expect(await rows()).toEqual(["epoch-1 v1 9007199.254740991"]);
});

test("upsert: several at once end with the highest version, whichever comes last", async () => {
  const versions = [3n, 1n, 5n, 2n, 4n, 5n];
  await Promise.all(versions.map((version) => upsert(callsBucket(HOUR, version * 10n, { version }))));

  expect(await rows()).toEqual(["epoch-1 v5 50"]);
});

test("upsert: pages of one shard that name the same buckets in another order do not block each other", async () => {
  const hours = Array.from({ length: 24 }, (_, hour) => `2026-11-22T${String(hour).padStart(2, "0")}:00`);
  const page = (version: bigint) => hours.map((hour) => callsBucket(hour, version, { version }));
  await Promise.all([upsert(...page(1n)), upsert(...page(2n).toReversed()), upsert(...page(3n))]);

  expect(await rows()).toEqual(hours.map(() => "epoch-1 v3 3"));
});

test("upsert: a page with one impossible bucket changes nothing", async () => {
  const impossible = bucketOf(HOUR, [[{ ...callsSeries, aggregation: "last" }, "5"]], { epoch: "epoch-2" });

  await expect(upsert(callsBucket(HOUR, 1), impossible)).rejects.toMatchObject({
    name: "LedgerError",
    code: "23514",
  });
  expect(await rows()).toEqual([]);
});
