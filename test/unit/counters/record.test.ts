import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { idKey } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import type { IdentifiedGroup } from "../../../src/domain/identified-group.ts";
import { MAX_COUNTED } from "../../../src/domain/event.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import {
  ACME_BUCKET,
  CALLS_FIELD,
  identified,
  measured,
  NOW_MS,
  seriesOf,
} from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

const full = measured({ value: MAX_COUNTED });

function record(...groups: IdentifiedGroup[]) {
  return recordGroups(fixture.redis, groups, NOW_MS, "epoch-1");
}

function counted(field = CALLS_FIELD): Promise<string | null> {
  return fixture.raw.hget(ACME_BUCKET, field);
}

test("record: a first event is recorded, its repeat is a duplicate, another content is a conflict", async () => {
  expect(await record(identified("a"))).toEqual(["recorded"]);
  expect(await record(identified("a"))).toEqual(["duplicate"]);
  expect(await record(identified("a", measured({ value: 5n }), "other"))).toEqual(["conflict"]);
  expect(await record(identified("a"))).toEqual(["duplicate"]);
  expect(await counted()).toBe("1");
});

test("record: one id several times in a call is counted once", async () => {
  const conflicting = identified("a", measured({ value: 5n }), "other");

  expect(await record(identified("a"), identified("a"), conflicting, identified("b"))).toEqual([
    "recorded",
    "duplicate",
    "conflict",
    "recorded",
  ]);
  expect(await counted()).toBe("2");
});

test("record: an id repeated in another hour is a duplicate and leaves no bucket there", async () => {
  const later = measured({ timeMs: NOW_MS - HOUR_MS });
  await record(identified("a"));

  expect(await record(identified("a", later))).toEqual(["duplicate"]);
  expect(await record(identified("b", [later, measured()]), identified("b", later))).toEqual([
    "recorded",
    "recorded",
    "duplicate",
  ]);
  expect(await counted()).toBe("2");
});

test("record: a duplicate makes no bucket, index entry or id of its own", async () => {
  await record(identified("a"));
  const before = await fixture.raw.keys("*");
  await record(identified("a", measured({ timeMs: NOW_MS - HOUR_MS })));

  expect((await fixture.raw.keys("*")).toSorted()).toEqual(before.toSorted());
});

test("record: several increments under one id are one", async () => {
  const batch = identified("a", [measured(), measured({ value: 41n }), measured({ customerId: "cus_b" })]);

  expect(await record(batch)).toEqual(["recorded", "recorded", "recorded"]);
  expect(await record(batch)).toEqual(["duplicate", "duplicate", "duplicate"]);
  expect(await counted()).toBe("42");
});

test("record: no groups are no answers, a group of nothing has none", async () => {
  expect(await record()).toEqual([]);
  expect(await record(identified("a", []), identified("b"))).toEqual(["recorded"]);
});

test.each([
  { name: "2^53 - 2 and one", before: MAX_COUNTED - 1n, value: 1n, status: "recorded", total: MAX_COUNTED },
  {
    name: "2^53 - 1 and one",
    before: MAX_COUNTED,
    value: 1n,
    status: "counter_overflow",
    total: MAX_COUNTED,
  },
  { name: "2^53 - 1 and nothing", before: MAX_COUNTED, value: 0n, status: "recorded", total: MAX_COUNTED },
  {
    name: "2^53 - 1 twice",
    before: MAX_COUNTED,
    value: MAX_COUNTED,
    status: "counter_overflow",
    total: MAX_COUNTED,
  },
  {
    name: "2^53 - 1 and minus one",
    before: MAX_COUNTED,
    value: -1n,
    status: "recorded",
    total: MAX_COUNTED - 1n,
  },
  {
    name: "1 - 2^53 and minus one",
    before: -MAX_COUNTED,
    value: -1n,
    status: "counter_overflow",
    total: -MAX_COUNTED,
  },
  { name: "1 - 2^53 and 2^53 - 1", before: -MAX_COUNTED, value: MAX_COUNTED, status: "recorded", total: 0n },
])("record: a counter at $name", async ({ before, value, status, total }) => {
  await record(identified("a", measured({ value: before })));

  expect(await record(identified("b", measured({ value })))).toEqual([status]);
  expect(await counted()).toBe(String(total));
});

