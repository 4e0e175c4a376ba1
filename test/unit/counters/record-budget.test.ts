import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { recordGroups } from "../../../src/counters/record.ts";
import type { IdentifiedGroup } from "../../../src/domain/identified-group.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { identified, measured, NOW_MS, seriesOf } from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
beforeEach(async () => {
  await fixture.clear();
  await record([identified("warm", measured({ customerId: "cus_warm" }))]);
});
afterAll(() => fixture.stop());

function record(groups: IdentifiedGroup[]) {
  return recordGroups(fixture.redis, groups, NOW_MS, "epoch-1");
}

/** Events with ids of their own, spread over customer-hours. */
function events(count: number, hours: number, prefix: string): IdentifiedGroup[] {
  return Array.from({ length: count }, (_, index) =>
    identified(`${prefix}-${index}`, measured({ timeMs: NOW_MS - (index % hours) * HOUR_MS })),
  );
}

test("budget: a single event costs 4, and 2 more when its bucket is new and turns dirty", async () => {
  expect(await fixture.billed(() => record([identified("a")]))).toBe(6);
  expect(await fixture.billed(() => record([identified("b")]))).toBe(4);
});

test("budget: a repeat costs its look-up and writes nothing", async () => {
  await record([identified("a")]);

  expect(await fixture.billed(() => record([identified("a")]))).toBe(4);
});

test("budget: a script that Redis has forgotten costs one more", async () => {
  await record([identified("a")]);
  await fixture.forgetScripts();

  expect(await fixture.billed(() => record([identified("b")]))).toBe(5);
});

test.each([
  { count: 1, hours: 1 },
  { count: 10, hours: 1 },
  { count: 10, hours: 3 },
  { count: 1000, hours: 1 },
  { count: 1000, hours: 24 },
])("budget: $count events with ids over $hours customer-hours cost 1 + N + 2B", async ({ count, hours }) => {
  expect(await fixture.billed(() => record(events(count, hours, "first")))).toBe(
    1 + count + 2 * hours + 2 * hours,
  );
  expect(await fixture.billed(() => record(events(count, hours, "second")))).toBe(1 + count + 2 * hours);
});

test("budget: each duplicate costs one more", async () => {
  await record(events(10, 2, "first"));
  const groups = [...events(10, 2, "second"), ...events(3, 2, "first")];

  expect(await fixture.billed(() => record(groups))).toBe(1 + 13 + 2 * 2 + 3);
});

test.each([
  { increments: 1, hours: 1 },
  { increments: 1000, hours: 1 },
  { increments: 1000, hours: 24 },
])("budget: a batch of $increments under one id over $hours customer-hours costs 2 + 2B", async (batch) => {
  const measurements = events(batch.increments, batch.hours, "x").flatMap((group) => group.measurements);
  const first = await fixture.billed(() => record([identified("batch-1", measurements)]));

  expect(first).toBe(2 + 2 * batch.hours + 2 * batch.hours);
  expect(await fixture.billed(() => record([identified("batch-2", measurements)]))).toBe(2 + 2 * batch.hours);
});

test("budget: series of one bucket cost nothing more", async () => {
  const batch = Array.from({ length: 1000 }, (_, index) =>
    measured({ series: seriesOf({ dimensions: { region: `r${index}` } }) }),
  );
  await record([identified("a")]);

  expect(await fixture.billed(() => record([identified("batch", batch.slice(1))]))).toBe(4);
});
