import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { acknowledgeBuckets, claimBuckets } from "../../../src/counters/flush-claim.ts";
import { bucketKey, SHARDS } from "../../../src/counters/keys.ts";
import { recordGroups } from "../../../src/counters/record.ts";
import type { IdentifiedGroup } from "../../../src/domain/identified-group.ts";
import { type Measurement, MAX_COUNTED } from "../../../src/domain/event.ts";
import { AGGREGATIONS } from "../../../src/domain/meter.ts";
import { formatSeries, parseState } from "../../../src/domain/series.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { taken } from "../../support/claim.ts";
import { CounterModel } from "../../support/counter-model.ts";
import { identified, measured, NOW_MS, seriesOf } from "../../support/measurement.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

let fixture: RedisFixture;

beforeAll(async () => {
  fixture = await startRedisFixture();
});
afterAll(() => fixture.stop());

const anyMeasurement: fc.Arbitrary<Measurement> = fc
  .record({
    customerId: fc.constantFrom("cus_acme", "a:b", "\u{1F600}%"),
    aggregation: fc.constantFrom(...AGGREGATIONS),
    region: fc.constantFrom(undefined, "eu", "\u2028\"'"),
    value: fc.oneof(
      fc.bigInt(-3n, 3n),
      fc.constantFrom(MAX_COUNTED, -MAX_COUNTED, MAX_COUNTED - 1n, 2n ** 52n),
    ),
    agoMs: fc.oneof(fc.nat(3), fc.constantFrom(HOUR_MS, HOUR_MS + 1)),
  })
  .map(({ customerId, aggregation, region, value, agoMs }) =>
    measured({
      customerId,
      series: seriesOf({
        metricName: aggregation,
        aggregation,
        dimensions: region === undefined ? {} : { region },
      }),
      value,
      timeMs: NOW_MS - agoMs,
    }),
  );

const anyGroup: fc.Arbitrary<IdentifiedGroup> = fc
  .record({
    id: fc.nat(12).map(String),
    measurements: fc.array(anyMeasurement, { minLength: 1, maxLength: 4 }),
  })
  // The fingerprint is of the content, so that one id with other content is a conflict.
  .map(({ id, measurements }) => identified(id, measurements, contentOf(measurements)));

function contentOf(measurements: readonly Measurement[]): string {
  const text = measurements.map(
    ({ customerId, series, value }) => `${customerId}${formatSeries(series)}${value}`,
  );
  return text.join().slice(0, 300).padEnd(300, "~");
}

/** Some groups are sent again as they were, in the same call or a later one. */
const anyCalls = fc
  .record({
    groups: fc.array(anyGroup, { minLength: 1, maxLength: 12 }),
    order: fc.array(fc.array(fc.nat(100), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
  })
  .map(({ groups, order }) =>
    order.map((call) => call.flatMap((index) => groups[index % groups.length] ?? [])),
  );

async function heldCounters(measurements: readonly Measurement[]) {
  return Promise.all(
    measurements.map(async ({ customerId, timeMs, series }) => {
      const text = await fixture.raw.hget(bucketKey(customerId, timeMs), formatSeries(series));
      return text === null ? undefined : parseState(text);
    }),
  );
}

test("record: any schedule of groups, repeats and conflicts is what a plain model says", async () => {
  await fc.assert(
    fc.asyncProperty(anyCalls, async (calls) => {
      await fixture.clear();
      const model = new CounterModel();
      for (const call of calls) {
        // oxlint-disable-next-line no-await-in-loop -- calls come one after the other
        const statuses = await recordGroups(fixture.redis, call, NOW_MS, "epoch");
        expect(statuses).toEqual(model.record(call));
      }
      const all = calls
        .flat()
        .flatMap(({ measurements }) => measurements.filter((measurement) => measurement !== null));

      expect(await heldCounters(all)).toEqual(all.map((measurement) => model.stateOf(measurement)));
    }),
    { numRuns: 300 },
  );
}, 30_000);

interface Ledger {
  states: Map<string, { version: bigint; text: string }>;
}

/** Claims every shard, keeps the newest version of each bucket as a ledger does, and maybe acknowledges. */
async function flush(ledger: Ledger, claimId: string, nowMs: number, isAcknowledged: boolean): Promise<void> {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  await Promise.all(
    shards.map(async (shard) => {
      const request = { shard, claimId, nowMs, maxBuckets: 2, born: claimId, ledger: undefined };
      const claim = await taken(claimBuckets(fixture.redis, request));
      for (const bucket of claim.buckets) {
        const held = ledger.states.get(bucket.key);
        if (held === undefined || held.version < bucket.version) {
          const fields = bucket.series.map(({ text, state }) => `${text}=${state.value}@${state.atMs}`);
          ledger.states.set(bucket.key, { version: bucket.version, text: fields.toSorted().join("\n") });
        }
      }
      await (isAcknowledged ? acknowledgeBuckets(fixture.redis, claim) : undefined);
    }),
  );
}

async function redisStates(keys: readonly string[]): Promise<Map<string, string>> {
  const states = await Promise.all(
    keys.map(async (key): Promise<[string, string]> => {
      const hash = Object.entries(await fixture.raw.hgetall(key)).filter(([field]) => field.startsWith("["));
      const fields = hash.map(
        ([field, text]) => `${field}=${parseState(text).value}@${parseState(text).atMs}`,
      );
      return [key, fields.toSorted().join("\n")];
    }),
  );
  return new Map(states);
}

test("flush: whatever dies between, later claims bring every counter to the ledger exactly", async () => {
  const anyStep = fc.oneof(
    fc.array(anyGroup, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("flush" as const, "die" as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 12 }), async (steps) => {
      await fixture.clear();
      const ledger: Ledger = { states: new Map() };
      let nowMs = NOW_MS;
      for (const [index, step] of steps.entries()) {
        nowMs += 60_000;
        // oxlint-disable-next-line no-await-in-loop -- steps come one after the other
        await (typeof step === "string"
          ? flush(ledger, `claim-${index}`, nowMs, step === "flush")
          : recordGroups(fixture.redis, step, nowMs, `epoch-${index}`));
      }
      for (let round = 0; round < 6; round += 1) {
        // oxlint-disable-next-line no-await-in-loop -- each round takes what the last one left
        await flush(ledger, `last-${round}`, nowMs + 600_000, true);
      }
      const keys = await fixture.raw.keys("b:*");

      expect(new Map([...ledger.states].map(([key, { text }]) => [key, text]))).toEqual(
        await redisStates(keys),
      );
      expect(await fixture.raw.keys("dirty:*")).toEqual([]);
      expect(await fixture.raw.keys("inflight:*")).toEqual([]);
    }),
    { numRuns: 60 },
  );
}, 30_000);