test("record: an event refused for overflow is not remembered and counts once there is room", async () => {
  await record(identified("a", full));

  expect(await record(identified("b"))).toEqual(["counter_overflow"]);
  expect(await fixture.raw.exists(idKey("b"))).toBe(0);
  expect(await record(identified("c", measured({ value: -5n })), identified("b"))).toEqual([
    "recorded",
    "recorded",
  ]);
  expect(await counted()).toBe(String(MAX_COUNTED - 4n));
});

test("record: a repeat of a counted event is a duplicate, its misuse a conflict, also when the counter is full", async () => {
  await record(identified("a"), identified("b", measured({ value: MAX_COUNTED - 1n })));

  expect(await record(identified("a"), identified("a", measured(), "other"), identified("c"))).toEqual([
    "duplicate",
    "conflict",
    "counter_overflow",
  ]);
});

test("record: an overflow in the middle of a call hurts no neighbour", async () => {
  expect(
    await record(identified("a", full), identified("b"), identified("c", measured({ customerId: "cus_b" }))),
  ).toEqual(["recorded", "counter_overflow", "recorded"]);
});

test("record: what is refused of a batch stays refused when it is repeated, also with room", async () => {
  const batch = identified("batch", [measured(), full, measured({ customerId: "cus_b" })]);

  expect(await record(batch)).toEqual(["recorded", "counter_overflow", "recorded"]);
  expect(await record(batch)).toEqual(["duplicate", "counter_overflow", "duplicate"]);
  await record(identified("a", measured({ value: -1n })));
  expect(await record(batch)).toEqual(["duplicate", "counter_overflow", "duplicate"]);
  expect(await record({ ...batch, fingerprint: "other......." })).toEqual([
    "conflict",
    "conflict",
    "conflict",
  ]);
  expect(await counted()).toBe("0");
});

test("record: a batch that is a duplicate leaves room for the events after it in the call", async () => {
  const batch = identified("batch", measured({ value: MAX_COUNTED - 1n }));
  await record(batch);

  expect(await record(batch, identified("a"))).toEqual(["duplicate", "recorded"]);
  expect(await counted()).toBe(String(MAX_COUNTED));
});

test("record: a batch refused as a whole is not remembered", async () => {
  await record(identified("a", full));

  expect(await record(identified("batch", [measured(), measured()]))).toEqual([
    "counter_overflow",
    "counter_overflow",
  ]);
  expect(await fixture.raw.exists(idKey("batch"))).toBe(0);
});

test("record: 1,000 series are taken, the 1,001st is refused, known ones go on", async () => {
  const series = Array.from({ length: 1001 }, (_, index) =>
    measured({ series: seriesOf({ dimensions: { region: `r${index}` } }) }),
  );
  const statuses = await record(
    ...series.map((measurement, index) => identified(`id-${index}`, measurement)),
  );

  expect(statuses.filter((status) => status === "recorded").length).toBe(1000);
  expect(statuses.at(-1)).toBe("too_many_series");
  expect(await fixture.raw.hget(ACME_BUCKET, "c")).toBe("1000");
  expect(
    await record(
      identified("again", series[1000]),
      identified("known", series[0]),
      identified("id-0", series[0]),
      identified("elsewhere", measured({ ...series[1000], timeMs: NOW_MS - HOUR_MS })),
    ),
  ).toEqual(["too_many_series", "recorded", "duplicate", "recorded"]);
});

test("record: a batch that is a duplicate does not use up series", async () => {
  const first = Array.from({ length: 999 }, (_, index) =>
    measured({ series: seriesOf({ dimensions: { region: `r${index}` } }) }),
  );
  const batch = identified("batch", first);
  await record(batch);
  const other = { ...batch, measurements: first.map((each) => ({ ...each, timeMs: NOW_MS - HOUR_MS })) };
  const thousandth = measured({
    timeMs: NOW_MS - HOUR_MS,
    series: seriesOf({ dimensions: { region: "new" } }),
  });

  expect(new Set(await record(other))).toEqual(new Set(["duplicate"]));
  expect(await record(other, identified("a", thousandth))).toEqual([
    ...first.map(() => "duplicate"),
    "recorded",
  ]);
  expect(await fixture.raw.hget(ACME_BUCKET, "c")).toBe("999");
});
