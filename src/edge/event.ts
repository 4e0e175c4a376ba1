/** What one metered request counts, as `POST /v1/events` takes it; `id` and `timestamp` never change between attempts. */
export interface UsageEvent {
  id: string;
  customerId: string;
  metricName: string;
  /** A number, or a decimal string where digits past a double's precision matter. */
  value: number | string;
  /** ISO 8601, UTC. */
  timestamp: string;
  metadata?: Record<string, string | number | boolean>;
}

/** The meter's word on one event, in the order sent. */
export interface EventResult {
  status: "recorded" | "duplicate" | "conflict" | "rejected" | "spooled";
  code?: string;
  detail?: string;
}

/** Turns a quantity into what JSON can carry exactly; throws on what is no quantity at all. */
export function wireValue(value: number | string | bigint): number | string {
  if (typeof value === "bigint") {
    return value.toString();
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new RangeError(`a metered value must be finite, not ${value}`);
  }
  return value;
}
