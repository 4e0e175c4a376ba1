import { readUnflushed } from "../../src/counters/unflushed.ts";
import type { Aggregation } from "../../src/domain/meter.ts";
import { DAY_MS, HOUR_MS } from "../../src/domain/window.ts";
import { customerUsage } from "../../src/usage/customer-usage.ts";
import { combine, seriesName } from "./counting-model.ts";
import { customerName, METERS } from "./counting-request.ts";
import type { CountingWorld } from "./counting-world.ts";

/** Index of the customers that a schedule may use. */
export const CUSTOMERS = [0, 1, 2] as const;

/** One life of a series in one hour, from Redis or Postgres. */
interface Part {
  name: string;
  epoch: string;
  version: bigint;
  value: bigint;
  atMs: number | null;
}

/** What the product shows of each customer: metric → total, in smallest units. */
export async function readTotals(
  world: CountingWorld,
  prefix: string,
): Promise<Map<string, ReadonlyMap<string, bigint>>> {
  const totals = new Map<string, ReadonlyMap<string, bigint>>();
  for (const customer of CUSTOMERS) {
    const customerId = customerName(prefix, customer);
    const usage = await customerUsage(world.workers[0]!, customerId, { kind: "current" }, world.nowMs);
    if (usage === "no_catalog" || usage?.isStale === true) {
      throw new Error(`usage of ${customerId} cannot be read`);
    }
    totals.set(customerId, usage?.quantities ?? new Map<string, bigint>());
  }
  return totals;
}

/** Every series of every hour as {@link CountingModel.series} prints it: from the ledger alone, or with what is not in it yet. */
export async function readSeries(
  world: CountingWorld,
  prefix: string,
  from: "live" | "ledger",
): Promise<Map<string, string>> {
  const newest = new Map<string, Part>();
  const live = from === "live" ? await liveParts(world, prefix) : [];
  for (const part of [...(await ledgerParts(world, prefix)), ...live]) {
    const key = JSON.stringify([part.name, part.epoch]);
    const held = newest.get(key);
    if (held === undefined || held.version < part.version) {
      newest.set(key, part);
    }
  }
  const merged = new Map<string, { value: bigint; atMs: number | null }>();
  for (const { name, value, atMs } of newest.values()) {
    const [, , , aggregation] = JSON.parse(name) as [string, number, string, Aggregation];
    merged.set(name, combine(aggregation, merged.get(name), { value, atMs }));
  }
  return new Map([...merged].map(([name, { value, atMs }]) => [name, `${value}@${atMs}`]));
}

async function liveParts(world: CountingWorld, prefix: string): Promise<Part[]> {
  const { redis } = world.workers[0]!;
  const parts: Part[] = [];
  for (const customer of CUSTOMERS) {
    const customerId = customerName(prefix, customer);
    const fromMs = world.nowMs - 9 * DAY_MS;
    for (const bucket of await readUnflushed(redis, customerId, fromMs, world.nowMs + HOUR_MS)) {
      for (const { series, state } of bucket.series) {
        const { metricName, aggregation, dimensions } = series;
        const hour = bucket.hourMs / HOUR_MS;
        const name = seriesName(customerId, hour, metricName, aggregation, dimensions["region"]);
        parts.push({ name, epoch: bucket.epoch, version: bucket.version, ...state });
      }
    }
  }
  return parts;
}

async function ledgerParts(world: CountingWorld, prefix: string): Promise<Part[]> {
  const { rows } = await world.sql.query<Record<string, string | null>>(
    `
select customer_id, (extract(epoch from window_start) / 3600)::bigint::text as hour, epoch, metric_name, aggregation,
  dimensions ->> 'region' as region, value::text, (extract(epoch from last_at) * 1000)::bigint::text as at_ms,
  version::text
from usage_records where customer_id = any($1)`,
    [CUSTOMERS.map((customer) => customerName(prefix, customer))],
  );
  return rows.map((row) => {
    const metric = row["metric_name"] ?? "";
    const aggregation = row["aggregation"] as Aggregation;
    const region = row["region"] ?? undefined;
    return {
      name: seriesName(row["customer_id"] ?? "", Number(row["hour"]), metric, aggregation, region),
      epoch: row["epoch"] ?? "",
      version: BigInt(row["version"] ?? ""),
      value: units(row["value"] ?? "", METERS.find(({ name }) => name === metric)?.scale ?? 0),
      atMs: row["at_ms"] === null || row["at_ms"] === undefined ? null : Number(row["at_ms"]),
    };
  });
}

/** A decimal of Postgres in smallest units. */
function units(text: string, scale: number): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(`${whole}${fraction.padEnd(scale, "0")}`);
}
