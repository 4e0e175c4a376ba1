import * as fc from "fast-check";
import { bucketKey } from "../../src/counters/keys.ts";
import type { Bucket } from "../../src/domain/bucket.ts";
import { formatScaled } from "../../src/domain/decimal.ts";
import type { Aggregation } from "../../src/domain/meter.ts";
import { formatSeries, type SeriesState } from "../../src/domain/series.ts";
import { HOUR_MS } from "../../src/domain/window.ts";
import type { SeriesChoice, SeriesGroup } from "../../src/ledger/usage-series.ts";

/** Decimals of all values here. */
const SCALE = 1;

/** A counter of one customer-hour and life of its bucket, in two states that it had one after the other. */
interface Counter {
  customerId: string;
  hourMs: number;
  epoch: string;
  dimensions: Record<string, string>;
  first: SeriesState;
  second: SeriesState;
}

export interface Adjustment {
  customerId: string;
  atMs: number;
  tenths: number;
}

/** What may be in the ledger and in Redis at one moment. */
export interface World {
  aggregation: Aggregation;
  /** By customer-hour and epoch: which states the ledger has been given, and which one is live. */
  buckets: { counters: Counter[]; flushed: readonly number[]; live: number }[];
  adjustments: Adjustment[];
}

export const CUSTOMERS = ["Zoé", "acme", "acme!"];
const REGIONS = [undefined, "", "EU", "eu", "eu!"];
const TIERS = [undefined, "a"];

/** Random worlds whose hours are within `hours` after `firstMs`. */
export function anyWorld(firstMs: number, hours: number): fc.Arbitrary<World> {
  return fc.constantFrom<Aggregation>("sum", "count", "max", "min", "last").chain((aggregation) =>
    fc.record({
      aggregation: fc.constant(aggregation),
      buckets: fc.array(anyBucket(aggregation, firstMs, hours), { maxLength: 12 }).map(distinct),
      adjustments: fc.array(
        fc.record({
          customerId: fc.constantFrom(...CUSTOMERS),
          atMs: fc.integer({ min: firstMs, max: firstMs + hours * HOUR_MS }),
          tenths: fc.integer({ min: -20, max: 20 }),
        }),
        { maxLength: 3 },
      ),
    }),
  );
}

function anyBucket(aggregation: Aggregation, firstMs: number, hours: number) {
  const counter = fc.record({
    region: fc.constantFrom(...REGIONS),
    tier: fc.constantFrom(...TIERS),
    value: fc.integer({ min: -30, max: 30 }),
    grown: fc.integer({ min: 0, max: 30 }),
    at: fc.nat(3),
  });
  return fc
    .record({
      customerId: fc.constantFrom(...CUSTOMERS),
      // Few, so that lives of one customer-hour meet.
      hour: fc.constantFrom(0, 3, 4, Math.floor(hours / 2), hours - 1),
      epoch: fc.constantFrom("e1", "e2"),
      counters: fc.uniqueArray(counter, {
        minLength: 1,
        selector: ({ region, tier }) => `${region}/${tier}`,
      }),
      // 0: not there; 1 and 2: the first and second state.
      flushed: fc.constantFrom([], [1], [2], [1, 2], [2, 1]),
      live: fc.nat(2),
    })
    .map(({ customerId, hour, epoch, counters, flushed, live }) => {
      const hourMs = firstMs + hour * HOUR_MS;
      return {
        flushed,
        live,
        counters: counters.map(({ region, tier, value, grown, at }): Counter => {
          const atMs = aggregation === "last" ? hourMs + at : null;
          return {
            customerId,
            hourMs,
            epoch,
            dimensions: { ...(region !== undefined && { region }), ...(tier !== undefined && { tier }) },
            first: { value: BigInt(value), atMs },
            second: grow(aggregation, value, grown, atMs),
          };
        }),
      };
    });
}

/** Sums may do anything, maxima grow, minima fall, the last is a later one. */
function grow(aggregation: Aggregation, value: number, grown: number, atMs: number | null): SeriesState {
  const step = aggregation === "min" || (aggregation !== "max" && grown % 2 === 1) ? -grown : grown;
  return { value: BigInt(value + step), atMs: atMs === null ? null : atMs + 1 };
}

function distinct(buckets: World["buckets"]): World["buckets"] {
  const seen = new Set<string>();
  return buckets.filter(({ counters: [first] }) => {
    const name = `${first?.customerId}/${first?.hourMs}/${first?.epoch}`;
    return !seen.has(name) && seen.add(name);
  });
}

