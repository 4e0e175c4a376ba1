import { seeded } from "../support/product-load.ts";

/** Customers that the load is spread over, the first of them the busiest by far. */
export const CUSTOMERS = 1000;
const REGIONS = ["eu", "us", "ap"];
/** Values are kept in thousandths: no meter here has a finer scale. */
const SCALE = 3;
const UNIT = 10 ** SCALE;
const MAX_SECONDS = 30;
const MAX_GB = 500;

/** One event that is going to be sent; its time is given when it is due. */
export interface PlannedEvent {
  id: string;
  customerId: string;
  metricName: string;
  /** In thousandths of the meter's unit. */
  value: number;
  metadata: Record<string, string>;
}

/** Events without end, each with an id of its own: customers by Zipf's law, three metrics of the demo catalog. */
export function* planEvents(seed: number): Generator<PlannedEvent, never> {
  const random = seeded(seed);
  const bounds = zipfBounds(CUSTOMERS);
  for (let number = 1; ; number += 1) {
    const customerId = customerName(firstAbove(bounds, random()));
    yield { id: `soak_${seed}_${number}`, customerId, ...planUse(random) };
  }
}

/** The name of the customer of a rank, from 0. */
export function customerName(rank: number): string {
  return `cus_${String(rank + 1).padStart(4, "0")}`;
}

/** The event as a client sends it. */
export function eventBody(
  { id, customerId, metricName, value, metadata }: PlannedEvent,
  timeMs: number,
): string {
  return JSON.stringify({
    id,
    customerId,
    metricName,
    value: decimal(value),
    timestamp: new Date(timeMs).toISOString(),
    metadata,
  });
}

function planUse(random: () => number): Pick<PlannedEvent, "metricName" | "value" | "metadata"> {
  const kind = random();
  if (kind < 0.7) {
    const region = REGIONS[Math.floor(random() * REGIONS.length)] ?? "eu";
    return { metricName: "api_calls", value: UNIT, metadata: { region } };
  }
  return kind < 0.9
    ? { metricName: "compute_seconds", value: 1 + Math.floor(random() * MAX_SECONDS * UNIT), metadata: {} }
    : { metricName: "storage_gb", value: Math.floor(random() * MAX_GB * UNIT), metadata: {} };
}

/** Upper bounds of the ranks' shares of [0, 1): the share of rank r is as 1 / r. */
function zipfBounds(count: number): number[] {
  const weights = Array.from({ length: count }, (_, rank) => 1 / (rank + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return weights.map((weight) => (sum += weight / total));
}

/** The index of the first bound above a number; the last one when rounding has left none. */
function firstAbove(bounds: readonly number[], wanted: number): number {
  let [low, high] = [0, bounds.length - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((bounds[middle] ?? 1) > wanted) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/** As a number where it is whole, as clients do. */
function decimal(thousandths: number): number | string {
  const whole = Math.floor(thousandths / UNIT);
  const rest = thousandths % UNIT;
  return rest === 0 ? whole : `${whole}.${String(rest).padStart(SCALE, "0")}`;
}
