import type { Client } from "pg";
import type { LostUsage } from "../../src/edge/hono.ts";
import { parseDecimal, scaledTo } from "../../src/domain/decimal.ts";
import type { LoggedBody, LoggedResponse, ProductLog } from "./metered-product/product-log.ts";

const SCALE = 3;

/** What is counted by each of the product's meters. */
export const AGGREGATIONS = {
  res_sum: "sum",
  res_count: "count",
  res_max: "max",
  res_min: "min",
  res_last: "last",
  body_bytes: "sum",
} as const;
export type MeterName = keyof typeof AGGREGATIONS;

/** The catalog of the product's meters; it prices nothing. */
export const PRODUCT_CATALOG = {
  currency: "usd",
  defaultPlan: "free",
  meters: Object.entries(AGGREGATIONS).map(([name, aggregation]) => ({
    name,
    displayName: name,
    unit: "units",
    aggregation,
    scale: name === "body_bytes" || aggregation === "count" ? 0 : SCALE,
    dimensions: name === "body_bytes" ? [] : ["region"],
  })),
  plans: [{ name: "free", displayName: "Free", baseFee: "0.00", prices: [] }],
};

interface State {
  value: bigint;
  atMs: number;
}

/** Totals by `meter customer region`, in thousandths. */
export class Totals {
  readonly #states = new Map<string, State>();

  add(meter: MeterName, customer: string, region: string, state: State): void {
    const name = `${meter} ${customer} ${region}`;
    const held = this.#states.get(name);
    this.#states.set(name, held === undefined ? state : merged(AGGREGATIONS[meter], held, state));
  }

  /** Sorted lines, for comparing. */
  print(): string[] {
    return [...this.#states].map(([name, { value }]) => `${name} ${value}`).toSorted();
  }

  /** Sum over everything of one meter. */
  total(meter: MeterName): bigint {
    return [...this.#states]
      .filter(([name]) => name.startsWith(`${meter} `))
      .reduce((sum, [, { value }]) => sum + value, 0n);
  }
}

function merged(aggregation: string, left: State, right: State): State {
  switch (aggregation) {
    case "max":
      return left.value >= right.value ? left : right;
    case "min":
      return left.value <= right.value ? left : right;
    case "last": {
      const isNewer = right.atMs > left.atMs || (right.atMs === left.atMs && right.value > left.value);
      return isNewer ? right : left;
    }
    default:
      return { value: left.value + right.value, atMs: 0 };
  }
}

/** The table of what is billable, written down a second time. */
function isBillable({ method, status }: { method: string; status: number }): boolean {
  return method !== "OPTIONS" && status < 400;
}

/** What the product's own log says has to be counted. */
export function loggedTotals({ responses, bodies }: Pick<ProductLog, "responses" | "bodies">): Totals {
  const totals = new Totals();
  for (const response of responses.filter(isBillable)) {
    addResponse(totals, response);
    totals.add("body_bytes", response.customer, "", { value: 0n, atMs: 0 });
  }
  for (const body of bodies.filter(isBillable)) {
    addBody(totals, body);
  }
  return totals;
}

function addResponse(totals: Totals, { customer, region, value, atMs }: LoggedResponse): void {
  const state = { value: thousandths(value), atMs };
  for (const meter of ["res_sum", "res_max", "res_min", "res_last"] as const) {
    totals.add(meter, customer, region, state);
  }
  totals.add("res_count", customer, region, { value: 1000n, atMs });
}

function addBody(totals: Totals, { customer, method, bytes }: LoggedBody): void {
  if (method !== "HEAD") {
    totals.add("body_bytes", customer, "", { value: BigInt(bytes) * 1000n, atMs: 0 });
  }
}

/** Adds to totals what is reported as lost. */
export function addLost(totals: Totals, lost: readonly LostUsage[]): void {
  for (const { usage } of lost) {
    for (const row of usage) {
      const meter = row.metricName as MeterName;
      const value = row[AGGREGATIONS[meter]];
      const region = String(row.metadata?.["region"] ?? "");
      totals.add(meter, row.customerId, region, {
        value: thousandths(String(value)),
        atMs: Date.parse(row.lastAt),
      });
    }
  }
}

/** What the ledger holds. */
export async function ledgerTotals(database: Client): Promise<Totals> {
  const { rows } = await database.query<{
    metric_name: MeterName;
    customer_id: string;
    region: string;
    value: string;
    at_ms: string;
  }>(`
select metric_name, customer_id, coalesce(dimensions ->> 'region', '') as region, value::text,
  coalesce(extract(epoch from last_at) * 1000, 0)::bigint::text as at_ms
from usage_records`);
  const totals = new Totals();
  for (const { metric_name: meter, customer_id: customer, region, value, at_ms: atMs } of rows) {
    totals.add(meter, customer, region, { value: thousandths(value), atMs: Number(atMs) });
  }
  return totals;
}

function thousandths(text: string): bigint {
  const decimal = parseDecimal(text);
  const scaled = decimal && scaledTo(decimal, SCALE);
  if (scaled === undefined) {
    throw new Error(`no value of three decimals: ${text}`);
  }
  return scaled;
}