/** A bucket of the world in its first or second state, as a claim or a reading answers it. */
export function bucketIn(
  { aggregation }: World,
  { counters }: World["buckets"][number],
  state: number,
): Bucket {
  const [{ customerId, hourMs, epoch }] = counters as [Counter];
  return {
    key: bucketKey(customerId, hourMs),
    customerId,
    hourMs,
    epoch,
    version: BigInt(state),
    series: counters.map(({ dimensions, first, second }) => {
      const series = { metricName: "m", aggregation, scale: SCALE, dimensions };
      return { text: formatSeries(series), series, state: state === 1 ? first : second };
    }),
  };
}

interface Counted {
  customerId: string;
  timeMs: number;
  dimensions: Record<string, string>;
  state: SeriesState;
}

/** What {@link readUsageSeries} must answer, counted by hand: every event list first, then picked from. */
export function modelled(world: World, choice: SeriesChoice): SeriesGroup[] {
  const isAsked = (customerId: string): boolean =>
    choice.customerId === undefined || choice.customerId === customerId;
  const counted = world.buckets.flatMap(({ counters, flushed, live }): Counted[] => {
    // Live buckets are read for one customer only.
    const state = Math.max(0, ...flushed, choice.customerId === undefined ? 0 : live);
    return counters
      .filter(({ customerId }) => state > 0 && isAsked(customerId))
      .map((counter) => ({
        customerId: counter.customerId,
        timeMs: counter.hourMs,
        dimensions: counter.dimensions,
        state: state === 1 ? counter.first : counter.second,
      }));
  });
  const isFiltered = ({ dimensions }: Counted): boolean =>
    choice.filters.every(([name, value]) => (dimensions[name] ?? "") === value);
  const cells = new Map<string, { key: string[]; place: number; states: SeriesState[]; added: bigint }>();
  const cellOf = (key: string[], timeMs: number) => {
    const place = choice.bounds.filter((boundMs) => boundMs <= timeMs).length;
    const name = JSON.stringify([key, place]);
    const cell = cells.get(name) ?? { key, place, states: [], added: 0n };
    return place === 0 || place === choice.bounds.length ? cell : (cells.set(name, cell), cell);
  };
  for (const one of counted.filter(isFiltered)) {
    const key = choice.groupBy.map((member) => keyPart(member, one));
    cellOf(key, one.timeMs).states.push(one.state);
  }
  for (const { customerId, atMs, tenths } of takesAdjustments(world, choice) ? world.adjustments : []) {
    if (isAsked(customerId)) {
      cellOf(choice.groupBy.length === 0 ? [] : [customerId], atMs).added += BigInt(tenths);
    }
  }
  return grouped([...cells.values()], world.aggregation);
}

function keyPart(member: string, { customerId, dimensions }: Counted): string {
  const value = member === "customer" ? customerId : dimensions[member];
  return member === "customer" ? customerId : value === undefined ? "" : `=${value}`;
}

function takesAdjustments({ aggregation }: World, { customerId, groupBy, filters }: SeriesChoice): boolean {
  const isOneCustomers = customerId !== undefined || groupBy.join() === "customer";
  const isPlain = filters.length === 0 && ["", "customer"].includes(groupBy.join());
  return isPlain && (isOneCustomers || aggregation === "sum" || aggregation === "count");
}

function grouped(
  cells: { key: string[]; place: number; states: SeriesState[]; added: bigint }[],
  aggregation: Aggregation,
): SeriesGroup[] {
  const groups = new Map<string, SeriesGroup>();
  for (const { key, place, states, added } of cells.toSorted((left, right) => left.place - right.place)) {
    const group = groups.get(JSON.stringify(key)) ?? { key, points: [] };
    group.points.push([place, formatScaled(picked(aggregation, states) + added, SCALE)]);
    groups.set(JSON.stringify(key), group);
  }
  return [...groups.values()].toSorted((left, right) => compareKeys(left.key, right.key));
}

function picked(aggregation: Aggregation, states: readonly SeriesState[]): bigint {
  if (aggregation === "sum" || aggregation === "count") {
    return states.reduce((sum, { value }) => sum + value, 0n);
  }
  const sorted = states.toSorted((left, right) => {
    const earlier = aggregation === "last" ? (left.atMs ?? 0) - (right.atMs ?? 0) : 0;
    return earlier !== 0 ? earlier : left.value < right.value ? -1 : 1;
  });
  return (aggregation === "min" ? sorted[0] : sorted.at(-1))?.value ?? 0n;
}

/** By the bytes of UTF-8, part by part. */
function compareKeys(left: readonly string[], right: readonly string[]): number {
  for (const [index, part] of left.entries()) {
    const difference = Buffer.compare(Buffer.from(part), Buffer.from(right[index] ?? ""));
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
